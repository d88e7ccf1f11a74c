//! How does a hold stand in its table?

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rusqlite::types::Type;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use tollgate_books::{HoldRow, HoldState, busy_ms};
use tollgate_model::{Money, Name, RequestId, TaskId, Timestamp};

use super::sums::Sums;
use crate::column::{Bare, Parsed, state};
use crate::failure::Failure;

/// The columns in the order in which `hold` reads them.
macro_rules! select {
    () => {
        "SELECT request, key, team, upstream, method, at, held, settled, task, state FROM holds"
    };
}
pub(super) use select;

pub(super) fn hold(row: &Row<'_>) -> rusqlite::Result<HoldRow> {
    hold_like(row, None)
}

/// The same; names that stand in the row before as well are taken from there: of a million holds at a start there are few names.
pub(super) fn hold_like(row: &Row<'_>, before: Option<&HoldRow>) -> rusqlite::Result<HoldRow> {
    let team = name(row, 2, before.and_then(|before| before.team.as_ref()))?;
    let upstream = name(row, 3, before.map(|before| &before.upstream))?;
    Ok(HoldRow {
        request: row.get::<_, Bare<_>>(0)?.0,
        key: row.get::<_, Bare<_>>(1)?.0,
        team,
        upstream: upstream.ok_or(rusqlite::Error::InvalidColumnType(3, "upstream".to_owned(), Type::Null))?,
        method: row.get(4)?,
        at: row.get::<_, Bare<_>>(5)?.0,
        held: Money::from_nanos(row.get(6)?),
        settled: row.get::<_, Option<i64>>(7)?.map(Money::from_nanos),
        task: row.get::<_, Option<Parsed<_>>>(8)?.map(|task| task.0),
        state: row.get::<_, Bare<_>>(9)?.0,
    })
}

fn name(row: &Row<'_>, at: usize, before: Option<&Name>) -> rusqlite::Result<Option<Name>> {
    let text = row.get_ref(at)?.as_str_or_null()?;
    match before.filter(|before| text == Some(before.as_str())) {
        Some(before) => Ok(Some(before.clone())),
        None => Ok(row.get::<_, Option<Parsed<_>>>(at)?.map(|name| name.0)),
    }
}

/// The holds that a post touches: moved on in memory and written once each, for most are held and opened, many settled, in one.
pub(super) struct Holds<'a> {
    conn: &'a Connection,
    find: CachedStatement<'a>,
    /// In the order of their time, which is the table's.
    touched: BTreeMap<RequestId, Touched>,
}

struct Touched {
    row: HoldRow,
    /// As it stands in the book; nothing if it is new.
    before: Option<Before>,
    /// For how long it kept a thread at work, if it was settled just now.
    busy: i64,
}

/// What of a hold can change.
#[derive(Clone, Copy)]
struct Before {
    has_task: bool,
    state: HoldState,
    settled: Option<Money>,
}

impl<'a> Holds<'a> {
    pub(super) fn of(conn: &'a Connection) -> Result<Self, Failure> {
        let find = conn.prepare_cached(concat!(select!(), " WHERE request = ?"))?;
        Ok(Self { conn, find, touched: BTreeMap::new() })
    }

    /// Takes up a hold; one that is there already stays as it is.
    pub(super) fn insert(&mut self, row: HoldRow) -> Result<(), Failure> {
        if self.touch(row.request)?.is_none() {
            self.touched.insert(row.request, Touched { row, before: None, busy: 0 });
        }
        Ok(())
    }

    /// The hold, to be moved on.
    pub(super) fn find(&mut self, request: RequestId) -> Result<Option<&mut HoldRow>, Failure> {
        Ok(self.touch(request)?.map(|touched| &mut touched.row))
    }

    /// Settles a hold that is open or unknown; any other stays as it is.
    pub(super) fn settle(&mut self, request: RequestId, cost: Money, at: Timestamp) -> Result<(), Failure> {
        let Some(Touched { row, busy, .. }) = self.touch(request)? else { return Ok(()) };
        if matches!(row.state, HoldState::Open | HoldState::Unknown) {
            (row.state, row.settled, *busy) = (HoldState::Settled, Some(cost), busy_ms(row.at, at));
        }
        Ok(())
    }

    /// Writes what has moved, and tells of each hold what it changes in the sums.
    pub(super) fn write(self, mut tell: impl FnMut(&HoldRow, &Sums) -> Result<(), Failure>) -> Result<(), Failure> {
        // an update writes the indexes of all columns that it names
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO holds (request, key, team, upstream, method, at, held, settled, task, state)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        let mut open = self.conn.prepare_cached("UPDATE holds SET task = ? WHERE request = ?")?;
        let mut change = self.conn.prepare_cached("UPDATE holds SET state = ?, settled = ? WHERE request = ?")?;
        for (request, Touched { row, before, busy }) in &self.touched {
            let (task, settled) = (row.task.as_ref().map(TaskId::as_str), row.settled.map(Money::nanos));
            let is = Sums { busy: *busy, ..Sums::of(row.held, row.state, row.settled) };
            let Some(before) = before else {
                insert.execute(params![
                    request.as_bytes(),
                    row.key.as_bytes(),
                    row.team.as_ref().map(Name::as_str),
                    row.upstream.as_str(),
                    row.method,
                    row.at.millis(),
                    row.held.nanos(),
                    settled,
                    task,
                    state(row.state),
                ])?;
                tell(row, &is)?;
                continue;
            };
            if !before.has_task && row.task.is_some() {
                open.execute(params![task, request.as_bytes()])?;
            }
            if before.state != row.state {
                change.execute(params![state(row.state), settled, request.as_bytes()])?;
                tell(row, &is.minus(&Sums::of(row.held, before.state, before.settled)))?;
            }
        }
        Ok(())
    }

    fn touch(&mut self, request: RequestId) -> Result<Option<&mut Touched>, Failure> {
        match self.touched.entry(request) {
            Entry::Occupied(touched) => Ok(Some(touched.into_mut())),
            Entry::Vacant(place) => {
                let row = self.find.query_row([request.as_bytes()], hold).optional()?;
                Ok(row.map(|row| {
                    let before = Some(Before { has_task: row.task.is_some(), state: row.state, settled: row.settled });
                    place.insert(Touched { row, before, busy: 0 })
                }))
            }
        }
    }
}
