//! What does the journal know that the book does not? Its lines as the books' facts.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use tollgate_audit::{Decision, Happened, HoldEnd, Journal, Kind, Record};
use tollgate_books::{Adjustment, Books, Fact, Recovered};
use tollgate_gateway::clock::Clock;
use tollgate_gateway::{KEPT_MS, Kept, Repeats, Upstreams};

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

/// What callers have named within the time that it is answered again: a name that a restart forgot would be bought twice. Of an
/// answer that is not in the journal, and none is, the task's id is given, or that nobody knows.
pub(crate) fn repeats(audit: &Path, upstreams: &Upstreams, clock: Clock) -> Result<Arc<Repeats>> {
    let repeats = Repeats::default();
    let now = clock.now().wall;
    let collapsing: Vec<_> = upstreams.iter().filter_map(|upstream| upstream.collapse.as_ref()).collect();
    let since = now.plus_millis(-KEPT_MS);
    for one in tollgate_audit::answered(audit, since).context("the audit log cannot be read back")? {
        let kept = one.task.map_or(Kept::Unknown, Kept::Task);
        // what has no name of its caller's stands under itself
        if one.name != one.body {
            repeats.restore(one.key, one.name, one.body, one.request, one.at, kept);
            continue;
        }
        for collapse in collapsing.iter().filter(|collapse| now.plus_millis(-collapse.kept_ms()) < one.at) {
            collapse.restore(one.key, one.name, one.body, one.request, one.at, kept.clone());
        }
    }
    Ok(Arc::new(repeats))
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
