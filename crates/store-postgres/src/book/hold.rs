//! How does a hold stand in its table?

use std::collections::BTreeMap;

use tokio_postgres::Row;
use tollgate_books::HoldRow;
use tollgate_model::{Money, Name, RequestId, TaskId};

use crate::column::{instant, key, parsed, parsed_if_any, plain, request, state, state_word};
use crate::failure::Failure;
use crate::session::Session;

/// The columns in the order in which `read` reads them; whose hold it is comes last.
macro_rules! select {
    () => {
        "SELECT request, key, team, upstream, method, at, held, settled, task, state, instance FROM tollgate.holds"
    };
}
pub(super) use select;

pub(super) fn read(row: &Row) -> Result<HoldRow, Failure> {
    Ok(HoldRow {
        request: request(row, 0)?,
        key: key(row, 1)?,
        team: parsed_if_any(row, 2, "team's name")?,
        upstream: parsed(row, 3, "upstream's name")?,
        method: plain(row, 4)?,
        at: instant(row, 5)?,
        held: Money::from_nanos(plain(row, 6)?),
        settled: plain::<Option<i64>>(row, 7)?.map(Money::from_nanos),
        task: parsed_task(row)?,
        state: state(row, 9)?,
    })
}

fn parsed_task(row: &Row) -> Result<Option<TaskId>, Failure> {
    parsed_if_any(row, 8, "task's id")
}

/// The holds that a post touches: fetched at once, moved on in memory, written at once.
pub(super) struct Holds(BTreeMap<RequestId, Touched>);

/// One of them.
pub(super) struct Touched {
    pub(super) row: HoldRow,
    /// Who took it.
    pub(super) instance: String,
    is_new: bool,
    changed: bool,
}

impl Holds {
    /// Fetches what is there of these; nobody else moves them until the transaction ends.
    pub(super) async fn fetch(session: &Session, requests: impl Iterator<Item = RequestId>) -> Result<Self, Failure> {
        let mut ids: Vec<[u8; 16]> = requests.map(|request| *request.as_bytes()).collect();
        ids.sort_unstable();
        ids.dedup();
        let ids: Vec<&[u8]> = ids.iter().map(<[u8; 16]>::as_slice).collect();
        let sql = concat!(select!(), " WHERE request = ANY($1) ORDER BY request FOR NO KEY UPDATE");
        let mut holds = BTreeMap::new();
        for found in session.query(sql, &[&ids]).await? {
            let row = read(&found)?;
            holds.insert(row.request, Touched { row, instance: plain(&found, 10)?, is_new: false, changed: false });
        }
        Ok(Self(holds))
    }

    /// Of a book that has none yet.
    pub(super) fn all_new(rows: Vec<HoldRow>, instance: &str) -> Self {
        let touched = |row: HoldRow| (row.request, Touched { row, instance: instance.to_owned(), is_new: true, changed: true });
        Self(rows.into_iter().map(touched).collect())
    }

    /// Whether it was not there yet.
    pub(super) fn insert(&mut self, row: &HoldRow, instance: &str) -> bool {
        if self.0.contains_key(&row.request) {
            return false;
        }
        self.0.insert(row.request, Touched { row: row.clone(), instance: instance.to_owned(), is_new: true, changed: true });
        true
    }

    pub(super) fn find(&self, request: RequestId) -> Option<&Touched> {
        self.0.get(&request)
    }

    /// Names its task; the first name stays.
    pub(super) fn open(&mut self, request: RequestId, task: TaskId) {
        if let Some(touched) = self.0.get_mut(&request).filter(|touched| touched.row.task.is_none()) {
            touched.row.task = Some(task);
            touched.changed = true;
        }
    }

    /// Notes where it stands and what it cost.
    pub(super) fn change(&mut self, row: HoldRow) {
        if let Some(touched) = self.0.get_mut(&row.request) {
            touched.row = row;
            touched.changed = true;
        }
    }

    /// Writes what has moved: one statement for what is new, one for what was there.
    pub(super) async fn write(&self, session: &Session) -> Result<(), Failure> {
        let (new, old): (Vec<&Touched>, Vec<&Touched>) =
            self.0.values().filter(|touched| touched.changed).partition(|touched| touched.is_new);
        insert(session, &new).await?;
        update(session, &old).await
    }
}

async fn insert(session: &Session, new: &[&Touched]) -> Result<(), Failure> {
    if new.is_empty() {
        return Ok(());
    }
    let requests: Vec<&[u8]> = new.iter().map(|hold| hold.row.request.as_bytes().as_slice()).collect();
    let instances: Vec<&str> = new.iter().map(|hold| hold.instance.as_str()).collect();
    let keys: Vec<&[u8]> = new.iter().map(|hold| hold.row.key.as_bytes().as_slice()).collect();
    let teams: Vec<Option<&str>> = new.iter().map(|hold| hold.row.team.as_ref().map(Name::as_str)).collect();
    let upstreams: Vec<&str> = new.iter().map(|hold| hold.row.upstream.as_str()).collect();
    let methods: Vec<&str> = new.iter().map(|hold| hold.row.method.as_str()).collect();
    let ats: Vec<i64> = new.iter().map(|hold| hold.row.at.millis()).collect();
    let held: Vec<i64> = new.iter().map(|hold| hold.row.held.nanos()).collect();
    let Moved { settled, tasks, states } = moved(new);
    let sql = "INSERT INTO tollgate.holds (request, instance, key, team, upstream, method, at, held, settled, task, state)
               SELECT * FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::bigint[],
               $8::bigint[], $9::bigint[], $10::text[], $11::text[])";
    session.execute(sql, &[&requests, &instances, &keys, &teams, &upstreams, &methods, &ats, &held, &settled, &tasks, &states]).await?;
    Ok(())
}

async fn update(session: &Session, old: &[&Touched]) -> Result<(), Failure> {
    if old.is_empty() {
        return Ok(());
    }
    let requests: Vec<&[u8]> = old.iter().map(|hold| hold.row.request.as_bytes().as_slice()).collect();
    let Moved { settled, tasks, states } = moved(old);
    let sql = "UPDATE tollgate.holds h SET settled = u.settled, task = u.task, state = u.state
               FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::text[]) AS u (request, settled, task, state)
               WHERE h.request = u.request";
    session.execute(sql, &[&requests, &settled, &tasks, &states]).await?;
    Ok(())
}

/// What a fact can move, column by column.
struct Moved<'a> {
    settled: Vec<Option<i64>>,
    tasks: Vec<Option<&'a str>>,
    states: Vec<&'static str>,
}

fn moved<'a>(holds: &[&'a Touched]) -> Moved<'a> {
    Moved {
        settled: holds.iter().map(|hold| hold.row.settled.map(Money::nanos)).collect(),
        tasks: holds.iter().map(|hold| hold.row.task.as_ref().map(TaskId::as_str)).collect(),
        states: holds.iter().map(|hold| state_word(hold.row.state)).collect(),
    }
}
