//! What becomes of a caller when something fails: the connection, the server, time.

use std::collections::HashMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tollgate_books::{Fence, Store, StoreError};
use tollgate_registry::RegistryStore;

use super::super::PostgresStore;
use crate::failure::Failure;
use crate::line::DEADLINE;
use crate::stand::{Database, Server, run};

struct Scene {
    database: Database<'static>,
    store: Arc<PostgresStore>,
    fence: Fence,
    _gate: TempDir,
}

impl Scene {
    fn new() -> Self {
        let (database, gate) = (Server::shared().database(), TempDir::new().unwrap());
        let store = database.store(gate.path());
        let fence = run(store.open("gate", "boot", true)).unwrap().fence;
        Self { database, store, fence, _gate: gate }
    }

    async fn mark(&self, lane: &str) -> Result<(), StoreError> {
        self.store.post(self.fence, Vec::new(), HashMap::from([(lane.to_owned(), 1)]), Vec::new()).await
    }

    /// The lanes in the book, from which it is seen what was kept.
    fn lanes(&self) -> String {
        self.database.ask("SELECT string_agg(name, ' ' ORDER BY name) FROM tollgate.lanes")
    }

    /// Sends a signal to every process that serves the gate.
    fn signal(&self, signal: &str) {
        let pids = format!("SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE usename = '{}'", self.database.name);
        for pid in self.database.ask(&pids).split(' ') {
            assert!(Command::new("kill").args([signal, pid]).status().unwrap().success());
        }
    }
}

#[test]
fn a_connection_that_is_cut_is_made_again_by_itself() {
    let scene = Scene::new();
    scene.database.execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'", scene.database.name));
    let cut = run(scene.mark("first"));
    assert!(matches!(cut, Ok(()) | Err(StoreError::Down(_))), "{cut:?}");
    assert_eq!(run(scene.mark("second")), Ok(()));
    assert_eq!(run(scene.store.unsettled(None, usize::MAX)), Ok(Vec::new()));
    assert!(scene.lanes().ends_with("second"));
}

#[test]
fn a_server_that_lets_nobody_in_is_told_and_the_store_goes_on_when_it_does() {
    let scene = Scene::new();
    let name = &scene.database.name;
    let out = format!(
        "ALTER DATABASE {name} ALLOW_CONNECTIONS false; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'"
    );
    for step in out.split("; ") {
        scene.database.server.execute("postgres", step);
    }
    // the first may only learn that its connection is cut
    let _ = run(scene.mark("cut"));
    let Err(StoreError::Down(said)) = run(scene.mark("lost")) else { panic!("it was done") };
    assert!(said.starts_with("the store at `127.0.0.1:") && said.ends_with("is not currently accepting connections"), "{said}");
    scene.database.server.execute("postgres", &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    assert_eq!(run(scene.mark("kept")), Ok(()));
    assert_eq!(scene.lanes(), "kept");
}

#[test]
fn a_server_that_hangs_makes_the_caller_busy_and_does_nothing_of_it_later() {
    let scene = Scene::new();
    run(scene.mark("first")).unwrap();
    scene.store.be_patient(false);
    scene.signal("-STOP");
    assert_eq!(run(scene.mark("late")), Err(StoreError::Busy));
    scene.signal("-CONT");
    scene.store.be_patient(true);
    assert_eq!(run(scene.mark("next")), Ok(()));
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(scene.lanes(), "first next");
}

#[test]
fn a_command_that_fails_takes_its_own_changes_back_and_the_next_one_goes_on() {
    let scene = Scene::new();
    let broken = scene.store.writes.call(async |session| {
        let broken = session.transaction(async |session| {
            session.execute("INSERT INTO tollgate.lanes VALUES ('gate', 'broken', 1)", &[]).await?;
            Err::<(), _>(Failure::Fenced)
        });
        broken.await
    });
    assert_eq!(run(broken), Err(StoreError::Fenced));
    assert_eq!(run(scene.mark("next")), Ok(()));
    assert_eq!(scene.lanes(), "next");
}

#[test]
fn a_right_that_is_taken_away_is_told_with_what_to_do() {
    let scene = Scene::new();
    let name = &scene.database.name;
    scene.database.execute(&format!("ALTER TABLE tollgate.lanes OWNER TO stand; REVOKE ALL ON tollgate.lanes FROM {name}"));
    let denied = "permission denied for table lanes; grant it to the gate's role, it goes on by itself";
    assert_eq!(run(scene.mark("lost")), Err(StoreError::Down(denied.to_owned())));
    scene.database.execute(&format!("GRANT ALL ON tollgate.lanes TO {name}"));
    assert_eq!(run(scene.mark("kept")), Ok(()));
}

#[test]
fn reading_goes_on_while_a_write_waits() {
    let scene = Scene::new();
    let slow = scene.store.writes.call(async |session| Ok(session.client().batch_execute("SELECT pg_sleep(1)").await?));
    run(async {
        let reads = async {
            assert_eq!(scene.store.unsettled(None, usize::MAX).await, Ok(Vec::new()));
            assert_eq!(scene.store.changes(0).await.unwrap().generation, 0);
        };
        tokio::select! {
            biased;
            done = slow => panic!("the write was done first: {done:?}"),
            () = reads => {}
        }
    });
}

#[test]
fn at_a_start_and_an_end_a_slow_server_is_waited_for() {
    let scene = Scene::new();
    let longer = format!("SELECT pg_sleep({})", (DEADLINE + Duration::from_millis(200)).as_secs_f32());
    let slow = scene.store.writes.call(async move |session| Ok(session.client().batch_execute(&longer).await?));
    assert_eq!(run(slow), Ok(()));
}
