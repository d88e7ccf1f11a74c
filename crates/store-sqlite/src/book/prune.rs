//! What may be forgotten? Finished holds and closed windows, long after anybody asks for them, a few with each post.

use rusqlite::Connection;
use tollgate_model::{RequestId, Timestamp};

use crate::failure::Failure;

/// Ninety days: longer than a month's window and than any provider keeps a task.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;

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
         WHERE request < ?1 AND at < ?2 AND state IN ('settled', 'voided') ORDER BY request",
        few!(),
        ")"
    );
    conn.prepare_cached(holds)?.execute((oldest.as_bytes(), horizon.millis()))?;
    let counters = concat!("DELETE FROM counters WHERE id IN (SELECT id FROM counters WHERE ends < ?", few!(), ")");
    conn.prepare_cached(counters)?.execute([horizon.millis()])?;
    Ok(())
}
