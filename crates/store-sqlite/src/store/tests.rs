//! The store as its callers see it: one file, both ports, over restarts.

mod failing;
mod killed;
mod reopening;
mod same;

use std::collections::HashMap;

use tempfile::TempDir;
use tollgate_books::{Store, StoreError};
use tollgate_model::Pepper;
use tollgate_registry::RegistryStore;

use super::SqliteStore;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

fn on_a_fresh_file(law: impl AsyncFnOnce(&dyn Store)) {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&folder.path().join("tollgate.db")).unwrap();
    run(law(&*store));
}

mod laws {
    tollgate_books::store_laws!(super::on_a_fresh_file);
}

fn with_keys_on_a_fresh_file(law: impl AsyncFnOnce(&dyn RegistryStore)) {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&folder.path().join("tollgate.db")).unwrap();
    run(law(&*store));
}

mod registry_laws {
    tollgate_registry::registry_laws!(super::with_keys_on_a_fresh_file);
}

#[test]
fn a_new_store_is_at_the_beginning_and_a_second_opening_of_the_book_voids_the_first() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&folder.path().join("state/tollgate.db")).unwrap();
    run(async {
        let first = store.open("gate", "boot", true).await.unwrap();
        assert!(!first.machine_died);
        assert!(first.replay_from.is_empty());
        let second = store.open("gate", "boot", true).await.unwrap();
        let post = |fence| store.post(fence, Vec::new(), HashMap::from([("lane".to_owned(), 7)]), Vec::new());
        assert_eq!(post(first.fence).await, Err(StoreError::Fenced));
        assert_eq!(post(second.fence).await, Ok(()));
        assert_eq!(store.load(Pepper::new([7; 32])).await.unwrap().generation, 0);
    });
    let id = store.id().to_owned();
    drop(store);
    let store = SqliteStore::open(&folder.path().join("state/tollgate.db")).unwrap();
    assert_eq!(store.id(), id);
    let opened = run(store.open("gate", "boot", true)).unwrap();
    assert_eq!(opened.replay_from, HashMap::from([("lane".to_owned(), 7)]));
    assert_eq!(run(store.load(Pepper::new([8; 32]))).unwrap().pepper.expose(), &[7; 32]);
}

#[test]
fn a_commit_is_on_the_disk_when_it_is_answered() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&folder.path().join("tollgate.db")).unwrap();
    let settings = store.writer.call(|conn| {
        let number = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        Ok((mode, number("synchronous")?, number("foreign_keys")?, number("trusted_schema")?))
    });
    // synchronous 2 is FULL: in WAL mode the log is synced with every commit
    assert_eq!(run(settings).unwrap(), ("wal".to_owned(), 2, 1, 0));
}
