//! Laws of holds: each resolves at most once, and its task has one owner.

use super::bench::{Bench, Story, TODAY, YESTERDAY, daily, done, key, name, task, team_today};
use crate::port::{HoldState, Store, Unit};
use tollgate_model::{Money, Scope};

/// Everything may be replayed from the beginning.
pub async fn a_fact_posted_again_changes_nothing(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 1000, None, 10).await;
    let (settled, voided, unknown, open) = (Story::new(1), Story::new(2), Story::new(3), Story::new(4));
    let facts = vec![
        settled.held(),
        settled.opened("71"),
        settled.settled(12),
        voided.held(),
        voided.voided(),
        unknown.held(),
        unknown.unknown(),
        open.held(),
        open.opened("74"),
    ];
    bench.post(facts.clone()).await;
    let once = (
        done(store.unsettled(None, usize::MAX).await),
        done(store.usage("2026-11-23", "2026-11-23").await),
        bench.used(&team_today(), "solver").await,
    );
    assert_eq!(once.2, 32);
    bench.post(facts.clone()).await;
    bench.post(facts.into_iter().flat_map(|fact| [fact.clone(), fact]).collect()).await;
    let again = (
        done(store.unsettled(None, usize::MAX).await),
        done(store.usage("2026-11-23", "2026-11-23").await),
        bench.used(&team_today(), "solver").await,
    );
    assert_eq!(again, once);
}

/// The first price stands, and a paid hold is not returned nor forgotten.
pub async fn a_hold_settles_once(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 10).await;
    let story = Story::new(1);
    bench.post(vec![story.held(), story.opened("71"), story.settled(4)]).await;
    bench.post(vec![story.settled(9), story.voided(), story.unknown()]).await;
    assert_eq!(bench.used(&team_today(), "solver").await, 4);
    let owner = done(store.owner(&story.upstream, task("71")).await);
    let settled = Some(Money::from_nanos(4));
    assert_eq!(owner, Some(crate::port::HoldRow { settled, ..story.row(Some("71"), HoldState::Settled) }));
}

/// A provider that charges more than the worst case is paid what it took; the excess is told beside it.
pub async fn a_cost_over_the_hold_is_booked_in_full(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 10).await;
    let story = Story::new(1);
    bench.post(vec![story.held(), story.settled(13)]).await;
    assert_eq!(bench.used(&team_today(), "solver").await, 13);
    match done(store.usage("2026-11-23", "2026-11-23").await).as_slice() {
        [row] => assert_eq!((row.settled, row.excess), (Money::from_nanos(13), Money::from_nanos(3))),
        rows => panic!("{rows:?}"),
    }
}

/// On the provider's word that it did no work everything returns, once.
pub async fn a_voided_hold_returns_money_and_task(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let tasks = daily(Scope::Team(name("research")), Unit::Tasks, TODAY);
    bench.lease(&team_today(), "solver", 100, None, 10).await;
    bench.lease(&tasks, "solver", 100, None, 10).await;
    let (voided, kept) = (Story::new(1), Story::new(2));
    bench.post(vec![voided.held(), kept.held()]).await;
    bench.post(vec![voided.voided(), voided.voided(), voided.settled(5)]).await;
    assert_eq!(bench.used(&team_today(), "solver").await, 10);
    assert_eq!(bench.used(&tasks, "solver").await, 1);
    assert_eq!(bench.unsettled(voided.request).await, None);
}

/// Nothing returns on a guess; a later word of the provider decides, once.
pub async fn an_unknown_hold_stays_spent_until_it_is_known(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 10).await;
    let (paid, refunded, lost) = (Story::new(1), Story::new(2), Story::new(3));
    for story in [&paid, &refunded, &lost] {
        bench.post(vec![story.held(), story.unknown()]).await;
    }
    assert_eq!(bench.used(&team_today(), "solver").await, 30);
    bench.post(vec![paid.settled(6), refunded.voided(), lost.opened("73")]).await;
    assert_eq!(bench.used(&team_today(), "solver").await, 16);
    assert_eq!(done(store.unsettled(None, usize::MAX).await), [lost.row(Some("73"), HoldState::Unknown)]);
}

/// A price for nothing is no cost.
pub async fn facts_about_a_hold_that_was_never_made_change_nothing(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 100, None, 10).await;
    let story = Story::new(1);
    bench.post(vec![story.opened("71"), story.settled(4), story.voided(), story.unknown()]).await;
    assert_eq!(bench.used(&team_today(), "solver").await, 0);
    assert_eq!(done(store.unsettled(None, usize::MAX).await), []);
    assert_eq!(done(store.owner(&story.upstream, task("71")).await), None);
}

/// Providers use ids again; two accounts' ids are not the same task.
pub async fn the_newest_hold_owns_a_task(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let old = Story::on(YESTERDAY, 9);
    let new = Story { key: key(2), ..Story::new(1) };
    let elsewhere = Story { upstream: name("other"), ..Story::new(3) };
    // posted out of order: the time decides, not the arrival
    bench.post(vec![new.held(), new.opened("71"), elsewhere.held(), elsewhere.opened("71"), old.held(), old.opened("71")]).await;
    assert_eq!(done(store.owner(&new.upstream, task("71")).await), Some(new.row(Some("71"), HoldState::Open)));
    assert_eq!(done(store.owner(&elsewhere.upstream, task("71")).await), Some(elsewhere.row(Some("71"), HoldState::Open)));
    assert_eq!(done(store.owner(&new.upstream, task("72")).await), None);
    assert_eq!(done(store.owner(&name("third"), task("71")).await), None);
}

/// A second name for the same hold is not believed.
pub async fn a_task_is_named_once(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let story = Story::new(1);
    bench.post(vec![story.held(), story.opened("71")]).await;
    bench.post(vec![story.opened("72")]).await;
    assert_eq!(done(store.owner(&story.upstream, task("72")).await), None);
    assert_eq!(bench.unsettled(story.request).await, Some(story.row(Some("71"), HoldState::Open)));
}

/// A gate that starts has no other memory than this.
pub async fn what_is_unsettled_is_told_whole_and_oldest_first(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let (old, open, teamless, paid) =
        (Story::on(YESTERDAY, 9), Story::new(1), Story { key: key(2), team: None, ..Story::new(2) }, Story::new(3));
    bench.post(vec![paid.held(), teamless.held(), open.held(), open.opened("5b3f-A"), old.held(), old.unknown(), paid.settled(1)]).await;
    let expected = [old.row(None, HoldState::Unknown), open.row(Some("5b3f-A"), HoldState::Open), teamless.row(None, HoldState::Open)];
    assert_eq!(done(store.unsettled(None, usize::MAX).await), expected);
    // in pieces: each goes on behind the last of the one before
    let (mut pieces, mut behind) = (Vec::new(), None);
    loop {
        let piece = done(store.unsettled(behind, 2).await);
        assert!(piece.len() <= 2);
        let Some(last) = piece.last() else { break };
        behind = Some(last.request);
        pieces.extend(piece);
    }
    assert_eq!(pieces, expected);
}
