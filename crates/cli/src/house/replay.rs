//! What does the journal know that the book does not? Its lines as the books' facts.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use tollgate_audit::{Decision, Happened, HoldEnd, Journal, Kind, Record};
use tollgate_books::{Books, Fact, Recovered};
use tollgate_gateway::clock::Clock;
use tollgate_gateway::{KEPT_MS, Repeats, Upstreams};
use tollgate_model::Timestamp;

use super::adjust;

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
    let mut facts = Vec::with_capacity(replayed.lines.len());
    for (lane, number, happened) in replayed.lines {
        tell(&mut facts, lane, number, happened);
    }
    Ok(Replayed { facts, whole: replayed.whole })
}

/// A line is one fact, and a correction as many as it has entries.
fn tell(facts: &mut Vec<(String, u64, Fact)>, lane: String, number: u64, happened: Happened) {
    let fact = match happened {
        Happened::Held { request, key, team, upstream, method, at, held } => Fact::Held { request, key, team, upstream, method, at, held },
        Happened::Opened { request, task, at } => Fact::Opened { request, task, at },
        Happened::Settled { request, cost, assumed, at } => Fact::Settled { request, cost, assumed, at },
        Happened::Voided { request, at } => Fact::Voided { request, at },
        Happened::Unknown { request, at } => Fact::Unknown { request, at },
        Happened::Corrected(correction) => {
            facts.extend(adjust::entries(correction).map(|entry| (lane.clone(), number, Fact::Adjusted(entry))));
            return;
        }
    };
    facts.push((lane, number, fact));
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
    use tollgate_audit::{Corrected, Correction};
    use tollgate_books::Adjustment;
    use tollgate_model::{KeyId, Money, Name, RequestId};

    use super::*;

    #[test]
    fn a_correction_is_as_many_facts_as_it_has_entries() {
        let (key, upstream, id) = (KeyId::from_bytes([7; 16]), Name::parse("a").unwrap(), |number| RequestId::from_bytes([number; 16]));
        let entry = |number, nanos| {
            let (request, method) = (id(number), "hcaptcha".to_owned());
            Corrected { request, team: None, upstream: upstream.clone(), method, at_ms: 5, nanos }
        };
        let (on, amount, reason) = ("1970-01-01".to_owned(), "-0.000000010".to_owned(), "r".to_owned());
        let entries = vec![entry(1, -3), entry(2, -7)];
        let mut facts = Vec::new();
        let correction = Correction { key, name: upstream.clone(), on, amount, reason, entries };
        tell(&mut facts, "desk".to_owned(), 4, Happened::Corrected(correction));
        let told = |number, nanos| {
            let (method, at, amount) = ("hcaptcha".to_owned(), Timestamp::from_millis(5), Money::from_nanos(nanos));
            let adjusted = Adjustment { request: id(number), key, team: None, upstream: upstream.clone(), method, at, amount };
            ("desk".to_owned(), 4, Fact::Adjusted(adjusted))
        };
        assert_eq!(facts, [told(1, -3), told(2, -7)]);
    }

    #[test]
    fn what_is_too_old_or_dated_later_than_now_is_not_collapsed_after_a_start() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let collapsed = [-60_001, -60_000, -59_999, 0, 1, 86_400_000].map(|millis| is_collapsed(now.plus_millis(millis), 60_000, now));
        assert_eq!(collapsed, [false, false, true, true, false, false]);
    }
}
