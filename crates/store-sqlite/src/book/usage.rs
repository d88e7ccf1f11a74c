//! How much was used on a day? Sums by key, account, method, day and team, kept with every post and never pruned.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tollgate_books::{HoldRow, UsageRow};
use tollgate_model::{KeyId, Money, Name, RequestId};

use crate::column::{Bare, Parsed};
use crate::failure::Failure;

/// What is summed together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Group {
    key: KeyId,
    upstream: Name,
    method: String,
    day: String,
    team: Option<Name>,
}

/// Tasks, and nano-dollars; or a change of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) tasks: i64,
    pub(super) settled: i64,
    pub(super) held: i64,
    pub(super) unknown: i64,
    pub(super) excess: i64,
}

impl Group {
    pub(super) fn of(row: &HoldRow) -> Self {
        Self {
            key: row.key,
            upstream: row.upstream.clone(),
            method: row.method.clone(),
            day: row.at.to_string().chars().take(10).collect(),
            team: row.team.clone(),
        }
    }

    fn team(&self) -> &str {
        self.team.as_ref().map_or("", Name::as_str)
    }
}

impl Sums {
    pub(super) const fn plus(&self, other: &Self) -> Self {
        Self {
            tasks: self.tasks.saturating_add(other.tasks),
            settled: self.settled.saturating_add(other.settled),
            held: self.held.saturating_add(other.held),
            unknown: self.unknown.saturating_add(other.unknown),
            excess: self.excess.saturating_add(other.excess),
        }
    }

    pub(super) const fn minus(&self, other: &Self) -> Self {
        Self {
            tasks: self.tasks.saturating_sub(other.tasks),
            settled: self.settled.saturating_sub(other.settled),
            held: self.held.saturating_sub(other.held),
            unknown: self.unknown.saturating_sub(other.unknown),
            excess: self.excess.saturating_sub(other.excess),
        }
    }

    /// What counts against a cap in money.
    pub(super) const fn weight(&self) -> i64 {
        self.settled.saturating_add(self.held).saturating_add(self.unknown)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { tasks: row.get(0)?, settled: row.get(1)?, held: row.get(2)?, unknown: row.get(3)?, excess: row.get(4)? })
    }
}

/// Adds a change to a group's sums.
pub(super) fn add(conn: &Connection, group: &Group, first: RequestId, change: &Sums) -> Result<(), Failure> {
    let find =
        "SELECT tasks, settled, held, unknown, excess FROM usage WHERE key = ? AND upstream = ? AND method = ? AND day = ? AND team = ?";
    let (key, upstream) = (group.key.as_bytes(), group.upstream.as_str());
    let found =
        conn.prepare_cached(find)?.query_row(params![key, upstream, group.method, group.day, group.team()], Sums::read).optional()?;
    let sums = found.unwrap_or_default().plus(change);
    let put = "INSERT INTO usage (key, upstream, method, day, team, first, tasks, settled, held, unknown, excess)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (key, upstream, method, day, team)
               DO UPDATE SET first = min(first, ?6), tasks = ?7, settled = ?8, held = ?9, unknown = ?10, excess = ?11";
    conn.prepare_cached(put)?.execute(params![
        key,
        upstream,
        group.method,
        group.day,
        group.team(),
        first.as_bytes(),
        sums.tasks,
        sums.settled,
        sums.held,
        sums.unknown,
        sums.excess,
    ])?;
    Ok(())
}

/// The sums of the days from `since` to `until`; a key that changed its team on a day has one row, of its first team.
pub(crate) fn usage(conn: &Connection, since: &str, until: &str) -> Result<Vec<UsageRow>, Failure> {
    let sql = "SELECT tasks, settled, held, unknown, excess, key, upstream, method, day, team FROM usage
               WHERE day BETWEEN ? AND ? AND tasks > 0 ORDER BY key, upstream, method, day, first";
    let mut rows = conn.prepare_cached(sql)?;
    let mut groups: Vec<(Group, Sums)> = Vec::new();
    for found in rows.query_map([since, until], |row| Ok((read(row)?, Sums::read(row)?)))? {
        let (group, sums) = found?;
        match groups.last_mut() {
            Some((last, so_far)) if (Group { team: last.team.clone(), ..group.clone() }) == *last => *so_far = so_far.plus(&sums),
            _ => groups.push((group, sums)),
        }
    }
    Ok(groups.into_iter().map(|(group, sums)| row(group, &sums)).collect())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Group> {
    let team: String = row.get(9)?;
    let team = if team.is_empty() { None } else { Some(row.get::<_, Parsed<_>>(9)?.0) };
    let key = row.get::<_, Bare<_>>(5)?.0;
    Ok(Group { key, upstream: row.get::<_, Parsed<_>>(6)?.0, method: row.get(7)?, day: row.get(8)?, team })
}

fn row(group: Group, sums: &Sums) -> UsageRow {
    let Group { key, upstream, method, day, team } = group;
    UsageRow {
        key,
        team,
        upstream,
        method,
        day,
        tasks: sums.tasks,
        settled: Money::from_nanos(sums.settled),
        held: Money::from_nanos(sums.held),
        unknown: Money::from_nanos(sums.unknown),
        excess: Money::from_nanos(sums.excess),
    }
}
