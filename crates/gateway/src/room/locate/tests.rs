use serde_json::json;
use tollgate_policy::Observe;

use crate::fixture::{Fixture, submission, text};

#[tokio::test]
async fn an_address_that_is_not_on_the_list_is_refused_before_anything_counts() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let reply = stage.get_from("203.0.113.9", &submission(&key)).await;
    assert_eq!((text(&reply), reply.denied), ("ERROR_IP_NOT_ALLOWED", Some("network_denied")));
    assert_eq!(stage.last("/tollgate/factors"), json!({"identity":"ok","network":"no","allowance":"unasked","time":"unasked"}));
    assert_eq!(stage.left("shop").await, 1_000_000_000);
}

#[tokio::test]
async fn an_observed_network_lets_pass_and_says_what_it_would_have_done_until_its_end() {
    let stage = Fixture::new().await;
    let now = stage.worker.gate.clock.now().wall;
    let observe = |until| Some(Observe { network: true, hours: false, rate: false, until });
    let key = stage.key("new", |terms| terms.observe = observe(now.plus_millis(60_000))).await;
    assert_eq!(text(&stage.get_from("203.0.113.9", &submission(&key)).await), "OK|7000001");
    assert_eq!(stage.last("/tollgate/would_deny"), json!(["network_denied"]));
    let late = stage.key("late", |terms| terms.observe = observe(now)).await;
    assert_eq!(text(&stage.get_from("203.0.113.9", &submission(&late)).await), "ERROR_IP_NOT_ALLOWED");
}
