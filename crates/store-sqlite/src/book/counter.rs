//! How does a counted total stand in its tables, and what does it start from?

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use tollgate_books::{Counter, Holder, Unit};
use tollgate_model::Scope;

use super::sums::{SAFE, is_small, minute, minute_after};
use crate::column::{Parsed, scope, unit};
use crate::failure::Failure;

/// Far from both ends of the range: billions of quotients and of remainders can be summed.
const PART: i64 = 1_000_000_000;

/// One holder's part of a counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    /// The sum of its posted holds in the window.
    pub(super) posted: i64,
    /// Lost with a machine: counted as used.
    pub(super) stranded: i64,
    pub(super) ceiling: i64,
    /// The machine died; what was lost is counted at the next lease, when the journal has been replayed.
    pub(super) died: bool,
}

impl Share {
    pub(super) const fn used(&self) -> i64 {
        self.posted.saturating_add(self.stranded)
    }

    pub(super) fn reserved(&self) -> i64 {
        self.ceiling.max(self.used())
    }

    /// What was lost with the machine counts as used.
    pub(super) fn strand(&mut self) {
        if self.died {
            self.stranded = self.stranded.saturating_add(self.ceiling.saturating_sub(self.used()).max(0));
            self.died = false;
        }
    }

    fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<Self> {
        Ok(Self { posted: row.get(from)?, stranded: row.get(from + 1)?, ceiling: row.get(from + 2)?, died: row.get(from + 3)? })
    }
}

/// The counter's row, if it was seen before.
pub(super) fn find(conn: &Connection, counter: &Counter) -> Result<Option<i64>, Failure> {
    let sql = "SELECT id FROM counters WHERE scope = ? AND unit = ? AND period = ? AND zone = ? AND starts = ? AND ends = ?";
    Ok(conn.prepare_cached(sql)?.query_row(identity(counter), |row| row.get(0)).optional()?)
}

/// The counter's row, made if need be from the holds that are in the book; they are taken to be this instance's.
pub(super) fn find_or_seed(conn: &Connection, counter: &Counter, instance: &str) -> Result<i64, Failure> {
    if let Some(id) = find(conn, counter)? {
        return Ok(id);
    }
    let sql = "INSERT INTO counters (scope, unit, period, zone, starts, ends) VALUES (?, ?, ?, ?, ?, ?) RETURNING id";
    let id = conn.prepare_cached(sql)?.query_row(identity(counter), |row| row.get(0))?;
    for (account, posted) in seed(conn, counter)? {
        put(conn, id, instance, &account, &Share { posted, ..Share::default() })?;
    }
    Ok(id)
}

fn identity(counter: &Counter) -> impl rusqlite::Params {
    (
        scope(&counter.scope),
        unit(counter.unit),
        counter.period.as_str(),
        counter.zone.name().to_owned(),
        counter.window.start.millis(),
        counter.window.end.millis(),
    )
}

/// What is in the book already, by account: the minutes that the window touches.
fn seed(conn: &Connection, counter: &Counter) -> Result<Vec<(String, i64)>, Failure> {
    let (from, whose, money): (&str, &dyn ToSql, &str) = match &counter.scope {
        Scope::Key(key) => ("sums WHERE key", key.as_bytes(), "settled + held + unknown"),
        Scope::Team(_) | Scope::Upstream(_) => ("totals WHERE scope", &scope(&counter.scope), "money"),
    };
    let weight = match counter.unit {
        Unit::Money => money,
        Unit::Tasks => "tasks",
    };
    // summed in two parts, since SQLite's own sum fails when it overflows
    let sum = format!("sum(({weight}) / {PART}), sum(({weight}) % {PART})");
    let sql = format!("SELECT upstream, {sum} FROM {from} = ? AND minute >= ? AND minute < ? GROUP BY upstream");
    let window = (minute(counter.window.start), minute_after(counter.window.end));
    let mut rows = conn.prepare_cached(&sql)?;
    let sums = rows.query_map(params![whose, window.0, window.1], |row| {
        let sum = i128::from(row.get::<_, i64>(1)?) * i128::from(PART) + i128::from(row.get::<_, i64>(2)?);
        Ok((row.get(0)?, i64::try_from(sum).unwrap_or(i64::MAX)))
    })?;
    Ok(sums.collect::<Result<_, _>>()?)
}

/// Every holder's part.
pub(super) fn shares(conn: &Connection, counter: i64) -> Result<Vec<(Holder, Share)>, Failure> {
    let mut rows = conn.prepare_cached("SELECT instance, account, posted, stranded, ceiling, died FROM shares WHERE counter = ?")?;
    let shares = rows.query_map([counter], |row| {
        let holder = Holder { instance: row.get(0)?, account: row.get::<_, Parsed<_>>(1)?.0 };
        Ok((holder, Share::read(row, 2)?))
    })?;
    Ok(shares.collect::<Result<_, _>>()?)
}

/// One holder's part.
pub(super) fn share(conn: &Connection, counter: i64, instance: &str, account: &str) -> Result<Option<Share>, Failure> {
    let sql = "SELECT posted, stranded, ceiling, died FROM shares WHERE counter = ? AND instance = ? AND account = ?";
    let mut row = conn.prepare_cached(sql)?;
    Ok(row.query_row(params![counter, instance, account], |row| Share::read(row, 0)).optional()?)
}

/// Writes one holder's part.
pub(super) fn put(conn: &Connection, counter: i64, instance: &str, account: &str, share: &Share) -> Result<(), Failure> {
    let sql = "INSERT OR REPLACE INTO shares (counter, instance, account, posted, stranded, ceiling, died) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let mut row = conn.prepare_cached(sql)?;
    row.execute(params![counter, instance, account, share.posted, share.stranded, share.ceiling, share.died])?;
    Ok(())
}

/// Adds to what a holder has posted.
pub(super) fn post(conn: &Connection, counter: i64, instance: &str, account: &str, delta: i64) -> Result<(), Failure> {
    let sql = "UPDATE shares SET posted = posted + ?1 WHERE counter = ?2 AND instance = ?3 AND account = ?4 AND abs(posted) < ?5";
    let added = is_small(delta) && conn.prepare_cached(sql)?.execute(params![delta, counter, instance, account, SAFE])? == 1;
    if added {
        return Ok(());
    }
    let mut share = share(conn, counter, instance, account)?.unwrap_or_default();
    share.posted = share.posted.saturating_add(delta);
    put(conn, counter, instance, account, &share)
}
