//! What may be forgotten? Finished holds, closed windows and the hours of old sums, long after anybody asks for them, a few with
//! each post.

use rusqlite::Connection;
use tollgate_model::{RequestId, Timestamp};

use super::sums::{self, DAY, quarter};
use crate::failure::Failure;

/// Ninety days: longer than a month's window and than any provider keeps a task.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;
/// Longer than a month's window in any zone: older quarters are only asked for by days or all together.
const IN_QUARTERS_MS: i64 = 40 * 24 * 60 * 60 * 1000;

/// Forgets at most this many of each kind in one post, so that no post is slow for it.
macro_rules! few {
    () => {
        " LIMIT 200"
    };
}

/// Forgets settled and voided holds, with their task's owner, and counters whose window has ended. Their sums stay in `usage`.
pub(super) fn prune(conn: &Connection, now: Timestamp) -> Result<(), Failure> {
    let horizon = now.plus_millis(-KEPT_MS);
    // ids begin with their time: the oldest are found without an index of their own
    let oldest = RequestId::new(horizon, [0; 10]);
    let holds = concat!(
        "DELETE FROM holds WHERE request IN (SELECT request FROM holds
         WHERE request < ?1 AND at < ?2 AND state >= 2 ORDER BY request",
        few!(),
        ")"
    );
    conn.prepare_cached(holds)?.execute((oldest.as_bytes(), horizon.millis()))?;
    let counters = concat!("DELETE FROM counters WHERE id IN (SELECT id FROM counters WHERE ends < ?", few!(), ")");
    conn.prepare_cached(counters)?.execute([horizon.millis()])?;
    fold(conn, quarter(now.plus_millis(-IN_QUARTERS_MS)).div_euclid(DAY).saturating_mul(DAY))
}

/// Puts old quarters' sums to their day's first quarter. The mark is behind the days that are folded: no post looks at them again.
fn fold(conn: &Connection, horizon: i64) -> Result<(), Failure> {
    let folded: i64 = conn.prepare_cached("SELECT folded FROM meta")?.query_row([], |row| row.get(0))?;
    if folded >= horizon {
        return Ok(());
    }
    let few = concat!(sums::select!(), " WHERE quarter >= ? AND quarter < ? AND quarter % 96 <> 0 ORDER BY quarter", few!());
    let mut rows = conn.prepare_cached(few)?;
    let rows = rows.query_map([folded, horizon], sums::row)?.collect::<Result<Vec<_>, _>>()?;
    for (group, first, change) in &rows {
        sums::remove(conn, group)?;
        sums::add(conn, &sums::Group { quarter: group.quarter.div_euclid(DAY).saturating_mul(DAY), ..group.clone() }, *first, change)?;
    }
    // fewer than were asked for: nothing is left before the horizon
    let reached = rows.last().map_or(horizon, |(group, ..)| group.quarter);
    conn.prepare_cached("UPDATE meta SET folded = ?")?.execute([reached])?;
    Ok(())
}
