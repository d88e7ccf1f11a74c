//! Every key of a call is in one slot of a cluster.

use super::*;
use crate::names::Names;

#[test]
fn the_keys_of_one_call_are_in_one_slot_and_those_of_another_account_in_another() {
    let server = Server::start(&["--cluster-enabled", "yes"]).unwrap();
    let slot = |key: &str| server.say(&format!("CLUSTER KEYSLOT {key}")).unwrap();
    let (one, two) = (Names::new("0190-book", &account()), Names::new("0190-book", &Name::parse("other").unwrap()));
    let team = Paced::new(Scope::Team(Name::parse("crew").unwrap()), Rate { per_minute: 1, burst: 1 });
    let keys = [one.rate(&own(1, 1)), one.rate(&of_account(1, 1)), one.rate(&team)];
    assert_eq!(keys[2], "tollgate:{0190-book:provider}:team:crew");
    for key in &keys {
        assert_eq!(slot(key), slot(&one.gates));
    }
    assert_ne!(slot(&two.gates), slot(&one.gates));
}
