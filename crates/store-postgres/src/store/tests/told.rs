//! Who is told of a change, and when is asking worth while?

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tollgate_books::StoreError;
use tollgate_model::{Name, Pepper, Timestamp};
use tollgate_registry::{Applied, Edit, RegistryStore, TeamRecord, TeamTerms};

use super::super::PostgresStore;
use crate::stand::{Database, Server, run};

/// Longer than the tests' machine takes, and shorter than whoever waits for a poll would.
const SOON: Duration = Duration::from_secs(10);

/// Longer than what is told takes.
const NOT_AT_ALL: Duration = Duration::from_millis(300);

struct Gate {
    store: Arc<PostgresStore>,
    _memory: TempDir,
}

impl Gate {
    /// A gate that has asked once, and listens from then on.
    async fn listening(database: &Database<'_>) -> Self {
        let memory = TempDir::new().unwrap();
        let store = database.store(memory.path());
        store.load(Pepper::new([7; 32])).await.unwrap();
        store.changes(0).await.unwrap();
        Self { store, _memory: memory }
    }

    /// Whether it is told within this time.
    async fn is_told(&self, within: Duration) -> bool {
        tokio::time::timeout(within, self.store.told()).await.is_ok()
    }

    async fn make_team(&self, expected: u64, name: &str) {
        assert_eq!(self.store.apply(expected, team(name)).await, Ok(Applied::Done));
    }
}

fn team(name: &str) -> Edit {
    let created = Timestamp::from_millis(1_795_435_200_000);
    Edit::Team(TeamRecord { name: Name::parse(name).unwrap(), terms: TeamTerms::default(), paused: None, created, version: 0 })
}

#[test]
fn a_change_at_one_gate_is_told_to_every_gate_that_listens_and_nothing_is_told_of_one_that_was_not_made() {
    let database = Server::shared().database();
    run(async {
        let (a, b, c) = (Gate::listening(&database).await, Gate::listening(&database).await, Gate::listening(&database).await);
        assert!(!b.is_told(NOT_AT_ALL).await);
        a.make_team(0, "one").await;
        for gate in [&a, &b, &c] {
            assert!(gate.is_told(SOON).await);
            assert_eq!(gate.store.changes(0).await.unwrap().teams.len(), 1);
        }
        assert_eq!(a.store.apply(0, team("two")).await, Ok(Applied::Stale));
        assert!(!b.is_told(NOT_AT_ALL).await);
    });
}

#[test]
fn a_gate_whose_listening_connection_is_cut_is_told_to_ask_and_listens_again_when_it_has() {
    let database = Server::shared().database();
    let (a, b) = run(async { (Gate::listening(&database).await, Gate::listening(&database).await) });
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tollgate feed' AND datname = current_database()",
    );
    run(async {
        assert!(b.is_told(SOON).await, "that it may have missed something");
        // made while nobody listens
        a.make_team(0, "one").await;
        assert!(!b.is_told(NOT_AT_ALL).await);
        assert_eq!(b.store.changes(0).await.unwrap().generation, 1, "on a new connection, at once");
        a.make_team(1, "two").await;
        assert!(b.is_told(SOON).await);
        assert_eq!(b.store.changes(1).await.unwrap().generation, 2);
    });
}

#[test]
fn a_connection_that_says_nothing_any_more_is_no_answer_and_the_next_question_goes_over_another() {
    let database = Server::shared().database();
    let (a, b) = run(async { (Gate::listening(&database).await, Gate::listening(&database).await) });
    b.store.be_patient(false);
    let feeds = "application_name = 'tollgate feed' AND datname = current_database()";
    let pids = database.ask(&format!("SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE {feeds}"));
    let signal = |signal| pids.split(' ').all(|pid| Command::new("kill").args([signal, pid]).status().unwrap().success());
    assert!(signal("-STOP"));
    run(async {
        a.make_team(0, "one").await;
        assert!(!b.is_told(NOT_AT_ALL).await);
        assert_eq!(b.store.changes(0).await, Err(StoreError::Busy));
        assert_eq!(b.store.changes(0).await.unwrap().generation, 1);
        a.make_team(1, "two").await;
        assert!(b.is_told(SOON).await, "by the new one");
    });
    assert!(signal("-CONT"));
}

#[test]
fn a_report_that_takes_long_keeps_no_gate_from_hearing_of_a_change() {
    let database = Server::shared().database();
    run(async {
        let gate = Gate::listening(&database).await;
        let store = gate.store.clone();
        let report = store.reads.call(async |session| Ok(session.row("SELECT pg_sleep(60)", &[]).await?.is_some()));
        tokio::select! {
            biased;
            done = report => panic!("the report was done: {done:?}"),
            changes = gate.store.changes(0) => assert_eq!(changes.unwrap().generation, 0),
        }
    });
}
