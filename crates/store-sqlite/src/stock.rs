//! What is there to move elsewhere? Everything, read from a file that no gate has open; nothing in it is changed.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row};
use tollgate_books::stock::{CounterRow, DayRow, Measure, MinuteRow, Opening, ShareRow, Stock};
use tollgate_books::{HoldRow, StoreError, Unit};
use tollgate_model::{RequestId, Scope};
use tollgate_registry::Whole;

use crate::failure::Failure;
use crate::open::{self, OpenError};
use crate::writer::Writer;
use crate::{book, column, keys};

/// The store of a gate that is stopped; nobody else opens it meanwhile.
pub struct SqliteStock {
    conn: Connection,
    id: String,
    /// Holds the lock of the state folder.
    _writer: Writer,
}

impl SqliteStock {
    /// Opens the file as a gate's start does, which brings it to this binary's schema; one that is not there is not made.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        if !path.exists() {
            return Err(OpenError::Missing { path: path.to_owned() });
        }
        let open::Opened { writer, place } = open::open(path)?;
        let conn = place.connect_to_read().map_err(|failure| OpenError::Unreadable { path: path.to_owned(), why: failure.to_string() })?;
        Ok(Self { conn, id: place.id().to_owned(), _writer: writer })
    }

    /// This store's own id, 32 hex digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Keys and teams.
    pub fn registry(&self) -> Result<Whole, StoreError> {
        told(keys::whole(&self.conn))
    }
}

/// The port's words for whatever went wrong.
fn told<T>(done: Result<T, Failure>) -> Result<T, StoreError> {
    done.map_err(|failure| StoreError::from(&failure))
}

impl Stock for SqliteStock {
    fn opening(&mut self) -> Result<Option<Opening>, StoreError> {
        told(opening(&self.conn))
    }

    fn holds(&mut self, behind: Option<RequestId>, most: usize) -> Result<Vec<HoldRow>, StoreError> {
        told(book::holds(&self.conn, behind, most))
    }

    fn counters(&mut self) -> Result<Vec<CounterRow>, StoreError> {
        told(counters(&self.conn))
    }

    fn days(&mut self) -> Result<Vec<DayRow>, StoreError> {
        told(book::days(&self.conn))
    }

    fn minutes(&mut self) -> Result<Vec<MinuteRow>, StoreError> {
        told(minutes(&self.conn))
    }

    fn weigh(&mut self, measure: Measure) -> Result<i128, StoreError> {
        told(weigh(&self.conn, measure))
    }
}

fn opening(conn: &Connection) -> Result<Option<Opening>, Failure> {
    let sql = "SELECT i.name, i.boot FROM instances i JOIN meta m ON m.instance = i.name";
    let found = conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((instance, boot)) = found else { return Ok(None) };
    Ok(Some(Opening { instance, boot, lanes: book::lanes(conn)? }))
}

fn counters(conn: &Connection) -> Result<Vec<CounterRow>, Failure> {
    let mut counters: BTreeMap<i64, CounterRow> = BTreeMap::new();
    let mut rows = conn.prepare("SELECT id, scope, unit = 'money', period, zone, starts, ends FROM counters")?;
    let rows = rows.query_map([], |row| {
        let unit = if row.get(2)? { Unit::Money } else { Unit::Tasks };
        let (scope, period, zone) = (row.get(1)?, row.get(3)?, row.get(4)?);
        Ok((row.get(0)?, CounterRow { scope, unit, period, zone, starts: row.get(5)?, ends: row.get(6)?, shares: Vec::new() }))
    })?;
    for row in rows {
        let (id, counter) = row?;
        counters.insert(id, counter);
    }
    let mut rows = conn.prepare("SELECT counter, instance, account, posted, stranded, ceiling, died FROM shares")?;
    let shares = rows.query_map([], |row| Ok((row.get::<_, i64>(0)?, share(row)?)))?;
    for row in shares {
        let (id, share) = row?;
        if let Some(counter) = counters.get_mut(&id) {
            counter.shares.push(share);
        }
    }
    Ok(counters.into_values().collect())
}

fn share(row: &Row<'_>) -> rusqlite::Result<ShareRow> {
    Ok(ShareRow {
        instance: row.get(1)?,
        account: row.get(2)?,
        posted: row.get(3)?,
        stranded: row.get(4)?,
        ceiling: row.get(5)?,
        died: row.get(6)?,
    })
}

/// Minutes that are not folded to longer spans yet: rolling periods look back no further.
macro_rules! recent {
    () => {
        "minute >= (SELECT quarters FROM meta)"
    };
}

fn minutes(conn: &Connection) -> Result<Vec<MinuteRow>, Failure> {
    let mut minutes: BTreeMap<(String, i64), (i64, i64)> = BTreeMap::new();
    let mut add = |scope, minute, tasks: i64, money: i64| {
        let sums = minutes.entry((scope, minute)).or_default();
        *sums = (sums.0.saturating_add(tasks), sums.1.saturating_add(money));
    };
    let mut keys = conn.prepare(concat!("SELECT key, minute, tasks, settled, held, unknown FROM sums WHERE ", recent!()))?;
    let mut rows = keys.query([])?;
    while let Some(row) = rows.next()? {
        let parts: [i64; 3] = [row.get(3)?, row.get(4)?, row.get(5)?];
        let scope = column::scope(&Scope::Key(row.get::<_, column::Bare<_>>(0)?.0));
        add(scope, row.get(1)?, row.get(2)?, parts.into_iter().fold(0, i64::saturating_add));
    }
    let mut totals = conn.prepare(concat!("SELECT scope, minute, tasks, money FROM totals WHERE ", recent!()))?;
    let mut rows = totals.query([])?;
    while let Some(row) = rows.next()? {
        add(row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    }
    Ok(minutes.into_iter().map(|((scope, minute), (tasks, money))| MinuteRow { scope, minute, tasks, money }).collect())
}

/// What is summed, of which rows. As SQL.
const fn measured(measure: Measure) -> (&'static str, &'static str) {
    match measure {
        Measure::Keys => ("1", "keys"),
        Measure::Revoked => ("1", "keys WHERE revoked IS NOT NULL"),
        Measure::Versions => ("version", "(SELECT version FROM keys UNION ALL SELECT version FROM teams)"),
        Measure::Secrets => ("1", "secrets"),
        Measure::Teams => ("1", "teams"),
        Measure::Holds => ("1", "holds"),
        Measure::Open => ("1", "holds WHERE state = 0"),
        Measure::Unknown => ("1", "holds WHERE state = 1"),
        Measure::Owned => ("1", "holds WHERE task IS NOT NULL"),
        Measure::Held => ("held", "holds"),
        Measure::Settled => ("settled", "holds"),
        Measure::UsedTasks => ("tasks", "sums"),
        Measure::UsedSettled => ("settled", "sums"),
        Measure::UsedHeld => ("held", "sums"),
        Measure::UsedUnknown => ("unknown", "sums"),
        Measure::UsedExcess => ("excess", "sums"),
        Measure::Busy => ("busy", "sums"),
        Measure::Counters => ("1", "counters"),
        Measure::Shares => ("1", "shares"),
        Measure::Posted => ("posted", "shares"),
        Measure::Stranded => ("stranded", "shares"),
        Measure::Ceilings => ("ceiling", "shares"),
        Measure::Died => ("died", "shares"),
        Measure::Minutes => (
            "1",
            concat!(
                "(SELECT DISTINCT hex(key), minute FROM sums WHERE ",
                recent!(),
                " UNION ALL SELECT DISTINCT scope, minute FROM totals WHERE ",
                recent!(),
                ")"
            ),
        ),
        Measure::MinuteTasks => {
            ("tasks", concat!("(SELECT tasks FROM sums WHERE ", recent!(), " UNION ALL SELECT tasks FROM totals WHERE ", recent!(), ")"))
        }
        Measure::MinuteMoney => (
            "money",
            concat!(
                "(SELECT settled AS money FROM sums WHERE ",
                recent!(),
                " UNION ALL SELECT held FROM sums WHERE ",
                recent!(),
                " UNION ALL SELECT unknown FROM sums WHERE ",
                recent!(),
                " UNION ALL SELECT money FROM totals WHERE ",
                recent!(),
                ")"
            ),
        ),
        Measure::Lanes => ("1", "lanes"),
        Measure::Lines => ("upto", "lanes"),
    }
}

fn weigh(conn: &Connection, measure: Measure) -> Result<i128, Failure> {
    /// SQLite's own sum fails when it overflows: it is made of two parts.
    const PART: i64 = 1_000_000_000;
    let (what, of) = measured(measure);
    let sql = format!("SELECT coalesce(sum({what} / {PART}), 0), coalesce(sum({what} % {PART}), 0) FROM {of}");
    Ok(conn.query_row(&sql, [], |row| Ok(i128::from(row.get::<_, i64>(0)?) * i128::from(PART) + i128::from(row.get::<_, i64>(1)?)))?)
}

#[cfg(test)]
mod tests;
