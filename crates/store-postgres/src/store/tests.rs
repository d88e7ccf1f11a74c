//! The store as its callers see it: one database, both ports, over restarts and for several gates.

mod adopted;
mod failing;
mod killed;
mod reopening;
mod same;
mod several;
mod together;
mod told;

use std::collections::HashMap;

use tempfile::TempDir;
use tollgate_books::{Store, StoreError};
use tollgate_model::Pepper;
use tollgate_registry::RegistryStore;

use crate::stand::{Server, run};

fn in_a_fresh_database(law: impl AsyncFnOnce(&dyn Store)) {
    let (database, gate) = (Server::shared().database(), TempDir::new().unwrap());
    run(law(&*database.store(gate.path())));
}

mod laws {
    tollgate_books::store_laws!(super::in_a_fresh_database);
}

fn with_keys_in_a_fresh_database(law: impl AsyncFnOnce(&dyn RegistryStore)) {
    let (database, gate) = (Server::shared().database(), TempDir::new().unwrap());
    run(law(&*database.store(gate.path())));
}

mod registry_laws {
    tollgate_registry::registry_laws!(super::with_keys_in_a_fresh_database);
}

#[test]
fn a_new_store_is_at_the_beginning_and_a_second_opening_of_the_book_voids_the_first() {
    let (database, gate) = (Server::shared().database(), TempDir::new().unwrap());
    let store = database.store(gate.path());
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
    let store = database.store(gate.path());
    assert_eq!(store.id(), id);
    assert_eq!(run(store.replay_from("gate")).unwrap(), HashMap::from([("lane".to_owned(), 7)]));
    let opened = run(store.open("gate", "boot", true)).unwrap();
    assert_eq!(opened.replay_from, HashMap::from([("lane".to_owned(), 7)]));
    assert_eq!(run(store.load(Pepper::new([8; 32]))).unwrap().pepper.expose(), &[7; 32]);
}

#[test]
fn a_commit_is_on_the_disk_when_it_is_answered_whatever_the_servers_default() {
    let (database, gate) = (Server::shared().database(), TempDir::new().unwrap());
    database.execute(&format!("ALTER ROLE {} SET synchronous_commit = off", database.name));
    let store = database.store(gate.path());
    let told = store.writes.call(async |session| Ok(session.row("SHOW synchronous_commit", &[]).await?.unwrap().get::<_, String>(0)));
    assert_eq!(run(told).unwrap(), "on");
}
