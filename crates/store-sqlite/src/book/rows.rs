//! How does a hold stand in its table?

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use tollgate_books::HoldRow;
use tollgate_model::{Money, RequestId};

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

/// The statements that a post repeats for each fact.
pub(super) struct Holds<'a> {
    insert: CachedStatement<'a>,
    find: CachedStatement<'a>,
    open: CachedStatement<'a>,
    change: CachedStatement<'a>,
}

impl<'a> Holds<'a> {
    pub(super) fn of(conn: &'a Connection) -> Result<Self, Failure> {
        Ok(Self {
            insert: conn.prepare_cached(
                "INSERT INTO holds (request, key, team, upstream, method, at, held, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (request) DO NOTHING",
            )?,
            find: conn.prepare_cached(concat!(select!(), " WHERE request = ?"))?,
            open: conn.prepare_cached("UPDATE holds SET task = ? WHERE request = ? AND task IS NULL")?,
            change: conn.prepare_cached("UPDATE holds SET state = ?, settled = ? WHERE request = ?")?,
        })
    }

    /// Whether it was not there yet.
    pub(super) fn insert(&mut self, row: &HoldRow) -> Result<bool, Failure> {
        let inserted = self.insert.execute(params![
            row.request.as_bytes(),
            row.key.as_bytes(),
            row.team.as_ref().map(tollgate_model::Name::as_str),
            row.upstream.as_str(),
            row.method,
            row.at.millis(),
            row.held.nanos(),
            state(row.state),
        ])?;
        Ok(inserted == 1)
    }

    pub(super) fn find(&mut self, request: RequestId) -> Result<Option<HoldRow>, Failure> {
        Ok(self.find.query_row([request.as_bytes()], hold).optional()?)
    }

    /// Names its task; the first name stays.
    pub(super) fn open(&mut self, request: RequestId, task: tollgate_model::TaskId) -> Result<(), Failure> {
        self.open.execute(params![task.as_str(), request.as_bytes()])?;
        Ok(())
    }

    /// Writes where it stands and what it cost.
    pub(super) fn change(&mut self, row: &HoldRow) -> Result<(), Failure> {
        self.change.execute(params![state(row.state), row.settled.map(Money::nanos), row.request.as_bytes()])?;
        Ok(())
    }
}
