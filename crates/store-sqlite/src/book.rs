//! The book in SQL: the same as the reference in memory does, step by step, each function inside one savepoint.

mod counter;
mod lease;
mod passed;
mod post;
mod prune;
mod rows;
mod sums;
mod tally;
mod totals;
mod usage;

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use tollgate_books::{Fence, HoldRow, Opened};
use tollgate_model::{Name, RequestId, TaskId};

use crate::column::{count, counted};
use crate::failure::Failure;

pub(crate) use lease::lease;
pub(crate) use post::post;
pub(crate) use usage::{days, spent, usage};

/// Opens the book for an instance; every earlier opening is void from now on.
pub(crate) fn open(conn: &Connection, instance: &str, boot: &str, journal_whole: bool) -> Result<Opened, Failure> {
    let fence: i64 = conn.query_row("UPDATE meta SET fence = fence + 1, instance = ? RETURNING fence", [instance], |row| row.get(0))?;
    let before: Option<String> = conn.query_row("SELECT boot FROM instances WHERE name = ?", [instance], |row| row.get(0)).optional()?;
    conn.execute("INSERT INTO instances (name, boot) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET boot = ?2", params![instance, boot])?;
    let machine_died = !journal_whole || before.is_some_and(|before| before != boot);
    if machine_died {
        conn.execute("UPDATE shares SET died = 1 WHERE instance = ?", [instance])?;
    } else {
        passed::release(conn, instance)?;
    }
    Ok(Opened { fence: Fence(counted(fence)), replay_from: lanes(conn)?, machine_died })
}

/// How far each lane's lines are in.
pub(crate) fn lanes(conn: &Connection) -> Result<HashMap<String, u64>, Failure> {
    let mut rows = conn.prepare_cached("SELECT name, upto FROM lanes")?;
    let lanes = rows.query_map([], |row| Ok((row.get(0)?, counted(row.get(1)?))))?;
    Ok(lanes.collect::<Result<_, _>>()?)
}

/// Who opened the book last, if it was this one.
fn opener(conn: &Connection, fence: Fence) -> Result<String, Failure> {
    let mut row = conn.prepare_cached("SELECT instance FROM meta WHERE fence = ?")?;
    row.query_row([count(fence.0)], |row| row.get(0)).optional()?.ok_or(Failure::Fenced)
}

/// The newest hold of an account that owns this task; ids are made in the order of time.
pub(crate) fn owner(conn: &Connection, upstream: &Name, task: TaskId) -> Result<Option<HoldRow>, Failure> {
    let sql = concat!(rows::select!(), " WHERE upstream = ? AND task = ? ORDER BY request DESC LIMIT 1");
    Ok(conn.prepare_cached(sql)?.query_row([upstream.as_str(), task.as_str()], rows::hold).optional()?)
}

/// Holds that are open or unknown, oldest first: so many at most, behind this one.
pub(crate) fn unsettled(conn: &Connection, behind: Option<RequestId>, most: usize) -> Result<Vec<HoldRow>, Failure> {
    found(conn, concat!(rows::select!(), " WHERE state < 2 AND request > ? ORDER BY request LIMIT ?"), behind, most)
}

/// Every hold, oldest first: so many at most, behind this one.
pub(crate) fn holds(conn: &Connection, behind: Option<RequestId>, most: usize) -> Result<Vec<HoldRow>, Failure> {
    found(conn, concat!(rows::select!(), " WHERE request > ? ORDER BY request LIMIT ?"), behind, most)
}

fn found(conn: &Connection, sql: &str, behind: Option<RequestId>, most: usize) -> Result<Vec<HoldRow>, Failure> {
    // an id is never empty: every one lies behind nothing
    let behind = behind.as_ref().map_or(&[] as &[u8], |behind| behind.as_bytes());
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut found: Vec<HoldRow> = Vec::new();
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![behind, most])?;
    while let Some(row) = rows.next()? {
        let row = rows::hold_like(row, found.last())?;
        found.push(row);
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
