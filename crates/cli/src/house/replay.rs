//! What does the journal know that the book does not? Its lines as the books' facts.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use tollgate_audit::{Decision, Happened, HoldEnd, Journal, Kind, Record};
use tollgate_books::{Adjustment, Books, Fact, Recovered};
use tollgate_gateway::clock::Clock;
use tollgate_gateway::{KEPT_MS, Repeats, Upstreams};
use tollgate_model::Timestamp;

/// The lane of outcomes that a dead process owed.
const LANE: &str = "recovery";

/// Facts of the lines behind what the book has.
pub(crate) struct Replayed {
    pub(crate) facts: Vec<(String, u64, Fact)>,
    /// Whether the journal holds everything that was ever fsynced of it.
    pub(crate) whole: bool,
}

/// Reads the journal from there on.
pub(crate) fn since(audit: &Path, from: &HashMap<String, u64>) -> Result<Replayed> {
    let replayed = tollgate_audit::replay(audit, from).context("the audit log cannot be read back")?;
    let facts = replayed.lines.into_iter().map(|(lane, number, happened)| (lane, number, fact(happened))).collect();
    Ok(Replayed { facts, whole: replayed.whole })
}

fn fact(happened: Happened) -> Fact {
    match happened {
        Happened::Held { request, key, team, upstream, method, at, held } => Fact::Held { request, key, team, upstream, method, at, held },
        Happened::Opened { request, task, at } => Fact::Opened { request, task, at },
        Happened::Settled { request, cost, assumed, at } => Fact::Settled { request, cost, assumed, at },
        Happened::Voided { request, at } => Fact::Voided { request, at },
        Happened::Unknown { request, at } => Fact::Unknown { request, at },
        Happened::Adjusted { request, key, team, upstream, method, at, amount } => {
            Fact::Adjusted(Adjustment { request, key, team, upstream, method, at, amount })
        }
    }
}

/// What callers have named within the time that it is answered again: a name that a restart forgot would be bought twice.
pub(crate) fn repeats(audit: &Path, upstreams: &Upstreams, clock: Clock) -> Result<Arc<Repeats>> {
    let repeats = Repeats::default();
    let now = clock.now().wall;
    let collapsing: Vec<_> = upstreams.iter().filter_map(|upstream| upstream.collapse.as_ref()).collect();
    let since = now.plus_millis(-KEPT_MS);
    for one in tollgate_audit::answered(audit, since).context("the audit log cannot be read back")? {
        // what has no name of its caller's stands under itself
        if one.name != one.body {
            repeats.restore(&one, now);
            continue;
        }
        for collapse in collapsing.iter().filter(|collapse| is_collapsed(one.at, collapse.kept_ms(), now)) {
            collapse.restore(&one, now);
        }
    }
    Ok(Arc::new(repeats))
}

/// Whether what was bought then is still given to whoever says the same. What a clock that was ahead has dated later than now may be
/// of any age, and nobody has asked for its answer: it is bought anew.
fn is_collapsed(at: Timestamp, kept_ms: i64, now: Timestamp) -> bool {
    now.plus_millis(-kept_ms) < at && at <= now
}

/// Writes the outcome that the last process owed: sent, and nobody knows.
pub(crate) fn give_up(journal: &Journal, books: &Books, recovered: &Recovered, known: &HashMap<String, u64>, clock: Clock) -> Result<()> {
    if recovered.unknown.is_empty() {
        return Ok(());
    }
    let mut lane = journal.lane(LANE)?;
    let now = clock.now();
    lane.continue_behind(known.get(LANE).copied().unwrap_or(0), now);
    for row in &recovered.unknown {
        lane.append(&Record {
            upstream: Some(&row.upstream),
            team: row.team.as_ref(),
            method: Some(&row.method),
            decision: Decision::Failed,
            denied_by: Some("outcome_unknown"),
            reason: Some("the last process ended before the provider's answer was written down"),
            held: Some(row.held),
            hold: Some(HoldEnd::Unknown),
            ..Record::new(now.wall, Kind::Outcome, row.request)
        });
    }
    lane.flush(now).context("the outcomes of the last process cannot be written down")?;
    books.lane(LANE).pushed(lane.flushed_upto());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_old_or_dated_later_than_now_is_not_collapsed_after_a_start() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let collapsed = [-60_001, -60_000, -59_999, 0, 1, 86_400_000].map(|millis| is_collapsed(now.plus_millis(millis), 60_000, now));
        assert_eq!(collapsed, [false, false, true, true, false, false]);
    }
}
