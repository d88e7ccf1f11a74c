//! Every way in which a book can be older than what was seen of it, each made as it happens.

use std::collections::HashMap;
use std::sync::Arc;

use tempfile::TempDir;
use tollgate_books::{Fact, Fence, Store, StoreError};
use tollgate_model::{CredentialHash, KeyId, Money, Name, Pepper, RequestId, Timestamp};
use tollgate_registry::RegistryStore;

use crate::PostgresStore;
use crate::stand::{Database, Server, run};

/// A gate with its memory.
struct Gate {
    name: &'static str,
    folder: TempDir,
}

impl Gate {
    fn new(name: &'static str) -> Self {
        Self { name, folder: TempDir::new().unwrap() }
    }

    /// The gate starts.
    fn start(&self, database: &Database<'_>) -> Running {
        self.begin(database, false).unwrap()
    }

    /// An operator starts it on the book as it is.
    fn accept(&self, database: &Database<'_>) -> Running {
        self.begin(database, true).unwrap()
    }

    fn begin(&self, database: &Database<'_>, accept: bool) -> Result<Running, StoreError> {
        let store = database.try_store(self.folder.path(), accept).unwrap();
        store.be_patient(true);
        let fence = run(store.open(self.name, "boot", true))?.fence;
        Ok(Running { store, fence })
    }
}

struct Running {
    store: Arc<PostgresStore>,
    fence: Fence,
}

impl Running {
    fn post(&self, number: u8) -> Result<(), StoreError> {
        let at = Timestamp::from_millis(1_795_435_200_000);
        let fact = Fact::Held {
            request: RequestId::new(at, [number; 10]),
            key: KeyId::from_bytes([1; 16]),
            team: None,
            upstream: Name::parse("solver").unwrap(),
            method: "NormalCaptcha".to_owned(),
            at,
            held: Money::from_nanos(10),
        };
        run(self.store.post(self.fence, vec![fact], HashMap::new(), Vec::new()))
    }

    fn lease(&self) -> Result<(), StoreError> {
        run(self.store.lease(self.fence, Vec::new())).map(|_| ())
    }
}

fn shared() -> Database<'static> {
    Server::shared().database()
}

/// Somebody puts the files of an hour ago in place of the database's: every number in it is lower.
fn roll_back(database: &Database<'_>) {
    database.execute("UPDATE tollgate.instances SET number = number - 1");
}

#[test]
fn bu_25_a_book_that_lost_what_was_written_lends_nothing_to_any_gate_until_an_operator_accepts_it() {
    let database = shared();
    let (a, b) = (Gate::new("a"), Gate::new("b"));
    let (at_a, at_b) = (a.start(&database), b.start(&database));
    at_a.post(1).unwrap();
    database.execute("UPDATE tollgate.instances SET number = number - 1 WHERE name = 'a'");
    assert_eq!(at_a.post(2), Err(StoreError::Behind));
    // the other has lost nothing of its own, and is told by the first
    assert_eq!((at_b.lease(), at_b.post(3)), (Err(StoreError::Behind), Err(StoreError::Behind)));
    assert!(b.begin(&database, false).is_err_and(|error| error == StoreError::Behind));
    let why = database.ask("SELECT behind FROM tollgate.meta");
    assert_eq!(why, "`a` had written 2 times, and the book knows of 1: a backup was restored, or a lagging replica promoted");
    let again = a.accept(&database);
    again.post(2).unwrap();
    // whoever ran on must start again, and bring the book up to its journal
    assert_eq!((at_a.post(4), at_b.post(4), at_b.lease()), (Err(StoreError::Fenced), Err(StoreError::Fenced), Err(StoreError::Fenced)));
    b.start(&database).post(3).unwrap();
    a.start(&database).post(4).unwrap();
}

#[test]
fn keys_are_read_and_changed_and_tasks_owned_while_a_book_is_behind() {
    let database = shared();
    let gate = Gate::new("gate");
    let running = gate.start(&database);
    running.post(1).unwrap();
    roll_back(&database);
    assert_eq!(running.lease(), Err(StoreError::Behind));
    assert_eq!(run(running.store.unsettled(None, usize::MAX)).unwrap().len(), 1);
    assert_eq!(run(running.store.load(Pepper::new([1; 32]))).unwrap().generation, 0);
    assert_eq!(run(running.store.mark(CredentialHash::from_bytes([1; 32]))), Ok(CredentialHash::from_bytes([1; 32])));
}

#[test]
fn what_was_seen_outlives_the_gate() {
    let database = shared();
    let gate = Gate::new("gate");
    gate.start(&database).post(1).unwrap();
    roll_back(&database);
    assert!(gate.begin(&database, false).is_err_and(|error| error == StoreError::Behind));
    gate.accept(&database).post(1).unwrap();
}

#[test]
fn a_gate_notices_that_another_gates_writes_are_lost() {
    let database = shared();
    let (a, b) = (Gate::new("a"), Gate::new("b"));
    let at_b = b.start(&database);
    a.start(&database).post(1).unwrap();
    at_b.post(2).unwrap();
    database.execute("UPDATE tollgate.instances SET number = 0 WHERE name = 'a'");
    assert_eq!(at_b.lease(), Err(StoreError::Behind));
}

#[test]
fn an_acceptance_that_is_lost_is_noticed() {
    let database = shared();
    let gate = Gate::new("gate");
    gate.start(&database).post(1).unwrap();
    roll_back(&database);
    let running = gate.accept(&database);
    running.post(1).unwrap();
    database.execute("UPDATE tollgate.meta SET epoch = 0");
    assert_eq!(running.post(2), Err(StoreError::Behind));
    gate.accept(&database).post(2).unwrap();
    assert_eq!(database.ask("SELECT epoch FROM tollgate.meta"), "2");
}

#[test]
fn a_copy_of_the_database_under_the_same_name_is_not_the_database() {
    let database = shared();
    let gate = Gate::new("gate");
    let running = gate.start(&database);
    running.post(1).unwrap();
    drop(running);
    let (name, server) = (&database.name, database.server);
    for step in [
        format!("CREATE DATABASE {name}_backup TEMPLATE {name}"),
        format!("DROP DATABASE {name}"),
        format!("ALTER DATABASE {name}_backup RENAME TO {name}"),
        format!("ALTER DATABASE {name} OWNER TO {name}"),
    ] {
        server.execute("postgres", &step);
    }
    assert!(gate.begin(&database, false).is_err_and(|error| error == StoreError::Behind));
    assert!(database.ask("SELECT behind FROM tollgate.meta").starts_with("the database is not where it was (it was "));
    gate.accept(&database).post(2).unwrap();
    gate.start(&database).post(3).unwrap();
}

#[test]
fn a_restored_dump_is_noticed_though_it_holds_everything() {
    let database = shared();
    let gate = Gate::new("gate");
    let running = gate.start(&database);
    running.post(1).unwrap();
    drop(running);
    // as `pg_dump --clean` does: the tables are made anew, and filled
    database.execute(
        "CREATE TABLE tollgate.restored (LIKE tollgate.meta INCLUDING ALL); INSERT INTO tollgate.restored SELECT * FROM tollgate.meta;
         DROP TABLE tollgate.meta; ALTER TABLE tollgate.restored RENAME TO meta",
    );
    database.execute(&format!("ALTER TABLE tollgate.meta OWNER TO {}", database.name));
    assert!(gate.begin(&database, false).is_err_and(|error| error == StoreError::Behind));
    gate.accept(&database).post(2).unwrap();
}

#[test]
fn bu_25_a_promoted_replica_is_noticed_though_it_lags_by_nothing() {
    let primary = Server::start();
    let database = primary.database();
    let gate = Gate::new("gate");
    gate.start(&database).post(1).unwrap();
    let replica = primary.replica();
    let followed = replica.same(&database);
    let refusal = followed.try_store(gate.folder.path(), false).err().unwrap();
    assert!(matches!(refusal, crate::OpenError::Replica { .. }), "{refusal}");
    while followed.ask("SELECT count(*) FROM tollgate.holds") != "1" {
        std::thread::yield_now();
    }
    drop(primary);
    replica.execute("postgres", "SELECT pg_promote()");
    assert!(gate.begin(&followed, false).is_err_and(|error| error == StoreError::Behind));
    gate.accept(&followed).post(2).unwrap();
}

#[test]
fn another_store_is_not_spent_from_and_not_spoilt_for_its_own_gates() {
    let (mine, other) = (shared(), shared());
    let (gate, theirs) = (Gate::new("gate"), Gate::new("theirs"));
    gate.start(&mine).post(1).unwrap();
    let at_theirs = theirs.start(&other);
    assert!(gate.begin(&other, false).is_err_and(|error| error == StoreError::Behind));
    at_theirs.post(1).unwrap();
    // accepted, it takes nothing from those who are at work there
    gate.accept(&other).post(2).unwrap();
    at_theirs.post(3).unwrap();
}

#[test]
fn a_gate_without_memory_joins_where_another_is_at_work_and_nowhere_else() {
    let database = shared();
    let (first, second, third) = (Gate::new("first"), Gate::new("second"), Gate::new("third"));
    let at_first = first.start(&database);
    at_first.post(1).unwrap();
    second.start(&database).post(2).unwrap();
    database.execute("UPDATE tollgate.instances SET seen = seen - interval '11 s'");
    assert!(third.begin(&database, false).is_err_and(|error| error == StoreError::Behind));
    // nobody else is disturbed, and one that remembers may start
    at_first.post(3).unwrap();
    database.execute("UPDATE tollgate.instances SET seen = seen - interval '11 s'");
    second.start(&database).post(4).unwrap();
    database.execute("UPDATE tollgate.instances SET seen = seen - interval '11 s'");
    third.accept(&database).post(5).unwrap();
    at_first.post(6).unwrap();
}
