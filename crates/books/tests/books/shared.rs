//! Who spends a team's money? Its keys at several accounts, each of which leases its part.

use std::time::Duration;

use tollgate_books::{Ending, Fact, LimitIx};
use tollgate_model::{LimitKind, Money};

use crate::desk::{DEADLINE_MS, DIME, Desk, task, team_scope};

fn team_cap(desk: &Desk, text: &str) -> [(&'static str, [LimitIx; 1]); 2] {
    let kind = LimitKind::parse_cap(text).unwrap();
    ["p", "q"].map(|account| (account, [desk.bind(account, team_scope(), kind.clone())]))
}

#[tokio::test(start_paused = true)]
async fn bu_28_a_teams_cap_that_is_lowered_binds_all_its_accounts_together() {
    let mut desk = Desk::new().await;
    // a slice of a wide cap: each account may spend a dollar from memory
    for (account, cap) in team_cap(&desk, "100/day") {
        assert_eq!(desk.admitted_at(account, &cap, 20).await, 20);
    }
    let mut admitted = 0;
    for (account, cap) in team_cap(&desk, "4.5/day") {
        admitted += desk.admitted_at(account, &cap, 20).await;
    }
    assert_eq!(admitted, 5);
}

#[tokio::test(start_paused = true)]
async fn what_one_account_leased_before_a_crash_is_free_for_the_other_after_it() {
    let mut desk = Desk::new().await;
    let [(_, at_p), _] = team_cap(&desk, "100/day");
    assert_eq!(desk.admitted_at("p", &at_p, 20).await, 20);
    let mut desk = desk.killed().await;
    let [_, (_, at_q)] = team_cap(&desk, "100/day");
    assert_eq!(desk.admitted_at("q", &at_q, 1_000).await, 980);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_spends_no_more_gives_its_slice_up_before_another_is_refused() {
    let mut desk = Desk::new().await;
    let [(_, at_p), (_, at_q)] = team_cap(&desk, "100/day");
    assert_eq!(desk.admitted_at("p", &at_p, 333).await, 333);
    assert_eq!(desk.admitted_at("q", &at_q, 1_000).await, 667);
}

#[tokio::test(start_paused = true)]
async fn bu_28_what_returns_under_a_lowered_cap_is_not_spent_again_while_more_than_the_cap_is_spent() {
    let mut desk = Desk::new().await;
    let [(_, at_p), (_, at_q)] = team_cap(&desk, "1/day");
    assert_eq!(desk.admitted_at("p", &at_p, 2).await, 2);
    let (request, hold) = desk.try_spend("q", &at_q, DIME).await.unwrap();
    let returns = desk.send("q", request, hold, DIME);
    assert_eq!(desk.admitted_at("q", &at_q, 1).await, 1);
    team_cap(&desk, "0.3/day");
    assert_eq!(desk.admitted_at("p", &at_p, 1).await, 0);
    returns.sent.void(desk.now());
    assert_eq!((desk.admitted_at("q", &at_q, 1).await, desk.admitted_at("p", &at_p, 1).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn bu_07_what_one_account_paid_beyond_its_hold_is_not_there_for_the_other() {
    let mut desk = Desk::new().await;
    let [(_, at_p), (_, at_q)] = team_cap(&desk, "1/day");
    let (request, hold) = desk.try_spend("p", &at_p, DIME).await.unwrap();
    let dear = desk.send("p", request, hold, DIME);
    assert_eq!(desk.admitted_at("q", &at_q, 1).await, 1);
    dear.sent.settle(Money::from_nanos(8 * DIME.nanos()), desk.now());
    assert_eq!(desk.admitted_at("q", &at_q, 9).await, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_a_shared_cap_can_be_spent_though_a_larger_wish_was_refused() {
    let mut desk = Desk::new().await;
    let [(_, at_p), (_, at_q)] = team_cap(&desk, "1/day");
    assert_eq!(desk.admitted_at("p", &at_p, 2).await, 2);
    let dimes = |number: i64| Money::from_nanos(number * DIME.nanos());
    assert!(desk.try_spend("q", &at_q, dimes(9)).await.is_err());
    assert!(desk.try_spend("q", &at_q, dimes(8)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_slice_that_the_book_did_not_take_back_is_given_back_again() {
    let mut desk = Desk::new().await;
    let [(_, at_p), (_, at_q)] = team_cap(&desk, "100/day");
    assert_eq!(desk.admitted_at("p", &at_p, 20).await, 20);
    desk.pass_ms(6_000);
    desk.account("p").overdue(desk.now(), 1);
    desk.store.play_dead(true);
    tokio::time::sleep(Duration::from_secs(2)).await;
    desk.store.play_dead(false);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let seen = desk.books.view(&desk.account("q"), &at_q).await;
    assert_eq!(seen[0].used, 20 * DIME.nanos());
}

#[tokio::test(start_paused = true)]
async fn what_has_just_returned_to_one_account_is_free_for_the_other() {
    let mut desk = Desk::new().await;
    let [(_, at_p), (_, at_q)] = team_cap(&desk, "0.3/day");
    let (request, hold) = desk.try_spend("p", &at_p, DIME).await.unwrap();
    let purchase = desk.send("p", request, hold, DIME);
    // the book knows of it, and not yet that it returns
    tokio::time::sleep(Duration::from_secs(2)).await;
    purchase.sent.void(desk.now());
    assert_eq!(desk.admitted_at("q", &at_q, 9).await, 3);
}

#[tokio::test(start_paused = true)]
async fn what_returns_to_an_account_that_has_not_asked_since_the_start_is_free_for_the_other() {
    let mut desk = Desk::new().await;
    let [(_, at_p), _] = team_cap(&desk, "0.3/day");
    let (request, hold) = desk.try_spend("p", &at_p, DIME).await.unwrap();
    let purchase = desk.send("p", request, hold, DIME);
    desk.note(Fact::Opened { request, task: task("71"), at: desk.now().wall });
    purchase.sent.opened(task("71"), desk.now(), DEADLINE_MS).unwrap();
    let mut desk = desk.killed().await;
    let [_, (_, at_q)] = team_cap(&desk, "0.3/day");
    assert_eq!(desk.admitted_at("q", &at_q, 9).await, 2);
    assert!(desk.account("p").end(task("71"), Ending::Refunded, desk.now()).is_some());
    assert_eq!(desk.admitted_at("q", &at_q, 9).await, 1);
}
