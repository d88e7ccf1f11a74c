//! What was spent in a minute? Kept with every post: what usage is told from, what a counter that was not seen before starts from,
//! and what rolling windows count.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tollgate_books::{HoldRow, HoldState};
use tollgate_model::{KeyId, Money, Name, RequestId, Timestamp};

use crate::column::{Bare, Parsed};
use crate::failure::Failure;

const MINUTE_MS: i64 = 60 * 1000;
/// Minutes of a UTC day.
pub(super) const DAY: i64 = 1_440;
/// Far from both ends of the range: what is under it can be added by SQLite itself, whose sums do not stop at the end.
pub(super) const SAFE: i64 = 1 << 61;

/// The columns in the order in which `row` reads them.
macro_rules! select {
    () => {
        "SELECT tasks, settled, held, unknown, excess, busy, key, minute, upstream, method, team, first FROM sums"
    };
}
pub(super) use select;

/// What is summed together. In the order of the table, so that a post writes in that order too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) key: KeyId,
    pub(super) minute: i64,
    pub(super) upstream: Name,
    pub(super) method: String,
    pub(super) team: Option<Name>,
}

/// Tasks, and nano-dollars; or a change of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) tasks: i64,
    pub(super) settled: i64,
    pub(super) held: i64,
    pub(super) unknown: i64,
    pub(super) excess: i64,
    /// Milliseconds.
    pub(super) busy: i64,
}

/// The minute in which an instant falls.
pub(super) const fn minute(at: Timestamp) -> i64 {
    at.millis().div_euclid(MINUTE_MS)
}

/// The first minute that begins at an instant or after it.
pub(super) const fn minute_after(at: Timestamp) -> i64 {
    minute(Timestamp::from_millis(at.millis().saturating_add(MINUTE_MS - 1)))
}

/// When a minute begins.
pub(super) const fn begins(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute.saturating_mul(MINUTE_MS))
}

/// The UTC day on which a minute lies: `2026-11-23`.
pub(super) fn day(minute: i64) -> String {
    begins(minute).to_string().chars().take(10).collect()
}

impl Group {
    pub(super) fn of(row: &HoldRow) -> Self {
        let HoldRow { key, upstream, method, team, .. } = row;
        Self { key: *key, minute: minute(row.at), upstream: upstream.clone(), method: method.clone(), team: team.clone() }
    }

    fn team(&self) -> &str {
        self.team.as_ref().map_or("", Name::as_str)
    }
}

impl Sums {
    /// What one hold adds: its cost once settled, its worst case before, nothing once voided; a correction its money.
    pub(super) fn of(held: Money, state: HoldState, settled: Option<Money>) -> Self {
        let held = held.nanos();
        match state {
            HoldState::Voided => Self::default(),
            HoldState::Adjusted => Self { settled: settled.map_or(0, Money::nanos), ..Self::default() },
            HoldState::Open => Self { tasks: 1, held, ..Self::default() },
            HoldState::Unknown => Self { tasks: 1, unknown: held, ..Self::default() },
            HoldState::Settled => {
                let settled = settled.map_or(0, Money::nanos);
                Self { tasks: 1, settled, excess: settled.saturating_sub(held).max(0), ..Self::default() }
            }
        }
    }

    pub(super) const fn plus(&self, other: &Self) -> Self {
        Self {
            tasks: self.tasks.saturating_add(other.tasks),
            settled: self.settled.saturating_add(other.settled),
            held: self.held.saturating_add(other.held),
            unknown: self.unknown.saturating_add(other.unknown),
            excess: self.excess.saturating_add(other.excess),
            busy: self.busy.saturating_add(other.busy),
        }
    }

    pub(super) const fn minus(&self, other: &Self) -> Self {
        Self {
            tasks: self.tasks.saturating_sub(other.tasks),
            settled: self.settled.saturating_sub(other.settled),
            held: self.held.saturating_sub(other.held),
            unknown: self.unknown.saturating_sub(other.unknown),
            excess: self.excess.saturating_sub(other.excess),
            busy: self.busy.saturating_sub(other.busy),
        }
    }

    /// What counts against a cap in money.
    pub(super) const fn weight(&self) -> i64 {
        self.settled.saturating_add(self.held).saturating_add(self.unknown)
    }

    /// Whether SQLite may add it.
    fn is_small(&self) -> bool {
        [self.tasks, self.settled, self.held, self.unknown, self.excess, self.busy].into_iter().all(is_small)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            tasks: row.get(0)?,
            settled: row.get(1)?,
            held: row.get(2)?,
            unknown: row.get(3)?,
            excess: row.get(4)?,
            busy: row.get(5)?,
        })
    }
}

/// A row: its group, the oldest request counted, the sums.
pub(super) fn row(row: &Row<'_>) -> rusqlite::Result<(Group, RequestId, Sums)> {
    let team: String = row.get(10)?;
    let team = if team.is_empty() { None } else { Some(row.get::<_, Parsed<_>>(10)?.0) };
    let (key, upstream) = (row.get::<_, Bare<_>>(6)?.0, row.get::<_, Parsed<_>>(8)?.0);
    let group = Group { key, minute: row.get(7)?, upstream, method: row.get(9)?, team };
    Ok((group, row.get::<_, Bare<_>>(11)?.0, Sums::read(row)?))
}

/// Whether SQLite may add it to what is no larger.
pub(super) const fn is_small(change: i64) -> bool {
    -SAFE < change && change < SAFE
}

/// Adds a change to a group's sums.
pub(super) fn add(conn: &Connection, group: &Group, first: RequestId, change: &Sums) -> Result<(), Failure> {
    let sql = "UPDATE sums SET first = min(first, ?1), tasks = tasks + ?2, settled = settled + ?3, held = held + ?4,
                   unknown = unknown + ?5, excess = excess + ?6, busy = busy + ?7
               WHERE key = ?8 AND minute = ?9 AND upstream = ?10 AND method = ?11 AND team = ?12
                   AND max(tasks, settled, held, unknown, excess, busy) < ?13 AND min(tasks, settled, held, unknown, excess, busy) > -?13";
    let Sums { tasks, settled, held, unknown, excess, busy } = change;
    let (key, upstream) = (group.key.as_bytes(), group.upstream.as_str());
    let (first_, minute, method, team) = (first.as_bytes(), group.minute, &group.method, group.team());
    let values = params![first_, tasks, settled, held, unknown, excess, busy, key, minute, upstream, method, team, SAFE];
    if change.is_small() && conn.prepare_cached(sql)?.execute(values)? == 1 { Ok(()) } else { put(conn, group, first, change) }
}

/// Takes a group's sums away.
pub(super) fn remove(conn: &Connection, group: &Group) -> Result<(), Failure> {
    let sql = "DELETE FROM sums WHERE key = ? AND minute = ? AND upstream = ? AND method = ? AND team = ?";
    let identity = params![group.key.as_bytes(), group.minute, group.upstream.as_str(), group.method, group.team()];
    conn.prepare_cached(sql)?.execute(identity)?;
    Ok(())
}

/// The same for sums that are new, or so large that they must be stopped at the end of the range.
fn put(conn: &Connection, group: &Group, first: RequestId, change: &Sums) -> Result<(), Failure> {
    let (key, upstream) = (group.key.as_bytes(), group.upstream.as_str());
    let find = "SELECT tasks, settled, held, unknown, excess, busy, first FROM sums
                WHERE key = ? AND minute = ? AND upstream = ? AND method = ? AND team = ?";
    let found = conn
        .prepare_cached(find)?
        .query_row(params![key, group.minute, upstream, group.method, group.team()], |row| {
            Ok((Sums::read(row)?, RequestId::from_bytes(row.get(6)?)))
        })
        .optional()?;
    let (sums, first) = found.map_or((*change, first), |(sums, before)| (sums.plus(change), first.min(before)));
    let put = "INSERT OR REPLACE INTO sums (key, minute, upstream, method, team, first, tasks, settled, held, unknown, excess, busy)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let Sums { tasks, settled, held, unknown, excess, busy } = sums;
    let (minute, method, team, first) = (group.minute, &group.method, group.team(), first.as_bytes());
    conn.prepare_cached(put)?.execute(params![key, minute, upstream, method, team, first, tasks, settled, held, unknown, excess, busy])?;
    Ok(())
}
