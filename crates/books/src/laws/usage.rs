//! Laws of usage: what a report can be made of.

use tollgate_model::Money;

use super::bench::{Bench, Story, done, key, name};
use crate::port::{Fact, Store, UsageRow};

/// One row for each key, account, method and UTC day, in this order; both ends of the span are in it.
pub async fn usage_is_summed_by_key_account_method_and_day(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let mut facts: Vec<Fact> = Vec::new();
    for (at, cost) in
        [("2026-11-20T23:59:59.999Z", 1), ("2026-11-21T00:00:00Z", 2), ("2026-11-22T23:59:59.999Z", 12), ("2026-11-23T00:00:00Z", 3)]
    {
        let story = Story::on(at, 1);
        facts.extend([story.held(), story.settled(cost)]);
    }
    let noon = "2026-11-22T12:00:00Z";
    let (open, unknown) = (Story::on(noon, 2), Story::on(noon, 3));
    let other_method = Story { method: "HCaptcha".to_owned(), ..Story::on(noon, 4) };
    let other_account = Story { upstream: name("other"), ..Story::on(noon, 5) };
    let other_key = Story { key: key(2), team: None, ..Story::on(noon, 6) };
    facts.extend([open.held(), unknown.held(), unknown.unknown(), other_method.held(), other_account.held(), other_key.held()]);
    bench.post(facts).await;
    let open_row = |story: &Story| row(story, "2026-11-22", 1, [0, 10, 0, 0]);
    let expected = [
        open_row(&other_account),
        open_row(&other_method),
        row(&open, "2026-11-21", 1, [2, 0, 0, 0]),
        row(&open, "2026-11-22", 3, [12, 10, 10, 2]),
        open_row(&other_key),
    ];
    assert_eq!(done(store.usage("2026-11-21", "2026-11-22").await), expected);
    assert_eq!(done(store.usage("2026-11-24", "2026-12-31").await), []);
}

/// From the admission until the answer; what was returned, is open or unknown keeps none, and nothing keeps one longer than a provider
/// works.
pub async fn a_thread_is_at_work_from_a_tasks_admission_until_it_is_settled(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let (quick, slow, back, voided, open) = (Story::new(1), Story::new(2), Story::new(3), Story::new(4), Story::new(5));
    let settled = |story: &Story, later: i64| Fact::Settled {
        request: story.request,
        cost: Money::from_nanos(4),
        assumed: false,
        at: story.at.plus_millis(later),
    };
    let returned = Fact::Voided { request: voided.request, at: voided.at.plus_millis(9_000) };
    bench.post(vec![quick.held(), slow.held(), back.held(), voided.held(), open.held(), settled(&quick, 1_500)]).await;
    bench.post(vec![settled(&slow, 86_400_000), settled(&slow, 1), settled(&back, -5_000), returned, settled(&quick, 9_000)]).await;
    let rows = done(store.usage("2026-11-23", "2026-11-23").await);
    assert_eq!(rows.iter().map(|row| (row.tasks, row.busy_ms)).collect::<Vec<_>>(), [(4, 1_500 + 600_000)]);
}

/// What was returned was not used.
pub async fn usage_leaves_voided_holds_out(store: &dyn Store) {
    let bench = Bench::open(store).await;
    let (voided, paid) = (Story::new(1), Story::new(2));
    bench.post(vec![voided.held(), voided.voided()]).await;
    assert_eq!(done(store.usage("2026-11-23", "2026-11-23").await), []);
    bench.post(vec![paid.held(), paid.settled(4)]).await;
    assert_eq!(done(store.usage("2026-11-23", "2026-11-23").await), [row(&paid, "2026-11-23", 1, [4, 0, 0, 0])]);
}

/// A row of this story's kind; money as settled, held, unknown, excess.
fn row(story: &Story, day: &str, tasks: i64, money: [i64; 4]) -> UsageRow {
    let Story { key, team, upstream, method, .. } = story.clone();
    let [settled, held, unknown, excess] = money.map(Money::from_nanos);
    UsageRow { key, team, upstream, method, day: day.to_owned(), tasks, settled, held, unknown, excess, busy_ms: 0 }
}
