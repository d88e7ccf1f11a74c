//! What may be forgotten? Finished holds and closed windows, long after anybody asks for them, a few with each post.

use tollgate_model::{RequestId, Timestamp};

use super::passed::{self, MINUTE_MS};
use crate::failure::Failure;
use crate::session::Session;

/// Ninety days: longer than a month's window and than any provider keeps a task.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// Longer than a rolling day, with its bucket.
const LOOKED_BACK_MS: i64 = 26 * 60 * 60 * 1000;

/// The server's clock in milliseconds, one value in a whole transaction.
const SERVER: &str = "(extract(epoch FROM now()) * 1000)::bigint";

/// Forgets settled and voided holds, with their task's owner, and counters whose window has ended; at most 200 of each in one post,
/// so that no post is slow for it, but as many holds as it tells facts: more than a post brings are never left. None that another gate is forgetting. Their sums stay in `usage`. By the server's clock where it
/// is behind the facts': a gate whose clock runs ahead must not forget what the others' rolling caps still count.
pub(super) async fn prune(session: &Session, now: Timestamp, told: usize) -> Result<(), Failure> {
    let horizon = now.plus_millis(-KEPT_MS);
    // ids begin with their time: the oldest are found without an index of their own
    let oldest = RequestId::new(horizon, [0; 10]);
    let kept = format!("LEAST($1, {SERVER} - {KEPT_MS})");
    let holds = format!(
        "DELETE FROM tollgate.holds WHERE request IN (SELECT request FROM tollgate.holds
         WHERE request < $2 AND at < {kept} AND state IN ('settled', 'voided') ORDER BY request LIMIT $3 FOR UPDATE SKIP LOCKED)"
    );
    let most = i64::try_from(told.max(200)).unwrap_or(i64::MAX);
    session.execute(&holds, &[&horizon.millis(), &oldest.as_bytes().as_slice(), &most]).await?;
    let counters = format!(
        "DELETE FROM tollgate.counters WHERE id IN (SELECT id FROM tollgate.counters WHERE ends < {kept} LIMIT 200
         FOR UPDATE SKIP LOCKED)"
    );
    session.execute(&counters, &[&horizon.millis()]).await?;
    let looked_back = now.plus_millis(-LOOKED_BACK_MS);
    let buckets = format!(
        "DELETE FROM tollgate.counters WHERE id IN (SELECT id FROM tollgate.counters
         WHERE ends < LEAST($1, {SERVER} - {LOOKED_BACK_MS}) AND period IN ('24h', 'hour') LIMIT 200 FOR UPDATE SKIP LOCKED)"
    );
    session.execute(&buckets, &[&looked_back.millis()]).await?;
    let minutes = format!(
        "DELETE FROM tollgate.minutes WHERE (scope, minute) IN (SELECT scope, minute FROM tollgate.minutes
         WHERE minute < LEAST($1, ({SERVER} - {LOOKED_BACK_MS}) / {MINUTE_MS}) LIMIT 2000 FOR UPDATE SKIP LOCKED)"
    );
    session.execute(&minutes, &[&passed::minute(looked_back)]).await?;
    Ok(())
}
