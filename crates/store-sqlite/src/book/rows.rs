//! How does a hold stand in its table?

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use tollgate_books::HoldRow;
use tollgate_model::{Money, Name, RequestId, TaskId};

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
    Ok(HoldRow {
        request: row.get::<_, Bare<_>>(0)?.0,
        key: row.get::<_, Bare<_>>(1)?.0,
        team: row.get::<_, Option<Parsed<_>>>(2)?.map(|team| team.0),
        upstream: row.get::<_, Parsed<_>>(3)?.0,
        method: row.get(4)?,
        at: row.get::<_, Bare<_>>(5)?.0,
        held: Money::from_nanos(row.get(6)?),
        settled: row.get::<_, Option<i64>>(7)?.map(Money::from_nanos),
        task: row.get::<_, Option<Parsed<_>>>(8)?.map(|task| task.0),
        state: row.get::<_, Bare<_>>(9)?.0,
    })
}

/// The holds that a post touches: moved on in memory and written once each, for most are held and opened, many settled, in one.
pub(super) struct Holds<'a> {
    find: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    open: CachedStatement<'a>,
    change: CachedStatement<'a>,
    /// In the order of their time, which is the table's.
    touched: BTreeMap<RequestId, Touched>,
}

struct Touched {
    row: HoldRow,
    is_new: bool,
    opened: bool,
    changed: bool,
}

impl<'a> Holds<'a> {
    pub(super) fn of(conn: &'a Connection) -> Result<Self, Failure> {
        Ok(Self {
            find: conn.prepare_cached(concat!(select!(), " WHERE request = ?"))?,
            insert: conn.prepare_cached(
                "INSERT INTO holds (request, key, team, upstream, method, at, held, settled, task, state)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            // apart: an update writes the indexes of all columns that it names
            open: conn.prepare_cached("UPDATE holds SET task = ? WHERE request = ?")?,
            change: conn.prepare_cached("UPDATE holds SET state = ?, settled = ? WHERE request = ?")?,
            touched: BTreeMap::new(),
        })
    }

    /// Whether it was not there yet.
    pub(super) fn insert(&mut self, row: &HoldRow) -> Result<bool, Failure> {
        if self.touch(row.request)?.is_some() {
            return Ok(false);
        }
        self.touched.insert(row.request, Touched { row: row.clone(), is_new: true, opened: false, changed: false });
        Ok(true)
    }

    pub(super) fn find(&mut self, request: RequestId) -> Result<Option<HoldRow>, Failure> {
        Ok(self.touch(request)?.map(|touched| touched.row.clone()))
    }

    /// Names its task; the first name stays.
    pub(super) fn open(&mut self, request: RequestId, task: TaskId) -> Result<(), Failure> {
        if let Some(touched) = self.touch(request)?.filter(|touched| touched.row.task.is_none()) {
            touched.row.task = Some(task);
            touched.opened = true;
        }
        Ok(())
    }

    /// Notes where it stands and what it cost.
    pub(super) fn change(&mut self, row: &HoldRow) -> Result<(), Failure> {
        if let Some(touched) = self.touch(row.request)? {
            (touched.row.state, touched.row.settled) = (row.state, row.settled);
            touched.changed = true;
        }
        Ok(())
    }

    /// Writes what has moved.
    pub(super) fn write(mut self) -> Result<(), Failure> {
        for (request, Touched { row, is_new, opened, changed }) in &self.touched {
            let (task, settled) = (row.task.as_ref().map(TaskId::as_str), row.settled.map(Money::nanos));
            if *is_new {
                self.insert.execute(params![
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
                continue;
            }
            if *opened {
                self.open.execute(params![task, request.as_bytes()])?;
            }
            if *changed {
                self.change.execute(params![state(row.state), settled, request.as_bytes()])?;
            }
        }
        Ok(())
    }

    fn touch(&mut self, request: RequestId) -> Result<Option<&mut Touched>, Failure> {
        match self.touched.entry(request) {
            Entry::Occupied(touched) => Ok(Some(touched.into_mut())),
            Entry::Vacant(place) => {
                let row = self.find.query_row([request.as_bytes()], hold).optional()?;
                Ok(row.map(|row| place.insert(Touched { row, is_new: false, opened: false, changed: false })))
            }
        }
    }
}
