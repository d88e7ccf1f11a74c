//! Where do the tests find a real PostgreSQL? In a server of this process's own: a folder and a port nobody else has, gone with it.

mod server;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use tokio_postgres::{Client, Config, NoTls};

use self::server::{PASSWORD, USER};
use crate::{OpenError, PostgresStore, Settings};

/// A running server; it ends when this is dropped, and with this process however it ends.
pub(crate) struct Server {
    running: server::Server,
    databases: AtomicU32,
}

impl Server {
    /// The one that all tests share, each with a database of its own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// One for a test that changes or stops it.
    pub(crate) fn start() -> Self {
        Self { running: server::Server::start(None).unwrap(), databases: AtomicU32::new(0) }
    }

    /// A replica that follows this one.
    pub(crate) fn replica(&self) -> Self {
        Self { running: server::Server::start(Some(self.running.port())).unwrap(), databases: AtomicU32::new(0) }
    }

    /// How the superuser reaches a database.
    pub(crate) fn config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.running.port()).user(USER).password(PASSWORD).dbname(database);
        config
    }

    /// Has SQL done in a database, with every right.
    pub(crate) fn execute(&self, database: &str, sql: &str) {
        self.with(database, async |client| client.batch_execute(sql).await.unwrap());
    }

    /// The first column of the first row, as text.
    pub(crate) fn ask(&self, database: &str, sql: &str) -> String {
        use tokio_postgres::SimpleQueryMessage::Row;
        self.with(database, async |client| {
            let told = client.simple_query(sql).await.unwrap();
            told.iter().find_map(|message| if let Row(row) = message { row.get(0) } else { None }).unwrap_or_default().to_owned()
        })
    }

    fn with<T>(&self, database: &str, work: impl AsyncFnOnce(&Client) -> T) -> T {
        let config = self.config(database);
        run(async {
            let (client, connection) = config.connect(NoTls).await.unwrap();
            tokio::select! {
                ended = connection => panic!("the server went away: {ended:?}"),
                done = work(&client) => done,
            }
        })
    }

    /// A database of another server, as it is found here.
    pub(crate) fn same(&self, database: &Database<'_>) -> Database<'_> {
        Database { server: self, name: database.name.clone() }
    }

    /// A new database, owned by a role that may nothing else, as a careful operator makes it.
    pub(crate) fn database(&self) -> Database<'_> {
        let name = format!("gates{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE ROLE {name} LOGIN PASSWORD 'pass-{name}'"));
        self.execute("postgres", &format!("CREATE DATABASE {name} OWNER {name}"));
        Database { server: self, name }
    }
}

/// A database of one test's own.
pub(crate) struct Database<'a> {
    pub(crate) server: &'a Server,
    pub(crate) name: String,
}

impl Database<'_> {
    /// The store in it, as the gate that keeps its memory in this folder opens it. It waits long: the tests' machine may be slow.
    pub(crate) fn store(&self, gate: &Path) -> Arc<PostgresStore> {
        let store = self.try_store(gate, false).unwrap();
        store.be_patient(true);
        store
    }

    /// The same, perhaps accepted as it is.
    pub(crate) fn try_store(&self, gate: &Path, accept: bool) -> Result<Arc<PostgresStore>, OpenError> {
        PostgresStore::open(&Settings { url: &self.url(), password: None, roots: &[], memory: gate.join("book.seen"), accept })
    }

    /// Where it is, for its owner.
    pub(crate) fn url(&self) -> String {
        let (name, port) = (&self.name, self.server.running.port());
        format!("postgres://{name}:pass-{name}@127.0.0.1:{port}/{name}")
    }

    /// Has SQL done in it by the superuser.
    pub(crate) fn execute(&self, sql: &str) {
        self.server.execute(&self.name, sql);
    }

    /// The first column of the first row, as text.
    pub(crate) fn ask(&self, sql: &str) -> String {
        self.server.ask(&self.name, sql)
    }
}

/// Waits for the end of one test's work.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn the_server_ends_with_whoever_started_it_and_leaves_nothing() {
    let server = Server::start();
    let folder = server.ask("postgres", "SHOW data_directory").replace("/data", "");
    let folder = Path::new(&folder);
    assert!(folder.exists());
    let port = server.running.port();
    drop(server);
    assert!(!folder.exists());
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}
