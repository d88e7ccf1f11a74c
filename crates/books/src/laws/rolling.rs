//! Laws of rolling periods: what was spent counts until so long after its minute, and not a minute longer.

use tollgate_model::{Period, Scope, Timestamp, Zone};

use super::bench::{BOOT, Bench, Story, TODAY, holder, instant, key, name};
use crate::port::{Counter, LeaseWant, Store, Unit};

/// The bucket of an instant so many minutes after `TODAY`.
fn bucket(scope: Scope, unit: Unit, period: Period, minutes: i64) -> Counter {
    let window = period.window(&Zone::utc(), after(minutes));
    Counter { scope, unit, period, zone: Zone::utc(), window }
}

fn money(period: Period, minutes: i64) -> Counter {
    bucket(Scope::Key(key(1)), Unit::Money, period, minutes)
}

fn after(minutes: i64) -> Timestamp {
    instant(TODAY).plus_millis(minutes * 60_000)
}

fn story(number: u8, minutes: i64) -> Story {
    Story::on(&after(minutes).to_string(), number)
}

/// For the key, its team and its account, in money and in tasks, over an hour and over 24.
pub async fn what_was_spent_counts_until_so_long_after_its_minute(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.post(vec![story(1, 0).held(), story(2, 0).held(), story(3, 10).held(), story(3, 10).settled(4)]).await;
    let scopes = [Scope::Key(key(1)), Scope::Team(name("research")), Scope::Upstream(name("solver"))];
    for (period, back) in [(Period::Hour, 60), (Period::Rolling, 24 * 60)] {
        for scope in scopes.clone() {
            for (unit, [first, second]) in [(Unit::Money, [20, 4]), (Unit::Tasks, [2, 1])] {
                let passed = async |minutes| {
                    let lease = bench.lease(&bucket(scope.clone(), unit, period, minutes), "solver", 1_000, None, 1).await;
                    assert_eq!((lease.used, lease.ceiling, lease.elsewhere), (if minutes == 0 { first } else { 0 }, lease.used + 1, 0));
                    bench.give_back(&bucket(scope.clone(), unit, period, minutes), "solver", 0).await;
                    lease.passed
                };
                assert_eq!(passed(0).await, 0, "what is in the bucket itself is used, not passed");
                assert_eq!(passed(1).await, first);
                assert_eq!(passed(11).await, first + second);
                assert_eq!(passed(back).await, first + second);
                assert_eq!(passed(back + 1).await, second);
                assert_eq!(passed(back + 10).await, second);
                assert_eq!(passed(back + 11).await, 0);
            }
        }
    }
}

/// What passed leaves less room, and the book tells when there is room for the least again.
pub async fn a_rolling_cap_tells_when_it_has_room_again(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.post(vec![story(1, 0).held(), story(2, 5).held(), story(3, 9).held()]).await;
    let frees = async |cap, least| {
        let want = LeaseWant { counter: money(Period::Hour, 20), holder: holder("solver"), cap, used: Some(0), least, slice: least };
        let lease = store.lease(bench.fence, vec![want]).await.unwrap_or_default();
        lease.first().map(|lease| (lease.ceiling, lease.frees_at)).unwrap_or_default()
    };
    assert_eq!(frees(40, 10).await, (10, None));
    assert_eq!(frees(30, 10).await, (0, Some(after(61))));
    assert_eq!(frees(30, 11).await, (0, Some(after(66))));
    assert_eq!(frees(25, 5).await, (0, Some(after(61))));
    assert_eq!(frees(5, 6).await, (0, None), "more than the cap is never free");
}

/// What is leased in a bucket that is over may still be told of: it is reserved until it is given back.
pub async fn a_slice_of_a_bucket_that_is_over_is_reserved_until_it_is_given_back(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&money(Period::Hour, 0), "solver", 100, None, 50).await;
    bench.post(vec![story(1, 0).held()]).await;
    let lease = bench.lease(&money(Period::Hour, 1), "solver", 100, None, 5).await;
    assert_eq!((lease.passed, lease.elsewhere, lease.ceiling), (10, 40, 5));
    bench.give_back(&money(Period::Hour, 0), "solver", 0).await;
    let lease = bench.lease(&money(Period::Hour, 1), "solver", 100, Some(0), 100).await;
    assert_eq!((lease.passed, lease.elsewhere, lease.ceiling), (10, 0, 90));
    bench.post(vec![story(1, 0).settled(3)]).await;
    let lease = bench.lease(&money(Period::Hour, 1), "solver", 100, Some(0), 100).await;
    assert_eq!((lease.passed, lease.elsewhere, lease.ceiling), (3, 0, 97), "what returns is free at once");
}

/// A process that dies leaves nothing reserved that was not spent; a machine does, as long as the period looks back.
pub async fn of_a_rolling_slice_a_process_strands_nothing_and_a_machine_what_was_open(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&money(Period::Hour, 0), "solver", 100, None, 50).await;
    bench.post(vec![story(1, 0).held()]).await;
    let bench = Bench::reopen(store, BOOT).await;
    let lease = bench.lease(&money(Period::Hour, 1), "solver", 100, None, 30).await;
    assert_eq!((lease.passed, lease.elsewhere, lease.ceiling), (10, 0, 30));
    let bench = Bench::reopen(store, "boot-2").await;
    let lease = bench.lease(&money(Period::Hour, 2), "solver", 100, None, 5).await;
    assert_eq!((lease.passed, lease.elsewhere), (10, 30));
    // an orderly start in between frees nothing of what was lost
    let bench = Bench::reopen(store, "boot-2").await;
    let lease = bench.lease(&money(Period::Hour, 61), "solver", 100, None, 5).await;
    assert_eq!((lease.passed, lease.elsewhere), (0, 30));
    let lease = bench.lease(&money(Period::Hour, 62), "solver", 100, None, 100).await;
    assert_eq!((lease.passed, lease.elsewhere, lease.ceiling), (0, 5, 95));
}
