//! How much is admitted? To the cap, to the nano-dollar, and all limits or none.

use std::sync::Arc;

use proptest::prelude::*;
use tollgate_books::{Account, Books, LimitIx, Tried, Wish};
use tollgate_model::{DenialCode, LimitKind, Money, Now, RequestId, Scope};

use crate::desk::{DIME, Desk, key, key_scope, name, team_scope};

#[tokio::test(start_paused = true)]
async fn bu_01_what_is_voided_is_admitted_again_exactly() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("1/day")];
    let mut bought = Vec::new();
    while let Ok(purchase) = desk.buy(&cap).await {
        bought.push(purchase);
    }
    assert_eq!(bought.len(), 10);
    for purchase in bought.drain(..3) {
        assert!(purchase.sent.void(desk.now()).is_some_and(|closed| closed.voided));
    }
    assert_eq!(desk.admitted(&cap, 20).await, 3);
}

#[tokio::test(start_paused = true)]
async fn bu_04_a_hundred_thousand_denials_of_an_inner_limit_leak_nothing_of_the_outer_ones() {
    let mut desk = Desk::new().await;
    let upstream = desk.bind("p", Scope::Upstream(name("p")), LimitKind::parse_cap("1/day").unwrap());
    let team = desk.bind("p", team_scope(), LimitKind::parse_cap("2/day").unwrap());
    let most = desk.bind("p", team_scope(), LimitKind::Concurrency(50));
    let rate = desk.bind("p", key_scope(), LimitKind::parse_tasks("50/day").unwrap());
    let inner = desk.cap("0.3/day");
    let limits = [upstream, team, most, rate, inner];
    assert_eq!(desk.admitted(&limits, 10).await, 3);
    for _ in 0..100_000 {
        assert!(matches!(desk.try_now(&limits), Tried::Refused(denial) if denial.code == DenialCode::CapReached));
    }
    assert_eq!(desk.admitted(&[upstream, team, most, rate], 100).await, 7);
    assert_eq!(desk.account("p").open_holds(&team_scope()), 10);
}

#[tokio::test(start_paused = true)]
async fn bu_05_the_narrowest_of_key_team_and_upstream_binds_whichever_it_is() {
    for (narrow, expected) in [(0, 3), (1, 3), (2, 3)] {
        let mut desk = Desk::new().await;
        let scopes = [key_scope(), team_scope(), Scope::Upstream(name("p"))];
        let limits: Vec<LimitIx> = scopes
            .into_iter()
            .enumerate()
            .map(|(place, scope)| {
                let text = if place == narrow { "0.3/day" } else { "0.8/month" };
                desk.bind("p", scope, LimitKind::parse_cap(text).unwrap())
            })
            .collect();
        assert_eq!(desk.admitted(&limits, 20).await, expected, "limit {narrow} is the narrow one");
    }
}

#[tokio::test(start_paused = true)]
async fn bu_05_a_nano_dollar_more_than_the_cap_is_refused_and_the_cap_itself_is_not() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("0.1/day")];
    let over = Money::from_nanos(DIME.nanos() + 1);
    assert_eq!(desk.try_spend("p", &cap, over).await.err().map(|denial| denial.code), Some(DenialCode::CapReached));
    let under = Money::from_nanos(DIME.nanos() - 1);
    let (_, hold) = desk.try_spend("p", &cap, under).await.unwrap();
    assert!(desk.try_spend("p", &cap, Money::from_nanos(1)).await.is_ok());
    drop(hold);
    assert!(desk.try_spend("p", &cap, DIME).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn tasks_a_day_are_counted_and_a_voided_one_is_not() {
    let mut desk = Desk::new().await;
    let tasks = [desk.limit(LimitKind::parse_tasks("3/day").unwrap())];
    let first = desk.buy(&tasks).await.unwrap();
    let second = desk.buy(&tasks).await.unwrap();
    first.sent.void(desk.now());
    second.sent.settle(Money::ZERO, desk.now());
    assert_eq!(desk.admitted(&tasks, 9).await, 2, "a task that cost nothing was a task");
}

#[tokio::test(start_paused = true)]
async fn bu_07_what_costs_more_than_its_hold_is_booked_in_full_and_the_rest_of_the_cap_is_what_is_left() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("1/day")];
    let purchase = desk.buy(&cap).await.unwrap();
    let request = purchase.request;
    let closed = purchase.sent.settle(Money::from_nanos(750_000_000), desk.now()).unwrap();
    assert_eq!((closed.held, closed.settled.nanos(), closed.excess.nanos()), (DIME, 750_000_000, 650_000_000));
    assert_eq!(desk.admitted(&cap, 9).await, 2);
    assert_eq!(desk.row(request).await.settled.map(Money::nanos), Some(750_000_000));
}

#[tokio::test(start_paused = true)]
async fn bu_28_a_cap_lowered_and_raised_under_load_is_the_cap_of_that_moment() {
    let mut desk = Desk::new().await;
    let cap = [desk.cap("1/day")];
    assert_eq!(desk.admitted(&cap, 5).await, 5);
    desk.cap("0.7/day");
    assert_eq!(desk.admitted(&cap, 9).await, 2);
    desk.cap("0.2/day");
    assert_eq!(desk.admitted(&cap, 9).await, 0);
    desk.cap("50/day");
    assert_eq!(desk.admitted(&cap, 20).await, 20);
    desk.cap("3/day");
    assert_eq!(desk.admitted(&cap, 9).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_was_taken_away_and_comes_back_counts_what_was_spent_without_it() {
    let mut desk = Desk::new().await;
    let (day, month) = (desk.cap("1/day"), desk.cap("5/month"));
    let most = desk.limit(LimitKind::Concurrency(30));
    assert_eq!(desk.admitted(&[day], 4).await, 4);
    assert_eq!(desk.admitted(&[month], 5).await, 5);
    let task = desk.buy(&[month]).await.unwrap();
    assert_eq!(desk.admitted(&[desk.cap("1/day")], 9).await, 0);
    // and what ends without having been reserved in it returns to it all the same
    task.sent.void(desk.now());
    assert_eq!(desk.admitted(&[desk.cap("1/day")], 9).await, 1);
    desk.limit(LimitKind::Concurrency(11));
    assert_eq!(desk.admitted(&[most], 9).await, 1, "ten are open");
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_is_sent_after_a_limit_was_set_counts_in_it() {
    let mut desk = Desk::new().await;
    let wide = desk.cap("5/month");
    let (request, hold) = desk.try_spend("p", &[wide], DIME).await.unwrap();
    let day = desk.cap("0.3/day");
    assert_eq!(desk.admitted(&[wide, day], 1).await, 1);
    desk.send("p", request, hold, DIME).sent.unknown();
    assert_eq!(desk.admitted(&[wide, day], 9).await, 1);
}

/// A caller on a thread of its own buys so often; gives how many were let pass.
async fn caller(books: Arc<Books>, account: Arc<Account>, cap: LimitIx, first: u64, now: Now) -> usize {
    let mut count = 0;
    for number in first..first + 3 {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number.to_be_bytes());
        let (request, crew) = (RequestId::new(now.wall, random), name("crew"));
        let wish = Wish { request, key: key(), team: Some(&crew), method: "m", cost: DIME, limits: &[cap], observe_rate: false };
        match books.reserve(&account, &wish, now).await {
            Ok(hold) => {
                hold.send().unknown();
                count += 1;
            }
            Err(denial) => assert_eq!(denial.code, DenialCode::CapReached, "{denial:?}"),
        }
    }
    count
}

/// Rounds of a new cap in dimes, set while so many callers buy at two accounts.
async fn changed_under_load(rounds: Vec<(usize, u64)>) {
    let desk = Desk::new().await;
    let bind = |dimes: usize| {
        let kind = LimitKind::parse_cap(&format!("{}.{}/day", dimes / 10, dimes % 10)).unwrap();
        ["p", "q"].map(|account| (desk.account(account), desk.bind(account, team_scope(), kind.clone())))
    };
    let (mut before, mut spent, mut next) = (1, 0, 0);
    let accounts = bind(before);
    for (dimes, callers) in rounds {
        let mut at_once = tokio::task::JoinSet::new();
        for number in 0..callers {
            let (account, cap) = accounts[usize::from(number % 2 == 0)].clone();
            at_once.spawn(caller(desk.books.clone(), account, cap, next, desk.now()));
            next += 3;
        }
        tokio::task::yield_now().await;
        bind(dimes);
        let most = spent.max(before).max(dimes);
        while let Some(count) = at_once.join_next().await {
            spent += count.unwrap();
        }
        assert!(spent <= most, "{spent} dimes under a cap of {before} and then {dimes}");
        // what is left is there for either account, to the last dime
        let all = spent.max(dimes);
        for turn in 0..=dimes.saturating_sub(spent).div_ceil(3) {
            let (account, cap) = accounts[turn % 2].clone();
            spent += caller(desk.books.clone(), account, cap, next, desk.now()).await;
            next += 3;
        }
        assert_eq!(spent, all, "under a cap of {dimes}");
        before = dimes;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn bu_28_a_cap_that_is_changed_while_many_buy_is_never_passed_and_spent_to_the_last(
        rounds in proptest::collection::vec((1_usize..120, 0_u64..24), 1..8)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_time().build().unwrap();
        runtime.block_on(changed_under_load(rounds));
    }
}
