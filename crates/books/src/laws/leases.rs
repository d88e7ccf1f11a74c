//! Laws of leases: who may spend how much of a counter.

use tollgate_model::{Money, Period, Scope, Zone};

use super::bench::{Bench, Story, TODAY, YESTERDAY, daily, done, holder, key, key_today, name, team_today};
use crate::port::{Counter, Lease, LeaseWant, Store, Unit};

/// However often and however greedily holders ask, what they may use together is the cap.
pub async fn ceilings_never_sum_over_the_cap(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let mut ceilings = [0; 3];
    for (round, slice) in [7, 30, 11, 45, 60, 1].into_iter().enumerate() {
        for (at, ceiling) in ceilings.iter_mut().enumerate() {
            let used = (round > 0).then_some(*ceiling);
            *ceiling = bench.lease(&team_today(), &format!("solver-{at}"), 100, used, slice).await.ceiling;
        }
        assert!(ceilings.iter().sum::<i64>() <= 100, "{ceilings:?} in round {round}");
    }
    assert_eq!(ceilings.iter().sum::<i64>(), 100, "and the cap can be used up: {ceilings:?}");
}

/// `elsewhere` is the sum of all other holders' ceilings, and bounds this one.
pub async fn a_lease_tells_what_others_have_reserved(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let first = bench.lease(&team_today(), "solver", 100, None, 70).await;
    assert_eq!(first, Lease { used: 0, ceiling: 70, elsewhere: 0, ..Lease::default() });
    let second = bench.lease(&team_today(), "other", 100, None, 70).await;
    assert_eq!(second, Lease { used: 0, ceiling: 30, elsewhere: 70, beside: 70, ..Lease::default() });
    let third = bench.lease(&team_today(), "third", 100, None, 70).await;
    assert_eq!(third, Lease { used: 0, ceiling: 0, elsewhere: 100, beside: 100, ..Lease::default() });
}

/// A ceiling falls to what is used when the cap is lowered, and no further.
pub async fn a_cap_lowered_under_what_is_used_leaves_no_room(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 80).await;
    let lowered = bench.lease(&team_today(), "solver", 60, Some(50), 5).await;
    assert_eq!(lowered, Lease { used: 50, ceiling: 60, elsewhere: 0, ..Lease::default() });
    let lowered = bench.lease(&team_today(), "solver", 30, Some(50), 5).await;
    assert_eq!(lowered, Lease { used: 50, ceiling: 50, elsewhere: 0, ..Lease::default() });
}

/// A ceiling lowered by its holder leaves room for another.
pub async fn what_is_given_back_is_free_for_others(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 100).await;
    assert_eq!(bench.lease(&team_today(), "other", 100, None, 10).await.ceiling, 0);
    bench.give_back(&team_today(), "solver", 40).await;
    let lease = bench.lease(&team_today(), "other", 100, None, 100).await;
    assert_eq!(lease, Lease { used: 0, ceiling: 60, elsewhere: 40, beside: 40, ..Lease::default() });
}

/// An account that never leased of a counter counts in it all the same: nothing spent is left out.
pub async fn what_an_account_spends_without_a_lease_counts_all_the_same(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "other", 100, None, 5).await;
    bench.post(vec![Story::new(1).held(), Story::new(2).held()]).await;
    assert_eq!(bench.lease(&team_today(), "other", 100, Some(0), 5).await.elsewhere, 20);
    assert_eq!(bench.used(&team_today(), "solver").await, 20);
}

/// What has been posted as spent is never given back.
pub async fn giving_back_never_goes_under_what_is_used(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 100).await;
    bench.post(vec![Story::new(1).held(), Story::new(2).held()]).await;
    bench.give_back(&team_today(), "solver", 0).await;
    assert_eq!(bench.lease(&team_today(), "other", 100, None, 0).await.elsewhere, 20);
}

/// Giving back a higher ceiling than the one that was leased changes nothing; nor does giving back what nobody leased.
pub async fn giving_back_never_raises_a_ceiling(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 10).await;
    bench.give_back(&team_today(), "solver", 90).await;
    bench.give_back(&team_today(), "third", 90).await;
    bench.give_back(&key_today(), "solver", 90).await;
    assert_eq!(bench.lease(&team_today(), "other", 100, None, 0).await.elsewhere, 10);
}

/// Asking for less than what is left of the last slice takes nothing away.
pub async fn a_holder_with_memory_keeps_its_ceiling(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 60).await;
    let lease = bench.lease(&team_today(), "solver", 100, Some(10), 5).await;
    assert_eq!(lease, Lease { used: 10, ceiling: 60, elsewhere: 0, ..Lease::default() });
}

/// Its unspent slice is free again: nobody spends from it any more.
pub async fn a_holder_without_memory_starts_from_what_was_posted(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 60).await;
    bench.post(vec![Story::new(1).held(), Story::new(2).held(), Story::new(2).settled(4)]).await;
    let lease = bench.lease(&team_today(), "solver", 100, None, 5).await;
    assert_eq!(lease, Lease { used: 14, ceiling: 19, elsewhere: 0, ..Lease::default() });
}

/// Wants of one call see each other, in order.
pub async fn leases_are_told_in_the_order_of_the_wants(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let want = |counter: Counter, account: &str| LeaseWant { counter, holder: holder(account), cap: 100, used: None, least: 1, slice: 80 };
    let wants = vec![want(team_today(), "solver"), want(key_today(), "solver"), want(team_today(), "other")];
    let leases = done(store.lease(bench.fence, wants).await);
    let lease = |ceiling, elsewhere| Lease { used: 0, ceiling, elsewhere, beside: elsewhere, ..Lease::default() };
    assert_eq!(leases, [lease(80, 0), lease(80, 0), lease(20, 80)]);
}

/// A limit that is set in the middle of a day counts what was spent before on that day, by account.
pub async fn a_counter_not_seen_before_starts_from_the_holds_in_the_book(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let elsewhere = Story { upstream: name("other"), ..Story::new(3) };
    let facts = vec![
        Story::on(YESTERDAY, 1).held(),
        Story::new(1).held(),
        Story::new(2).held(),
        Story::new(2).settled(3),
        elsewhere.held(),
        Story::new(4).held(),
        Story::new(4).voided(),
        Story::new(5).held(),
        Story::new(5).unknown(),
    ];
    bench.post(facts).await;
    assert_eq!(
        bench.lease(&team_today(), "solver", 100, None, 5).await,
        Lease { used: 23, ceiling: 28, elsewhere: 10, beside: 10, ..Lease::default() }
    );
    let tasks = daily(Scope::Team(name("research")), Unit::Tasks, TODAY);
    assert_eq!(
        bench.lease(&tasks, "solver", 100, None, 5).await,
        Lease { used: 3, ceiling: 8, elsewhere: 1, beside: 1, ..Lease::default() }
    );
}

/// A cap over the whole life counts the whole life.
pub async fn a_total_not_seen_before_starts_from_everything(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let early = Story::on("2025-01-01T00:00:00Z", 1);
    let facts = vec![early.held(), early.settled(7), Story::on(YESTERDAY, 1).held(), Story::new(1).held(), Story::new(1).unknown()];
    bench.post(facts).await;
    let total = |scope, unit| {
        let window = Period::Total.window(&Zone::utc(), early.at);
        Counter { scope, unit, period: Period::Total, zone: Zone::utc(), window }
    };
    assert_eq!(bench.used(&total(Scope::Key(key(1)), Unit::Money), "solver").await, 27);
    assert_eq!(bench.used(&total(Scope::Team(name("research")), Unit::Tasks), "solver").await, 3);
    assert_eq!(bench.used(&total(Scope::Upstream(name("solver")), Unit::Money), "solver").await, 27);
    assert_eq!(bench.used(&total(Scope::Key(key(2)), Unit::Money), "solver").await, 0);
}

/// The admission instant decides the window, to the millisecond, whenever the fact arrives.
pub async fn windows_are_counted_apart(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let team = || Scope::Team(name("research"));
    let berlin = Zone::parse("Europe/Berlin").unwrap_or_else(|error| panic!("{error}"));
    let last = Story { held: Money::from_nanos(1), ..Story::on("2026-11-22T23:59:59.999Z", 1) };
    let first = Story { held: Money::from_nanos(2), ..Story::on("2026-11-23T00:00:00Z", 2) };
    let counters = [
        daily(team(), Unit::Money, YESTERDAY),
        daily(team(), Unit::Money, TODAY),
        Counter { window: Period::Day.window(&berlin, first.at), zone: berlin, ..team_today() },
    ];
    for counter in &counters {
        bench.lease(counter, "solver", 100, None, 10).await;
    }
    bench.post(vec![first.held(), last.held()]).await;
    let mut used = Vec::new();
    for counter in &counters {
        used.push(bench.used(counter, "solver").await);
    }
    assert_eq!(used, [1, 2, 3]);
}

/// Money and tasks of one scope and window have nothing to do with each other.
pub async fn units_are_counted_apart(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let tasks = daily(Scope::Team(name("research")), Unit::Tasks, TODAY);
    bench.lease(&team_today(), "solver", 100, None, 100).await;
    assert_eq!(bench.lease(&tasks, "solver", 2, None, 2).await, Lease { used: 0, ceiling: 2, elsewhere: 0, ..Lease::default() });
    bench.post(vec![Story::new(1).held(), Story::new(2).held(), Story::new(2).settled(3)]).await;
    assert_eq!(bench.used(&team_today(), "solver").await, 13);
    assert_eq!(bench.used(&tasks, "solver").await, 2);
}

/// A hold moves the counters of its own key, team and account, and no others.
pub async fn a_hold_counts_for_its_key_its_team_and_its_account_alone(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let scopes = [
        (Scope::Key(key(1)), 10),
        (Scope::Key(key(2)), 20),
        (Scope::Team(name("research")), 10),
        (Scope::Team(name("sales")), 0),
        (Scope::Upstream(name("solver")), 30),
        (Scope::Upstream(name("other")), 0),
    ];
    for (scope, _) in &scopes {
        bench.lease(&daily(scope.clone(), Unit::Money, TODAY), "solver", 100, None, 10).await;
    }
    let teamless = Story { key: key(2), team: None, held: Money::from_nanos(20), ..Story::new(2) };
    bench.post(vec![Story::new(1).held(), teamless.held()]).await;
    for (scope, expected) in &scopes {
        assert_eq!(bench.used(&daily(scope.clone(), Unit::Money, TODAY), "solver").await, *expected, "{scope:?}");
    }
}
