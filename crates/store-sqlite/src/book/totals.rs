//! What was spent in a minute by a scope of many keys? The same as `sums`, without whose and for what.

use rusqlite::{Connection, OptionalExtension, params};
use tollgate_model::Name;

use super::sums::Sums;
use crate::column::Parsed;
use crate::failure::Failure;

/// Adds a change to a scope's total.
pub(super) fn add(conn: &Connection, scope: &str, minute: i64, upstream: &Name, change: &Sums) -> Result<(), Failure> {
    let find = "SELECT tasks, money FROM totals WHERE scope = ? AND minute = ? AND upstream = ?";
    let identity = params![scope, minute, upstream.as_str()];
    let found: Option<(i64, i64)> = conn.prepare_cached(find)?.query_row(identity, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (tasks, money) = found.unwrap_or_default();
    let put = "INSERT OR REPLACE INTO totals (scope, minute, upstream, tasks, money) VALUES (?, ?, ?, ?, ?)";
    let (tasks, money) = (tasks.saturating_add(change.tasks), money.saturating_add(change.weight()));
    conn.prepare_cached(put)?.execute(params![scope, minute, upstream.as_str(), tasks, money])?;
    Ok(())
}

/// Puts totals to the first minute of so many.
pub(super) fn fold(conn: &Connection, from: i64, before: i64, width: i64) -> Result<(), Failure> {
    let some = "SELECT scope, minute, upstream, tasks, money FROM totals WHERE minute >= ? AND minute < ? AND minute % ? <> 0";
    let mut rows = conn.prepare_cached(some)?;
    let rows = rows.query_map([from, before, width], |row| {
        let change = Sums { tasks: row.get(3)?, settled: row.get(4)?, ..Sums::default() };
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Parsed<_>>(2)?.0, change))
    })?;
    for row in rows.collect::<Result<Vec<_>, _>>()? {
        let (scope, minute, upstream, change) = row;
        let sql = "DELETE FROM totals WHERE scope = ? AND minute = ? AND upstream = ?";
        conn.prepare_cached(sql)?.execute(params![scope, minute, Name::as_str(&upstream)])?;
        add(conn, &scope, minute.div_euclid(width).saturating_mul(width), &upstream, &change)?;
    }
    Ok(())
}
