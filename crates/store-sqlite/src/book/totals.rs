//! What was spent in a quarter of an hour by a scope of many keys? The same as `sums`, without whose and for what.

use rusqlite::{Connection, OptionalExtension, params};
use tollgate_model::Name;

use super::sums::Sums;
use crate::failure::Failure;

/// Adds a change to a scope's total.
pub(super) fn add(conn: &Connection, scope: &str, quarter: i64, upstream: &Name, change: &Sums) -> Result<(), Failure> {
    let find = "SELECT tasks, money FROM totals WHERE scope = ? AND quarter = ? AND upstream = ?";
    let identity = params![scope, quarter, upstream.as_str()];
    let found: Option<(i64, i64)> = conn.prepare_cached(find)?.query_row(identity, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (tasks, money) = found.unwrap_or_default();
    let put = "INSERT OR REPLACE INTO totals (scope, quarter, upstream, tasks, money) VALUES (?, ?, ?, ?, ?)";
    let (tasks, money) = (tasks.saturating_add(change.tasks), money.saturating_add(change.weight()));
    conn.prepare_cached(put)?.execute(params![scope, quarter, upstream.as_str(), tasks, money])?;
    Ok(())
}
