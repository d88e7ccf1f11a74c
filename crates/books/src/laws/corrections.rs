//! Laws of corrections: what an operator says that a key has spent.

use tollgate_model::{Money, Scope, Timestamp};

use super::bench::{Bench, Story, TODAY, YESTERDAY, daily, done, instant, key, key_today, name, team_today};
use crate::adjust::{Adjustment, Spent};
use crate::port::{Fact, Store, Unit};

/// Up and down, in the totals of key, team and account alike.
pub async fn a_correction_is_money_and_no_task(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let account = daily(Scope::Upstream(name("solver")), Unit::Money, TODAY);
    let tasks = daily(Scope::Team(name("research")), Unit::Tasks, TODAY);
    for counter in [&team_today(), &key_today(), &account, &tasks] {
        bench.lease(counter, "solver", 1_000, None, 10).await;
    }
    let story = Story::new(1);
    bench.post(vec![story.held(), story.settled(8), corrected(&Story::new(2), 30), corrected(&Story::new(3), -5)]).await;
    for counter in [&team_today(), &key_today(), &account] {
        assert_eq!(bench.used(counter, "solver").await, 33, "{counter:?}");
    }
    assert_eq!(bench.used(&tasks, "solver").await, 1);
}

/// Also in one that nobody has asked for yet.
pub async fn a_correction_counts_in_the_windows_of_its_instant(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let yesterday = daily(Scope::Team(name("research")), Unit::Money, YESTERDAY);
    bench.lease(&team_today(), "solver", 1_000, None, 10).await;
    bench.post(vec![corrected(&Story::on(YESTERDAY, 1), 7), corrected(&Story::new(2), 4)]).await;
    assert_eq!((bench.used(&team_today(), "solver").await, bench.used(&yesterday, "solver").await), (4, 7));
    let tasks = daily(Scope::Team(name("research")), Unit::Tasks, YESTERDAY);
    assert_eq!(bench.used(&tasks, "solver").await, 0);
}

/// Its line is replayed at every start; nor does what may happen to a hold happen to it.
pub async fn a_correction_posted_again_changes_nothing(store: &dyn Store) {
    let bench = Bench::open(store).await;
    bench.lease(&team_today(), "solver", 1_000, None, 10).await;
    let (up, other) = (Story::new(1), Story::new(2));
    bench.post(vec![corrected(&up, 30), corrected(&other, 1)]).await;
    bench.post(vec![corrected(&up, 30), corrected(&up, 31)]).await;
    bench.post(vec![up.held(), up.settled(2), up.voided(), up.unknown(), corrected(&other, 1)]).await;
    assert_eq!(bench.used(&team_today(), "solver").await, 31);
    assert_eq!(done(store.unsettled(None, usize::MAX).await), []);
}

/// Beside what was bought of its method on its day, and alone where nothing was.
pub async fn a_correction_stands_in_usage(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let bought = Story::new(1);
    let alone = Story { method: "correction".to_owned(), ..Story::on(YESTERDAY, 2) };
    bench.post(vec![bought.held(), bought.settled(8), corrected(&Story::new(3), -6), corrected(&alone, 30)]).await;
    let rows = done(store.usage("2026-11-22", "2026-11-23").await);
    let told: Vec<_> = rows.iter().map(|row| (&*row.method, &*row.day, row.tasks, row.settled.nanos(), row.excess.nanos())).collect();
    assert_eq!(told, [("NormalCaptcha", "2026-11-23", 1, 2, 0), ("correction", "2026-11-22", 0, 30, 0)]);
}

/// Corrections are in it; what is open or unknown is not, nor another key's, nor a minute with nothing left.
pub async fn what_a_key_has_settled_is_told_by_the_minute(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let late = "2026-11-23T09:00:59.999Z";
    let (one, two, empty) = (Story::new(1), Story::on(late, 2), Story::on("2026-11-23T09:01:00Z", 3));
    let other_method = Story { method: "HCaptcha".to_owned(), team: None, ..Story::new(4) };
    let (open, unknown, other_key) = (Story::new(5), Story::new(6), Story { key: key(2), ..Story::new(7) });
    let mut facts = vec![open.held(), unknown.held(), unknown.unknown()];
    for story in [&one, &two, &empty, &other_method, &other_key] {
        facts.extend([story.held(), story.settled(8)]);
    }
    facts.extend([corrected(&Story::on(late, 8), -5), corrected(&Story::on("2026-11-23T09:01:30Z", 9), -8)]);
    bench.post(facts).await;
    let told = |from: &str, to: &str| store.spent(key(1), instant(from), instant(to));
    let all = [spent(&other_method, 8), spent(&one, 11)];
    assert_eq!(done(told(TODAY, "2026-11-24T00:00:00Z").await), all);
    assert_eq!(done(told(TODAY, "2026-11-23T09:01:00Z").await), all);
    assert_eq!(done(told("2026-11-23T09:01:00Z", "2026-11-24T00:00:00Z").await), []);
}

fn corrected(story: &Story, nanos: i64) -> Fact {
    let Story { request, key, team, upstream, method, at, .. } = story.clone();
    Fact::Adjusted(Adjustment { request, key, team, upstream, method, at, amount: Money::from_nanos(nanos) })
}

/// A row of this story's minute and kind.
fn spent(story: &Story, nanos: i64) -> Spent {
    let Story { team, upstream, method, at, .. } = story.clone();
    let at = Timestamp::from_millis(at.millis() / 60_000 * 60_000);
    Spent { at, team, upstream, method, settled: Money::from_nanos(nanos) }
}
