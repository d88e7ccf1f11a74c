//! What becomes of a caller when something fails: the disk, the file, another program, another caller, time.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use tollgate_books::{Fence, Store, StoreError};

use super::super::SqliteStore;
use super::run;
use crate::failure::Failure;
use crate::line::DEADLINE;

struct Scene {
    store: Arc<SqliteStore>,
    fence: Fence,
    path: PathBuf,
    _folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tollgate.db");
        let store = SqliteStore::open(&path).unwrap();
        let fence = run(store.open("gate", "boot", true)).unwrap().fence;
        Self { store, fence, path, _folder: folder }
    }

    async fn mark(&self, lane: &str) -> Result<(), StoreError> {
        self.store.post(self.fence, Vec::new(), HashMap::from([(lane.to_owned(), 1)]), Vec::new()).await
    }

    /// The lanes in the book, from which it is seen what was kept.
    fn lanes(&self) -> Vec<String> {
        let conn = Connection::open(&self.path).unwrap();
        let mut rows = conn.prepare("SELECT name FROM lanes ORDER BY name").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }
}

fn insert(conn: &Connection, lane: &str) -> Result<(), Failure> {
    conn.execute("INSERT INTO lanes (name, upto) VALUES (?, 1)", [lane])?;
    Ok(())
}

#[test]
fn a_command_that_fails_takes_only_its_own_changes_back() {
    let scene = Scene::new();
    let (go, waits) = sync_channel::<()>(1);
    run(async {
        let first = scene.store.writer.call(move |conn| {
            insert(conn, "first")?;
            // the others queue up meanwhile, and share one commit
            waits.recv().map_err(|_| Failure::Ended)
        });
        let good = scene.store.writer.call(|conn| insert(conn, "good"));
        let bad = scene.store.writer.call(|conn| insert(conn, "bad").and_then(|()| Err::<(), _>(Failure::Fenced)));
        let broken = scene.store.writer.call(|conn| insert(conn, "broken").and_then(|()| insert(conn, "broken")));
        let last = scene.store.writer.call(|conn| insert(conn, "last"));
        let release = async { go.send(()).unwrap() };
        let (first, good, bad, broken, last, ()) = tokio::join!(first, good, bad, broken, last, release);
        assert_eq!((first, good, bad, last), (Ok(()), Ok(()), Err(StoreError::Fenced), Ok(())));
        assert!(matches!(broken, Err(StoreError::Down(_))));
    });
    assert_eq!(scene.lanes(), ["first", "good", "last"]);
}

#[test]
fn a_command_whose_transaction_is_lost_takes_all_with_it_and_the_next_one_goes_on() {
    let scene = Scene::new();
    let (go, waits) = sync_channel::<()>(1);
    let (begins, begun) = tokio::sync::oneshot::channel();
    run(async {
        let first = scene.store.writer.call(move |_| {
            let _ = begins.send(());
            waits.recv().map_err(|_| Failure::Ended)
        });
        let others = async {
            begun.await.unwrap();
            let good = scene.store.writer.call(|conn| insert(conn, "good"));
            // as SQLite itself does when the disk fails in the middle
            let lost = scene.store.writer.call(|conn| Ok(conn.execute_batch("ROLLBACK")?));
            let never = scene.store.writer.call(|conn| insert(conn, "never"));
            let (good, lost, never, ()) = tokio::join!(good, lost, never, async { go.send(()).unwrap() });
            [good, lost, never]
        };
        let (first, others) = tokio::join!(first, others);
        assert_eq!(first, Ok(()));
        for answer in others {
            assert!(matches!(answer, Err(StoreError::Down(_))), "{answer:?}");
        }
        assert_eq!(scene.mark("next").await, Ok(()));
    });
    assert_eq!(scene.lanes(), ["next"]);
}

#[test]
fn a_full_disk_is_told_and_the_store_goes_on_when_there_is_room() {
    let scene = Scene::new();
    let limit = |pages: i64| {
        scene.store.writer.call(move |conn| {
            Ok(conn
                .query_row("PRAGMA max_page_count", [], |row| row.get(0))
                .and_then(|before: i64| conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(before)))?)
        })
    };
    let plenty = run(limit(1)).unwrap();
    let long = "lane-".repeat(40_000);
    let full = run(scene.mark(&long)).unwrap_err();
    assert_eq!(full, StoreError::Down("database or disk is full; free some space, it goes on by itself".to_owned()));
    // the connection may have been opened anew meanwhile: then the limit is gone by itself
    run(limit(plenty)).unwrap();
    assert_eq!(run(scene.mark(&long)), Ok(()));
    assert_eq!(scene.lanes(), [long]);
}

#[test]
fn a_file_that_is_taken_away_is_noticed_and_taken_up_again_when_it_is_back() {
    let scene = Scene::new();
    let away = scene.path.with_extension("away");
    fs::rename(&scene.path, &away).unwrap();
    let gone = "the file was removed or replaced while in use: stop the gate, put the file back, start again";
    assert_eq!(run(scene.mark("lost")), Err(StoreError::Down(gone.to_owned())));
    fs::write(&scene.path, b"another file").unwrap();
    assert_eq!(run(scene.mark("lost")), Err(StoreError::Down(gone.to_owned())));
    fs::rename(&away, &scene.path).unwrap();
    assert_eq!(run(scene.mark("kept")), Ok(()));
    assert_eq!(run(scene.store.unsettled(None, usize::MAX)), Ok(Vec::new()));
    assert_eq!(scene.lanes(), ["kept"]);
}

#[test]
fn a_program_that_holds_the_file_makes_the_store_busy_not_stuck() {
    let scene = Scene::new();
    let other = Connection::open(&scene.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(run(scene.mark("first")), Err(StoreError::Busy));
    assert_eq!(run(scene.store.unsettled(None, usize::MAX)), Ok(Vec::new()), "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(run(scene.mark("second")), Ok(()));
    assert_eq!(scene.lanes(), ["second"]);
}

#[test]
fn past_the_deadline_the_caller_is_told_busy_and_nothing_is_begun_for_it() {
    let scene = Scene::new();
    let (go, waits) = sync_channel::<()>(1);
    run(async {
        let hung = scene.store.writer.call(move |_| waits.recv().map_err(|_| Failure::Ended));
        let (hung, late) = tokio::join!(hung, scene.mark("late"));
        assert_eq!((hung, late), (Err(StoreError::Busy), Err(StoreError::Busy)));
        go.send(()).unwrap();
        assert_eq!(scene.mark("next").await, Ok(()));
    });
    assert_eq!(scene.lanes(), ["next"]);
}

#[test]
fn at_a_start_and_an_end_a_slow_disk_is_waited_for() {
    let scene = Scene::new();
    scene.store.be_patient(true);
    let (_go, waits) = sync_channel::<()>(1);
    let longer = DEADLINE + Duration::from_millis(100);
    let slow = scene.store.writer.call(move |_| Ok(waits.recv_timeout(longer).is_err()));
    assert_eq!(run(slow), Ok(true));
    assert_eq!(scene.lanes(), Vec::<String>::new());
}
