//! The store behind both ports: who asks is queued to the writer or the reader, and waits no longer than the store's deadline.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use tollgate_books::{Counter, Fact, Fence, HoldRow, Holder, Lease, LeaseWant, Opened, Reply, Spent, Store, UsageRow};
use tollgate_model::{CredentialHash, KeyId, Name, Pepper, RequestId, TaskId, Timestamp};
use tollgate_registry::{Applied, Changes, Edit, Loaded, RegistryStore};

use crate::line::Line;
use crate::open::{self, OpenError};
use crate::reader::Reader;
use crate::{book, keys};

/// One SQLite file with the book and the registry.
pub struct SqliteStore {
    id: String,
    // dropped first: the writer is the last to close the file, and tidies its log
    reader: Line,
    writer: Line,
}

impl SqliteStore {
    /// Opens the file, made with its folder if there is none. Waits for the disk: milliseconds, on a large file up to 2 s.
    pub fn open(path: &Path) -> Result<Arc<Self>, OpenError> {
        let open::Opened { mut writer, place } = open::open(path)?;
        let id = place.id().to_owned();
        let mut reader = Reader::new(place);
        let writer = Line::start("store-writer", move |batch| writer.serve(batch)).map_err(OpenError::Thread)?;
        let reader = Line::start("store-reader", move |batch| reader.serve(batch)).map_err(OpenError::Thread)?;
        Ok(Arc::new(Self { id, reader, writer }))
    }

    /// Lane name → highest line number whose facts are in the book. `Store::open` tells it too, and fences: this is asked
    /// before, so that only the rest of the journal is read.
    pub fn replay_from(&self) -> Reply<'_, HashMap<String, u64>> {
        Box::pin(self.reader.call(book::lanes))
    }

    /// Whether callers wait as long as a slow disk takes, up to half a minute: for a start and an end, when no request waits
    /// behind them.
    pub fn be_patient(&self, patient: bool) {
        self.reader.be_patient(patient);
        self.writer.be_patient(patient);
    }

    /// This store's own id, 32 hex digits: a copy of the file has the same, a new file another.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version of SQLite at work: `3.54.1`.
    pub fn version() -> &'static str {
        rusqlite::version()
    }

    /// The number of the schema that this binary makes and knows.
    pub const fn schema() -> u32 {
        open::schema()
    }
}

impl Store for SqliteStore {
    fn open(&self, instance: &str, boot: &str, journal_whole: bool) -> Reply<'_, Opened> {
        let (instance, boot) = (instance.to_owned(), boot.to_owned());
        Box::pin(self.writer.call(move |conn| book::open(conn, &instance, &boot, journal_whole)))
    }

    fn lease(&self, fence: Fence, wants: Vec<LeaseWant>) -> Reply<'_, Vec<Lease>> {
        Box::pin(self.writer.call(move |conn| book::lease(conn, fence, &wants)))
    }

    fn post(&self, fence: Fence, facts: Vec<Fact>, upto: HashMap<String, u64>, give_back: Vec<(Counter, Holder, i64)>) -> Reply<'_, ()> {
        Box::pin(self.writer.call(move |conn| book::post(conn, fence, facts, upto, &give_back)))
    }

    fn owner(&self, upstream: &Name, task: TaskId) -> Reply<'_, Option<HoldRow>> {
        let upstream = upstream.clone();
        Box::pin(self.reader.call(move |conn| book::owner(conn, &upstream, task)))
    }

    fn unsettled(&self, behind: Option<RequestId>, most: usize) -> Reply<'_, Vec<HoldRow>> {
        Box::pin(self.reader.call(move |conn| book::unsettled(conn, behind, most)))
    }

    fn spent(&self, key: KeyId, from: Timestamp, to: Timestamp) -> Reply<'_, Vec<Spent>> {
        Box::pin(self.reader.call(move |conn| book::spent(conn, key, from, to)))
    }

    fn usage(&self, since: &str, until: &str) -> Reply<'_, Vec<UsageRow>> {
        let (since, until) = (since.to_owned(), until.to_owned());
        Box::pin(self.reader.call(move |conn| book::usage(conn, &since, &until)))
    }
}

impl RegistryStore for SqliteStore {
    fn load(&self, fresh: Pepper) -> Reply<'_, Loaded> {
        Box::pin(self.writer.call(move |conn| keys::load(conn, &fresh)))
    }

    fn mark(&self, mark: CredentialHash) -> Reply<'_, CredentialHash> {
        Box::pin(self.writer.call(move |conn| keys::mark(conn, mark)))
    }

    fn apply(&self, expected: u64, edit: Edit) -> Reply<'_, Applied> {
        Box::pin(self.writer.call(move |conn| keys::apply(conn, expected, &edit)))
    }

    fn changes(&self, since: u64) -> Reply<'_, Changes> {
        Box::pin(self.reader.call(move |conn| keys::changes(conn, since)))
    }

    fn used(&self, uses: Vec<(KeyId, Timestamp)>) -> Reply<'_, ()> {
        Box::pin(self.writer.call(move |conn| keys::used(conn, &uses)))
    }
}

#[cfg(test)]
mod tests;
