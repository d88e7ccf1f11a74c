//! Whose task is it, when does it end, and how often?

use tollgate_books::{Ending, Fact, HoldState};
use tollgate_model::{DenialCode, KeyId, LimitKind, Money};

use crate::desk::{DEADLINE_MS, DIME, Desk, key, key_scope, task};

#[tokio::test(start_paused = true)]
async fn bu_08_an_answer_that_is_read_again_settles_nothing_again() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("0.2/day")];
    let request = desk.task(&cap, "77").await;
    let account = desk.account("p");
    let cheap = Some(Money::from_nanos(30_000_000));
    assert!(account.end(task("77"), Ending::Answered(cheap), desk.now()).is_some());
    for ending in [Ending::Answered(cheap), Ending::Refunded, Ending::Charged, Ending::Assumed] {
        assert_eq!(account.end(task("77"), ending, desk.now()), None);
    }
    assert_eq!(desk.row(request).await.settled, cheap);
    let owned = account.task(key(), task("77")).unwrap();
    assert_eq!((owned.request, owned.open), (request, false));
}

#[tokio::test(start_paused = true)]
async fn every_ending_has_its_price() {
    let endings = [
        (Ending::Answered(None), Some(DIME), HoldState::Settled),
        (Ending::Charged, Some(DIME), HoldState::Settled),
        (Ending::Assumed, Some(DIME), HoldState::Settled),
        (Ending::Refunded, None, HoldState::Voided),
    ];
    for (ending, settled, state) in endings {
        let mut desk = Desk::new().await;
        let cap = [desk.cap("1/day")];
        let request = desk.task(&cap, "77").await;
        let closed = desk.account("p").end(task("77"), ending, desk.now()).unwrap();
        assert_eq!((closed.assumed, closed.excess), (ending == Ending::Assumed, Money::ZERO));
        let row = desk.row(request).await;
        assert_eq!((row.settled, row.state), (settled, state), "{ending:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_of_another_key_looks_like_one_that_never_was() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("1/day")];
    desk.task(&cap, "77").await;
    let account = desk.account("p");
    let other = KeyId::from_bytes([2; 16]);
    assert_eq!((account.task(other, task("77")), account.task(key(), task("78"))), (None, None));
    assert_eq!(desk.books.owner(&account, other, task("77")).await, Ok(None));
    assert_eq!(desk.books.owner(&desk.account("q"), key(), task("77")).await, Ok(None));
    // nor after a restart, when only the book knows
    account.end(task("77"), Ending::Charged, desk.now());
    let desk = desk.restarted().await;
    let account = desk.account("p");
    assert_eq!(desk.books.owner(&account, other, task("77")).await, Ok(None));
    assert!(desk.books.owner(&account, key(), task("77")).await.is_ok_and(|owned| owned.is_some_and(|owned| !owned.open)));
}

#[tokio::test(start_paused = true)]
async fn an_overdue_task_is_given_once_oldest_first_and_a_fetched_one_never() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("10/day")];
    for id in ["71", "72", "73", "74"] {
        desk.task(&cap, id).await;
        desk.pass_ms(1_000);
    }
    let account = desk.account("p");
    account.end(task("72"), Ending::Charged, desk.now());
    desk.pass_ms(u32::try_from(DEADLINE_MS).unwrap() - 4_001);
    assert_eq!(account.overdue(desk.now(), 9), []);
    desk.pass_ms(3_000);
    assert_eq!(account.overdue(desk.now(), 1), [task("71")]);
    assert_eq!(account.overdue(desk.now(), 9), [task("73")]);
    desk.pass_ms(1);
    desk.pass_ms(1_000);
    assert_eq!(account.overdue(desk.now(), 9), [task("74")]);
    assert_eq!(account.overdue(desk.now(), 9), []);
}

#[tokio::test(start_paused = true)]
async fn a_short_deadline_is_not_late_behind_an_unknown_holds_long_one() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("10/day")];
    desk.buy(&cap).await.unwrap().sent.unknown();
    let purchase = desk.buy(&cap).await.unwrap();
    purchase.sent.opened(task("71"), desk.now(), 60_000).unwrap();
    desk.pass_ms(60_000);
    assert_eq!(desk.account("p").overdue(desk.now(), 9), [task("71")]);
}

#[tokio::test(start_paused = true)]
async fn a_permit_ends_with_its_hold_and_of_an_unknown_one_at_its_deadline() {
    let mut desk = Desk::new().await;
    let limits = [desk.cap("10/day"), desk.limit(LimitKind::Concurrency(4))];
    let (settled, voided, unknown) = (desk.buy(&limits).await.unwrap(), desk.buy(&limits).await.unwrap(), desk.buy(&limits).await.unwrap());
    desk.task(&limits, "71").await;
    assert_eq!(desk.buy(&limits).await.err(), Some(DenialCode::ConcurrencyLimited));
    settled.sent.settle(DIME, desk.now());
    voided.sent.void(desk.now());
    unknown.sent.unknown();
    let account = desk.account("p");
    assert_eq!(account.open_holds(&key_scope()), 2);
    account.end(task("71"), Ending::Answered(None), desk.now());
    assert_eq!(account.open_holds(&key_scope()), 1);
    desk.pass_ms(599_999);
    account.overdue(desk.now(), 9);
    assert_eq!(account.open_holds(&key_scope()), 1);
    desk.pass_ms(1);
    account.overdue(desk.now(), 9);
    assert_eq!(account.open_holds(&key_scope()), 0);
    let mut four = Vec::new();
    for _ in 0..4 {
        four.push(desk.buy(&limits).await.unwrap());
    }
    assert_eq!(desk.buy(&limits).await.err(), Some(DenialCode::ConcurrencyLimited), "a permit returns once");
}

#[tokio::test(start_paused = true)]
async fn an_id_given_again_is_the_newest_ones_when_the_old_task_is_over() {
    let mut desk = Desk::new().await;
    let limits = [desk.cap("10/day"), desk.limit(LimitKind::Concurrency(9))];
    desk.task(&limits, "71").await;
    let account = desk.account("p");
    account.end(task("71"), Ending::Charged, desk.now());
    let second = desk.task(&limits, "71").await;
    assert_eq!(account.task(key(), task("71")).map(|owned| (owned.request, owned.open)), Some((second, true)));
    // the second is not fetched until its deadline, and the id comes a third time
    desk.pass_ms(u32::try_from(DEADLINE_MS).unwrap());
    let third = desk.task(&limits, "71").await;
    assert_eq!(account.task(key(), task("71")).map(|owned| (owned.request, owned.open)), Some((third, true)));
    let row = desk.row(second).await;
    assert_eq!((row.state, row.settled), (HoldState::Settled, Some(DIME)), "nobody can ask for it any more");
    assert_eq!(account.end(task("71"), Ending::Refunded, desk.now()).map(|closed| closed.request), Some(third));
    assert_eq!(account.open_holds(&key_scope()), 0);
}

#[tokio::test(start_paused = true)]
async fn an_id_given_to_two_open_tasks_is_nobodys_and_both_stay_spent() {
    let mut desk = Desk::new().await;
    let limits = [desk.cap("0.3/day"), desk.limit(LimitKind::Concurrency(3))];
    let first = desk.task(&limits, "71").await;
    let second = desk.buy(&limits).await.unwrap();
    let request = second.request;
    desk.note(Fact::Opened { request, task: task("71"), at: desk.now().wall });
    assert!(second.sent.opened(task("71"), desk.now(), DEADLINE_MS).is_err());
    let account = desk.account("p");
    assert_eq!(desk.books.owner(&account, key(), task("71")).await, Ok(None));
    assert_eq!(account.end(task("71"), Ending::Refunded, desk.now()), None);
    // a new process must not take the newest one's word for it
    let mut desk = desk.killed().await;
    let limits = [desk.cap("0.3/day"), desk.limit(LimitKind::Concurrency(3))];
    let account = desk.account("p");
    assert_eq!(desk.books.owner(&account, key(), task("71")).await, Ok(None));
    assert_eq!(desk.admitted(&limits, 9).await, 1, "two are spent");
    desk.pass_ms(u32::try_from(DEADLINE_MS).unwrap());
    assert_eq!(account.overdue(desk.now(), 9), [], "there is nothing to ask for");
    assert_eq!(account.open_holds(&key_scope()), 0, "and they are not at work for ever");
    assert_eq!((desk.state(first).await, desk.state(request).await), (HoldState::Unknown, HoldState::Unknown));
}

#[tokio::test(start_paused = true)]
async fn an_id_that_two_tasks_had_and_a_third_gets_long_after_settles_neither_of_them() {
    let mut desk = Desk::new().await;
    let limits = [desk.cap("10/day")];
    let first = desk.task(&limits, "71").await;
    let second = desk.buy(&limits).await.unwrap();
    let request = second.request;
    assert!(second.sent.opened(task("71"), desk.now(), DEADLINE_MS).is_err());
    desk.pass_ms(u32::try_from(DEADLINE_MS).unwrap());
    let third = desk.task(&limits, "71").await;
    assert_eq!(desk.account("p").task(key(), task("71")).map(|owned| owned.request), Some(third));
    assert_eq!((desk.state(first).await, desk.state(request).await), (HoldState::Unknown, HoldState::Unknown));
}
