//! What does a gate know after it died? Everything that it had written down, and nothing that it had not.

use std::sync::Arc;
use std::time::Duration;

use tollgate_books::memory::MemoryStore;
use tollgate_books::{Books, Ending, Fact, HoldState};
use tollgate_model::{DenialCode, LimitKind, Money, Mono, Now, Rate, RequestId, Timestamp};

use crate::desk::{DIME, Desk, NOON, at, key, key_scope, name, task};

#[tokio::test(start_paused = true)]
async fn bu_20_a_killed_process_counts_the_same_as_before() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("1/day"), desk.limit(LimitKind::Concurrency(9))];
    let open = desk.task(&cap, "71").await;
    desk.task(&cap, "72").await;
    desk.note(Fact::Settled { request: open, cost: DIME, assumed: false, at: desk.now().wall });
    desk.account("p").end(task("71"), Ending::Charged, desk.now());
    let lost = desk.buy(&cap).await.unwrap();
    let (request, unsent) = desk.try_spend("p", &cap, DIME).await.unwrap();
    let mut desk = desk.killed().await;
    drop((unsent, request));
    assert_eq!(desk.recovered.unknown.iter().map(|row| row.request).collect::<Vec<_>>(), [lost.request]);
    assert!(!desk.recovered.machine_died);
    let cap = [desk.cap("1/day"), desk.limit(LimitKind::Concurrency(9))];
    let account = desk.account("p");
    assert_eq!(account.open_holds(&key_scope()), 2, "the task and the lost one");
    assert_eq!(account.task(key(), task("72")).map(|owned| owned.open), Some(true));
    // one settled, one open, one unknown; what was only reserved is free
    assert_eq!(desk.admitted(&cap, 20).await, 7);
    assert!(account.end(task("72"), Ending::Refunded, desk.now()).is_some());
    assert_eq!(desk.admitted(&cap, 20).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_again_and_again_forgets_nothing_and_counts_nothing_twice() {
    let mut desk = Desk::new().await;
    for round in 0..5 {
        let cap = [desk.cap("1/day")];
        assert_eq!(desk.admitted(&cap, 2).await, 2, "round {round}");
        desk = desk.killed().await;
    }
    let cap = [desk.cap("1/day")];
    assert_eq!(desk.admitted(&cap, 2).await, 0);
    assert_eq!(desk.store.holds().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn bu_22_a_dead_machine_strands_one_slice_and_no_more() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("100/day")];
    assert_eq!(desk.admitted(&cap, 20).await, 20);
    let mut desk = desk.unplugged().await;
    assert!(desk.recovered.machine_died);
    let cap = [desk.cap("100/day")];
    let after = desk.admitted(&cap, 1_000).await;
    // a slice of this cap is a hundredth of it: ten dimes
    assert!((970..980).contains(&after), "{after}");
    assert_eq!(desk.try_spend("p", &cap, DIME).await.err().map(|denial| denial.code), Some(DenialCode::CapReached));
}

#[tokio::test(start_paused = true)]
async fn an_orderly_end_strands_nothing() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("100/day")];
    assert_eq!(desk.admitted(&cap, 20).await, 20);
    let mut desk = desk.restarted().await;
    assert_eq!((desk.recovered.replayed, desk.recovered.unknown.len()), (0, 0));
    let cap = [desk.cap("100/day")];
    assert_eq!(desk.admitted(&cap, 1_000).await, 980);
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_stays_spent_over_restarts() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("0.3/day")];
    let purchase = desk.buy(&cap).await.unwrap();
    let request = purchase.request;
    desk.note(Fact::Unknown { request, at: desk.now().wall });
    purchase.sent.unknown();
    let mut desk = desk.restarted().await.killed().await;
    let cap = [desk.cap("0.3/day")];
    assert_eq!(desk.admitted(&cap, 9).await, 2);
    assert_eq!(desk.state(request).await, HoldState::Unknown);
}

#[tokio::test(start_paused = true)]
async fn an_unclean_start_gives_no_burst() {
    let mut desk = Desk::new().await;
    let rate = Rate { per_minute: 60, burst: 10 };
    let limits = [desk.limit(LimitKind::Rate(rate))];
    assert_eq!(desk.admitted(&limits, 20).await, 10);
    let mut desk = desk.killed().await;
    let limits = [desk.limit(LimitKind::Rate(rate))];
    assert_eq!(desk.admitted(&limits, 20).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_restored_task_that_cost_less_returns_the_rest_once() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("0.3/day")];
    desk.task(&cap, "71").await;
    let mut desk = desk.killed().await;
    let cap = [desk.cap("0.3/day")];
    let account = desk.account("p");
    assert_eq!(desk.admitted(&cap, 9).await, 2);
    let nothing = Ending::Answered(Some(Money::ZERO));
    assert!(account.end(task("71"), nothing, desk.now()).is_some());
    assert_eq!(account.end(task("71"), nothing, desk.now()), None);
    assert_eq!(desk.admitted(&cap, 9).await, 1);
}

#[tokio::test]
async fn i_3_a_process_that_dies_before_it_has_written_what_the_last_one_owed_leaves_it_to_the_next() {
    let store = Arc::new(MemoryStore::default());
    let (request, at) = (RequestId::from_bytes([7; 16]), at(NOON));
    let (key, method) = (key(), "m".to_owned());
    let held = Fact::Held { request, key, team: None, upstream: name("p"), method, at, held: DIME };
    let unknown = Fact::Unknown { request, at };
    let opened = async |lines: Vec<(String, u64, Fact)>| {
        let now = || Now { wall: Timestamp::default(), mono: Mono::default() };
        let (_, _, recovered) = Books::open(store.clone(), "gate", "boot", true, lines, Arc::new(now)).await.unwrap();
        recovered.unknown.iter().map(|row| row.request).collect::<Vec<_>>()
    };
    assert_eq!(opened(vec![("w0".to_owned(), 1, held)]).await, [request]);
    assert_eq!(opened(Vec::new()).await, [request], "its line was never written");
    assert_eq!(opened(vec![("recovery".to_owned(), 1, unknown)]).await, []);
}

#[tokio::test(start_paused = true)]
async fn lines_that_say_nothing_about_money_are_not_read_again_either() {
    let desk = Desk::new().await;
    let mark = desk.books.lane("polls");
    mark.pushed(40);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(desk.store.marks().get("polls"), Some(&40));
}
