//! Where do the tests find a real PostgreSQL? In a server of this process's own: a folder and a port nobody else has, gone with it.

use std::io::{BufRead, BufReader, Lines};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use tokio_postgres::{Client, Config, NoTls};

use crate::{OpenError, PostgresStore, Settings};

const PASSWORD: &str = "stand-of-the-tests";

/// A running server; it ends when this is dropped, and with this process however it ends.
pub(crate) struct Server {
    port: u16,
    /// The server's end is this pipe's end.
    stdin: Option<ChildStdin>,
    child: Child,
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
        Self::start_from(None)
    }

    /// A replica that follows this one.
    pub(crate) fn replica(&self) -> Self {
        Self::start_from(Some(self.port))
    }

    fn start_from(primary: Option<u16>) -> Self {
        // the port is free for the moment between; somebody else may be quicker
        let tried = (0..5).find_map(|_| Self::try_start(primary));
        tried.expect("PostgreSQL does not start: install Debian's `postgresql`, and see what it said above")
    }

    fn try_start(primary: Option<u16>) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = as_somebody();
        command.args(["sh", "-c", include_str!("stand/server.sh"), "stand", &port.to_string(), PASSWORD]);
        command.args(primary.map(|port| port.to_string()));
        // a group of its own: Ctrl-C ends the tests, and the pipe's end the server, in order
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("`setpriv` of Debian's `util-linux` is needed");
        let mut told: Lines<BufReader<ChildStdout>> = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = told.any(|line| line.is_ok_and(|line| line == "ready"));
        let stdin = child.stdin.take();
        if ready {
            return Some(Self { port, stdin, child, databases: AtomicU32::new(0) });
        }
        drop(stdin);
        child.wait().unwrap();
        None
    }

    /// How the superuser reaches a database.
    pub(crate) fn config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user("stand").password(PASSWORD).dbname(database);
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

impl Drop for Server {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.wait();
    }
}

/// A database of one test's own.
pub(crate) struct Database<'a> {
    pub(crate) server: &'a Server,
    pub(crate) name: String,
}

impl Database<'_> {
    /// The store in it, as the gate that keeps its memory in this folder opens it.
    pub(crate) fn store(&self, gate: &Path) -> Arc<PostgresStore> {
        self.try_store(gate, false).unwrap()
    }

    /// The same, perhaps accepted as it is.
    pub(crate) fn try_store(&self, gate: &Path, accept: bool) -> Result<Arc<PostgresStore>, OpenError> {
        PostgresStore::open(&Settings { url: &self.url(), password: None, roots: &[], memory: gate.join("book.seen"), accept })
    }

    /// Where it is, for its owner.
    pub(crate) fn url(&self) -> String {
        let Self { server: Server { port, .. }, name } = self;
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

/// The server refuses root: then whoever has least is asked to run it.
fn as_somebody() -> Command {
    let probe = tempfile::NamedTempFile::new().unwrap();
    if probe.as_file().metadata().unwrap().uid() != 0 {
        return Command::new("env");
    }
    let is_there = |user: &str| Command::new("id").arg(user).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success();
    let user = if is_there("postgres") { "postgres" } else { "nobody" };
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", "nogroup", "--clear-groups", "--no-new-privs"]);
    command
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
    let port = server.port;
    drop(server);
    assert!(!folder.exists());
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}
