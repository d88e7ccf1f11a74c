//! What may be forgotten? Finished holds, closed windows and the hours of old sums, long after anybody asks for them, a few with
//! each post.

use rusqlite::Connection;
use tollgate_model::{RequestId, Timestamp};

use super::sums::{self, DAY, minute};
use super::totals;
use crate::failure::Failure;

/// Ninety days: longer than a month's window and than any provider keeps a task.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;
/// What is this old is asked for by quarters of an hour at the least: longer than a rolling day, with its bucket.
const IN_MINUTES_MS: i64 = 26 * 60 * 60 * 1000;
/// And this old by days: longer than a month's window in any zone.
const IN_QUARTERS_MS: i64 = 40 * 24 * 60 * 60 * 1000;

/// Forgets at most this many of each kind in one post, so that no post is slow for it.
const FEW: usize = 200;
macro_rules! few {
    () => {
        " LIMIT 200"
    };
}

/// Forgets settled and voided holds, with their task's owner, and counters whose window has ended. Their sums stay in `usage`. A
/// correction is never forgotten: its line is replayed for as long as the journal is kept, and must change nothing again.
pub(super) fn prune(conn: &Connection, now: Timestamp, told: usize) -> Result<(), Failure> {
    let horizon = now.plus_millis(-KEPT_MS);
    // ids begin with their time: the oldest are found without an index of their own
    let oldest = RequestId::new(horizon, [0; 10]);
    let holds = "DELETE FROM holds WHERE request IN (SELECT request FROM holds
         WHERE request < ?1 AND at < ?2 AND state IN (2, 3) ORDER BY request LIMIT ?3)";
    // of holds as many as the post tells facts: more than a post brings are never left
    let most = i64::try_from(told.max(200)).unwrap_or(i64::MAX);
    conn.prepare_cached(holds)?.execute((oldest.as_bytes(), horizon.millis(), most))?;
    let counters = concat!("DELETE FROM counters WHERE id IN (SELECT id FROM counters WHERE ends < ?", few!(), ")");
    conn.prepare_cached(counters)?.execute([horizon.millis()])?;
    let buckets =
        concat!("DELETE FROM counters WHERE id IN (SELECT id FROM counters WHERE ends < ? AND period IN ('24h', 'hour')", few!(), ")");
    conn.prepare_cached(buckets)?.execute([now.plus_millis(-IN_MINUTES_MS).millis()])?;
    fold(conn, "quarters", 15, now.plus_millis(-IN_MINUTES_MS))?;
    fold(conn, "days", DAY, now.plus_millis(-IN_QUARTERS_MS))
}

/// Puts sums to the first minute of so many. The mark stands behind what is folded: no post looks at it again.
fn fold(conn: &Connection, mark: &str, width: i64, before: Timestamp) -> Result<(), Failure> {
    let first_of = |at: i64| at.div_euclid(width).saturating_mul(width);
    let horizon = first_of(minute(before));
    let folded: i64 = conn.prepare_cached(&format!("SELECT {mark} FROM meta"))?.query_row([], |row| row.get(0))?;
    if folded >= horizon {
        return Ok(());
    }
    let few = concat!(sums::select!(), " WHERE minute >= ? AND minute < ? AND minute % ? <> 0 ORDER BY minute", few!());
    let rows = conn.prepare_cached(few)?.query_map([folded, horizon, width], sums::row)?.collect::<Result<Vec<_>, _>>()?;
    for (group, first, change) in &rows {
        sums::remove(conn, group)?;
        sums::add(conn, &sums::Group { minute: first_of(group.minute), ..group.clone() }, *first, change)?;
    }
    // fewer than were asked for: nothing is left before the horizon
    let reached = if rows.len() < FEW { horizon } else { rows.last().map_or(horizon, |(group, ..)| group.minute) };
    totals::fold(conn, folded, reached, width)?;
    conn.prepare_cached(&format!("UPDATE meta SET {mark} = ?"))?.execute([reached])?;
    Ok(())
}
