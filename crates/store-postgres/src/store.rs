//! The store behind both ports: who asks is queued to one of four connections, and waits no longer than the store's deadline.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::CertificateDer;
use tollgate_books::{Adopting, Counter, Fact, Fence, HoldRow, Holder, Lease, LeaseWant, Opened, Reply, Spent, Store, UsageRow};
use tollgate_model::{CredentialHash, KeyId, Name, Pepper, RequestId, TaskId, Timestamp};
use tollgate_registry::{Applied, Changes, Edit, Loaded, RegistryStore};

use crate::bell::Bell;
use crate::book::{self, Post};
use crate::epoch::{self, Memory};
use crate::keys;
use crate::line::{DEADLINE, End, Line};
use crate::open::{self, OpenError, Place};
use crate::session::Session;

/// What the store is opened with.
pub struct Settings<'a> {
    /// `postgres://user:password@host:5432/database`.
    pub url: &'a str,
    /// The user's password, if it does not stand in the URL.
    pub password: Option<&'a [u8]>,
    /// The authorities that may vouch for a server on another machine.
    pub roots: &'a [CertificateDer<'static>],
    /// The file in which the gate remembers what it has seen of the book, outside the database.
    pub memory: PathBuf,
    /// An operator says that the book is to be spent from as it is, though it is behind what was seen of it.
    pub accept: bool,
}

/// One database with the book and the registry.
pub struct PostgresStore {
    id: String,
    place: String,
    memory: Memory,
    /// Who opened the book through this store last.
    instance: Mutex<Option<String>>,
    lends: Line,
    writes: Line,
    reads: Line,
    /// Asks what other gates have changed, on the connection on which they tell of it: while it answers, it listens.
    news: Line,
    bell: Bell,
    ended: Mutex<Receiver<()>>,
}

/// The ends of the four lines.
struct Ends {
    lender: End,
    writer: End,
    reader: End,
    listener: End,
}

impl PostgresStore {
    /// Opens the database, and makes the schema if there is none. Waits for the server: up to a few seconds.
    pub fn open(settings: &Settings<'_>) -> Result<Arc<Self>, OpenError> {
        let place = Place::parse(settings)?;
        let memory = match Memory::open(&settings.memory) {
            Err(_) if settings.accept => Memory::blank(&settings.memory),
            memory => memory?,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(OpenError::Thread)?;
        let ((lends, lender), (writes, writer), (reads, reader)) = (Line::new(), Line::new(), Line::new());
        let ((news, listener), bell) = (Line::new(), Bell::default());
        let ends = Ends { lender, writer, reader, listener };
        let (says, said) = sync_channel(1);
        let (ends_here, ended) = sync_channel::<()>(1);
        let (name, accept, known, rung) = (place.name().to_owned(), settings.accept, memory.clone(), bell.clone());
        let work = move || {
            let _ends_here = ends_here;
            runtime.block_on(async {
                match begin(&place, &memory, accept).await {
                    Ok((id, session)) => {
                        // the caller may have gone; then nobody asks, and this ends
                        let _ = says.send(Ok(id));
                        serve(ends, &place, session, rung).await;
                    }
                    Err(error) => {
                        let _ = says.send(Err(error));
                    }
                }
            });
        };
        std::thread::Builder::new().name("store-postgres".to_owned()).spawn(work).map_err(OpenError::Thread)?;
        let id = said.recv().map_err(|gone| OpenError::Thread(std::io::Error::other(gone)))??;
        let (instance, ended) = (Mutex::default(), Mutex::new(ended));
        Ok(Arc::new(Self { id, place: name, memory: known, instance, lends, writes, reads, news, bell, ended }))
    }

    /// This store's own id: a copy of the database has the same, a new one another.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Host, port and database: `db.example:5432/gates`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Lane name → highest line number of an instance whose facts are in the book. `Store::open` tells it too, and fences: this is
    /// asked before, so that only the rest of the journal is read.
    pub fn replay_from(&self, instance: &str) -> Reply<'_, HashMap<String, u64>> {
        let instance = instance.to_owned();
        self.reads.call(async move |session| book::lanes(session, &instance).await)
    }

    /// Waits until a gate has told of a change of keys or teams, or until it is not certain any more that one would be heard: then
    /// `changes` is worth asking. Whoever waits for this alone misses what is told on a connection that is dead and does not know it.
    pub async fn told(&self) {
        self.bell.heard().await;
    }

    /// The number of the schema that this binary makes and knows.
    pub const fn schema() -> i32 {
        open::schema()
    }

    /// Whether callers wait as long as a slow server takes, up to half a minute: for a start and an end, when no request waits
    /// behind them.
    pub fn be_patient(&self, patient: bool) {
        for line in [&self.lends, &self.writes, &self.reads, &self.news] {
            line.be_patient(patient);
        }
    }
}

impl Store for PostgresStore {
    fn open(&self, instance: &str, boot: &str, journal_whole: bool) -> Reply<'_, Opened> {
        let (memory, instance, boot) = (self.memory.clone(), instance.to_owned(), boot.to_owned());
        Box::pin(async move {
            let whose = instance.clone();
            let open = async move |session: &mut Session| {
                let opened = book::open(session, &memory, &instance, &boot, journal_whole).await?;
                keep(&memory).await;
                Ok(opened)
            };
            let opened = self.writes.call(open).await?;
            *self.instance.lock().unwrap_or_else(PoisonError::into_inner) = Some(whose);
            Ok(opened)
        })
    }

    fn lease(&self, fence: Fence, wants: Vec<LeaseWant>) -> Reply<'_, Vec<Lease>> {
        let memory = self.memory.clone();
        self.lends.call(async move |session| book::lease(session, &memory, fence, wants).await)
    }

    fn post(&self, fence: Fence, facts: Vec<Fact>, upto: HashMap<String, u64>, give_back: Vec<(Counter, Holder, i64)>) -> Reply<'_, ()> {
        let memory = self.memory.clone();
        let post = Post { facts, upto, give_back };
        self.writes.call(async move |session| {
            book::post(session, &memory, fence, post).await?;
            keep(&memory).await;
            Ok(())
        })
    }

    fn owner(&self, upstream: &Name, task: TaskId) -> Reply<'_, Option<HoldRow>> {
        let upstream = upstream.clone();
        self.reads.call(async move |session| book::owner(session, &upstream, task).await)
    }

    /// Of the instance that this store was opened for, once it was: another gate's holds are its own.
    fn unsettled(&self, behind: Option<RequestId>, most: usize) -> Reply<'_, Vec<HoldRow>> {
        let instance = self.instance.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.reads.call(async move |session| book::unsettled(session, instance.as_deref(), behind, most).await)
    }

    fn adopt(&self, fence: Fence, adopting: Adopting) -> Reply<'_, Vec<HoldRow>> {
        let memory = self.memory.clone();
        self.writes.call(async move |session| book::adopt(session, &memory, fence, &adopting).await)
    }

    fn spent(&self, key: KeyId, from: Timestamp, to: Timestamp) -> Reply<'_, Vec<Spent>> {
        self.reads.call(async move |session| book::spent(session, key, from, to).await)
    }

    fn usage(&self, since: &str, until: &str) -> Reply<'_, Vec<UsageRow>> {
        let (since, until) = (since.to_owned(), until.to_owned());
        self.reads.call(async move |session| book::usage(session, &since, &until).await)
    }
}

impl RegistryStore for PostgresStore {
    fn load(&self, fresh: Pepper) -> Reply<'_, Loaded> {
        self.writes.call(async move |session| keys::load(session, fresh).await)
    }

    fn mark(&self, mark: CredentialHash) -> Reply<'_, CredentialHash> {
        self.writes.call(async move |session| keys::mark(session, mark).await)
    }

    fn apply(&self, expected: u64, edit: Edit) -> Reply<'_, Applied> {
        self.writes.call(async move |session| keys::apply(session, expected, edit).await)
    }

    fn changes(&self, since: u64) -> Reply<'_, Changes> {
        self.news.call(async move |session| keys::changes(session, since).await)
    }

    fn used(&self, uses: Vec<(KeyId, Timestamp)>) -> Reply<'_, ()> {
        self.writes.call(async move |session| keys::used(session, uses).await)
    }
}

/// Everything that is judged before the first command.
async fn begin(place: &Place, memory: &Memory, accept: bool) -> Result<(String, Session), OpenError> {
    let mut session = open::open(place).await?;
    if accept {
        epoch::accept(&mut session, memory).await.map_err(|failure| OpenError::failed(place.name(), failure))?;
        memory.keep().map_err(|source| OpenError::Memory { path: memory.path().to_owned(), source })?;
    }
    let id = session.client().query_one("SELECT store::text FROM tollgate.meta", &[]).await;
    let id = id.map_err(|error| OpenError::Postgres { place: place.name().to_owned(), error })?;
    Ok((id.get(0), session))
}

/// A slice is not waited for behind a second's facts, nor a report by either, nor a revocation by any of them: each has a connection
/// of its own.
async fn serve(ends: Ends, place: &Place, session: Session, bell: Bell) {
    let Ends { lender, writer, reader, listener } = ends;
    let ringing = place.ringing(bell);
    let (lender, listener) = (lender.serve(place, Some(session)), listener.serve(&ringing, None));
    tokio::join!(lender, writer.serve(place, None), reader.serve(place, None), listener);
}

/// Writes down what was seen of the book, off the thread on which the connections are; a gate whose disk fails goes on, for its
/// journal stops it.
async fn keep(memory: &Memory) {
    let here = memory.clone();
    let kept = tokio::task::spawn_blocking(move || here.keep()).await.unwrap_or_else(|fault| Err(std::io::Error::other(fault)));
    if let Err(error) = kept {
        tracing::error!(path = %memory.path().display(), error = %error, "what was seen of the book cannot be written down");
    }
}

impl Drop for PostgresStore {
    /// Waits until what was taken is done; a server that hangs does not hold the process back.
    fn drop(&mut self) {
        [&mut self.lends, &mut self.writes, &mut self.reads, &mut self.news].into_iter().for_each(Line::close);
        if let Ok(ended) = self.ended.get_mut() {
            let _ = ended.recv_timeout(DEADLINE);
        }
    }
}

#[cfg(test)]
mod tests;
