//! What a gate has left that is gone: who asks after it, and in whose name it counts.

use super::several::{Gate, NOON, book, day, held, name, request};
use tollgate_books::{Adopting, Fact, HoldRow, HoldState, Store, StoreError};
use tollgate_model::{Money, TaskId, Timestamp};

use crate::stand::{Database, run};

fn adopt(gate: &Gate, gone_ms: u64) -> Result<Vec<HoldRow>, StoreError> {
    let adopting = Adopting { accounts: vec![name("solver")], gone_ms, most: 100 };
    run(gate.store.adopt(gate.fence, adopting))
}

/// As if a gate had said nothing for an hour.
fn be_gone(database: &Database<'_>, instance: &str) {
    database.execute(&format!(
        "UPDATE tollgate.instances SET present = present - interval '1 h', seen = seen - interval '1 h' WHERE name = '{instance}'"
    ));
}

const QUARTER: u64 = 900_000;

#[test]
fn what_a_gate_left_that_is_gone_is_looked_after_by_one_other_and_counts_for_the_one_that_took_it() {
    let database = book();
    let (a, b, c) = (Gate::open(&database, "a"), Gate::open(&database, "b"), Gate::open(&database, "c"));
    run(a.lease(&day(0), 100, None, 60)).unwrap();
    let (open, settled) = (request(NOON, 1, 1), request(NOON, 2, 1));
    let (at, task) = (Timestamp::from_millis(NOON), TaskId::parse(b"71").unwrap());
    let paid = Fact::Settled { request: settled, cost: Money::from_nanos(10), assumed: false, at };
    run(a.post(vec![held(open, NOON, 30), held(settled, NOON, 10), Fact::Opened { request: open, task, at }, paid])).unwrap();
    assert_eq!(adopt(&b, QUARTER), Ok(Vec::new()), "it is at work");
    be_gone(&database, "a");
    let taken = adopt(&b, QUARTER).unwrap();
    assert_eq!(taken.iter().map(|row| (row.request, row.state, row.task)).collect::<Vec<_>>(), [(open, HoldState::Open, Some(task))]);
    assert_eq!(adopt(&c, QUARTER), Ok(Vec::new()), "one looks after it");
    assert_eq!(adopt(&b, QUARTER).unwrap(), taken, "until it has ended");
    run(b.post(vec![Fact::Settled { request: open, cost: Money::from_nanos(20), assumed: false, at }])).unwrap();
    assert_eq!(adopt(&b, QUARTER), Ok(Vec::new()));
    // its slice stays its own until the window ends: of a hundred sixty are reserved, and nothing of it is free for the others
    let lease = run(c.lease(&day(0), 100, None, 100)).unwrap();
    assert_eq!((lease.used, lease.elsewhere, lease.ceiling), (0, 60, 40));
    let used = run(c.store.usage("2026-11-23", "2026-11-23")).unwrap();
    assert_eq!((used[0].tasks, used[0].settled.nanos(), used[0].held.nanos()), (2, 30, 0));
}

#[test]
fn a_gate_that_comes_back_does_not_take_up_what_another_looks_after_and_its_own_word_comes_too_late_or_first() {
    let database = book();
    let (a, b) = (Gate::open(&database, "a"), Gate::open(&database, "b"));
    run(a.lease(&day(0), 100, None, 60)).unwrap();
    let at = Timestamp::from_millis(NOON);
    let holds = [request(NOON, 1, 1), request(NOON, 2, 1), request(NOON, 3, 1)];
    run(a.post(holds.map(|hold| held(hold, NOON, 10)).to_vec())).unwrap();
    be_gone(&database, "a");
    assert_eq!(adopt(&b, QUARTER).unwrap().len(), 3);
    let cost = |request, nanos| Fact::Settled { request, cost: Money::from_nanos(nanos), assumed: false, at };
    run(b.post(vec![cost(holds[0], 4), Fact::Unknown { request: holds[1], at }])).unwrap();
    // it stood still, and knows nothing of it
    run(a.post(vec![cost(holds[0], 9), cost(holds[1], 5), cost(holds[2], 6)])).unwrap();
    run(b.post(vec![cost(holds[2], 10)])).unwrap();
    let used = run(b.store.usage("2026-11-23", "2026-11-23")).unwrap();
    assert_eq!((used[0].tasks, used[0].settled.nanos(), used[0].held.nanos() + used[0].unknown.nanos()), (3, 15, 0));
    // or is started again
    let open = request(NOON, 4, 1);
    run(a.post(vec![held(open, NOON, 10)])).unwrap();
    be_gone(&database, "a");
    assert_eq!(adopt(&b, QUARTER).unwrap().len(), 1);
    run(a.store.open("a", "boot", true)).unwrap();
    assert_eq!(run(a.store.unsettled(None, 10)), Ok(Vec::new()));
}

#[test]
fn what_a_gate_looked_after_that_is_gone_too_goes_on_to_the_next() {
    let database = book();
    let (a, b, c) = (Gate::open(&database, "a"), Gate::open(&database, "b"), Gate::open(&database, "c"));
    run(a.post(vec![held(request(NOON, 1, 1), NOON, 10)])).unwrap();
    be_gone(&database, "a");
    assert_eq!(adopt(&b, QUARTER).unwrap().len(), 1);
    be_gone(&database, "b");
    assert_eq!(adopt(&c, QUARTER).unwrap().len(), 1);
    // back, it has nothing to look after, and says again that it is at work
    assert_eq!(adopt(&b, QUARTER), Ok(Vec::new()));
    be_gone(&database, "c");
    assert_eq!(adopt(&b, QUARTER).unwrap().len(), 1);
}

#[test]
fn nothing_is_taken_from_a_gate_that_never_says_that_it_is_at_work_nor_of_an_account_that_is_not_known_nor_by_one_that_was_fenced() {
    let database = book();
    let (a, b) = (Gate::open(&database, "a"), Gate::open(&database, "b"));
    run(a.post(vec![held(request(NOON, 1, 1), NOON, 10)])).unwrap();
    be_gone(&database, "a");
    let elsewhere = Adopting { accounts: vec![name("other")], gone_ms: QUARTER, most: 100 };
    assert_eq!(run(b.store.adopt(b.fence, elsewhere)), Ok(Vec::new()));
    // as a version of before leaves it
    database.execute("UPDATE tollgate.instances SET present = NULL WHERE name = 'a'");
    assert_eq!(adopt(&b, QUARTER), Ok(Vec::new()));
    database.execute("UPDATE tollgate.instances SET present = seen WHERE name = 'a'");
    run(b.store.open("b", "boot", true)).unwrap();
    assert_eq!(adopt(&b, QUARTER), Err(StoreError::Fenced));
}

#[test]
fn behind_an_outage_nobody_is_gone_before_all_have_had_time_to_speak() {
    let database = book();
    let (a, b) = (Gate::open(&database, "a"), Gate::open(&database, "b"));
    run(a.post(vec![held(request(NOON, 1, 1), NOON, 10)])).unwrap();
    // the server was away, or its clock has stepped: neither was heard
    be_gone(&database, "a");
    be_gone(&database, "b");
    assert_eq!(adopt(&b, QUARTER), Ok(Vec::new()));
    assert_eq!(adopt(&a, QUARTER), Ok(Vec::new()));
    assert_eq!(adopt(&b, QUARTER), Ok(Vec::new()), "it has spoken meanwhile");
    be_gone(&database, "a");
    assert_eq!(adopt(&b, QUARTER).unwrap().len(), 1);
}
