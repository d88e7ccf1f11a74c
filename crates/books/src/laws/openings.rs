//! Laws of openings: who may write, from where the journal is replayed, and what a death costs.

use std::collections::HashMap;

use super::bench::{BOOT, Bench, GATE, Story, done, holder, key_today, team_today};
use crate::port::{Lease, LeaseWant, Store, StoreError};

/// Whoever opened last may write; what an earlier one posts is refused whole.
pub async fn a_later_opening_fences_every_earlier_one(store: &dyn Store) {
    let earlier = Bench::open(store).await;
    let later = Bench::open(store).await;
    assert!(later.fence > earlier.fence);
    let want = LeaseWant { counter: team_today(), holder: holder("solver"), cap: 9, used: None, least: 1, slice: 1 };
    assert_eq!(store.lease(earlier.fence, vec![want]).await, Err(StoreError::Fenced));
    let upto = HashMap::from([("lane".to_owned(), 1)]);
    assert_eq!(store.post(earlier.fence, vec![Story::new(1).held()], upto, Vec::new()).await, Err(StoreError::Fenced));
    assert_eq!(done(store.unsettled(None, usize::MAX).await), []);
    assert_eq!(done(store.open(GATE, BOOT, true).await).replay_from, HashMap::new());
}

/// A lane's mark rises with what is posted and never falls.
pub async fn lanes_are_replayed_behind_the_highest_line_posted(store: &dyn Store) {
    let bench = Bench::open(store).await;
    for (lane, number) in [("w0", 3), ("w1", 40), ("w0", 9), ("w1", 12)] {
        done(store.post(bench.fence, Vec::new(), HashMap::from([(lane.to_owned(), number)]), Vec::new()).await);
    }
    let opened = done(store.open(GATE, BOOT, true).await);
    assert_eq!(opened.replay_from, HashMap::from([("w0".to_owned(), 9), ("w1".to_owned(), 40)]));
}

/// The journal has every hold: after it is replayed, the rest of the slice is free.
pub async fn process_death_strands_nothing(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 60).await;
    let opened = done(store.open(GATE, BOOT, true).await);
    assert!(!opened.machine_died);
    let bench = Bench { store, fence: opened.fence };
    bench.post(vec![Story::new(1).held()]).await;
    assert_eq!(bench.lease(&team_today(), "solver", 100, None, 0).await, Lease { used: 10, ceiling: 10, elsewhere: 0, ..Lease::default() });
}

/// Lines may be lost that were never on the disk: the whole slice counts as spent, in every counter, from then on.
pub async fn machine_death_strands_the_open_slice(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 60).await;
    bench.lease(&key_today(), "solver", 100, None, 30).await;
    assert!(done(store.open(GATE, "boot-2", true).await).machine_died);
    let bench = Bench::reopen(store, "boot-2").await;
    assert_eq!(bench.lease(&team_today(), "solver", 100, None, 7).await, Lease { used: 60, ceiling: 67, elsewhere: 0, ..Lease::default() });
    assert_eq!(bench.used(&key_today(), "solver").await, 30);
    bench.give_back(&team_today(), "solver", 0).await;
    let bench = Bench::reopen(store, "boot-2").await;
    assert_eq!(bench.used(&team_today(), "solver").await, 60, "giving back and opening again free nothing of it");
    let other = bench.lease(&team_today(), "other", 100, None, 50).await;
    assert_eq!(other, Lease { used: 0, ceiling: 40, elsewhere: 60, beside: 60, ..Lease::default() });
}

/// A gate that calls back what it does not spend must not call back what may have been spent.
pub async fn giving_back_frees_nothing_that_a_machine_took(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 60).await;
    let bench = Bench::reopen(store, "boot-2").await;
    bench.give_back(&team_today(), "solver", 0).await;
    assert_eq!(bench.used(&team_today(), "solver").await, 60);
}

/// A journal that is shorter than it is known to have been lost lines, whatever the boot id says.
pub async fn a_journal_behind_its_mark_strands_the_open_slice(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 60).await;
    let opened = done(store.open(GATE, BOOT, false).await);
    assert!(opened.machine_died);
    assert_eq!(Bench { store, fence: opened.fence }.used(&team_today(), "solver").await, 60);
}

/// What the journal still has was spent inside the slice that counts as spent.
pub async fn what_is_replayed_after_a_machine_death_is_not_counted_twice(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 60).await;
    bench.post(vec![Story::new(1).held()]).await;
    let bench = Bench::reopen(store, "boot-2").await;
    bench.post(vec![Story::new(2).held(), Story::new(3).held()]).await;
    assert_eq!(bench.used(&team_today(), "solver").await, 60);
    bench.post(vec![Story::new(4).held()]).await;
    assert_eq!(bench.used(&team_today(), "solver").await, 70, "what comes after counts beside it");
}

/// Another gate's slices are its own: its machine may live.
pub async fn machine_death_strands_only_its_own_instance(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 20).await;
    let opened = done(store.open("second", "elsewhere", true).await);
    assert!(!opened.machine_died, "a gate that was never here has lost nothing");
    let bench = Bench::reopen(store, "boot-2").await;
    let mut holder = holder("solver");
    "second".clone_into(&mut holder.instance);
    let want = LeaseWant { counter: team_today(), holder, cap: 100, used: None, least: 1, slice: 30 };
    let leases = done(store.lease(bench.fence, vec![want]).await);
    assert_eq!(leases, [Lease { used: 0, ceiling: 30, elsewhere: 20, ..Lease::default() }]);
}
