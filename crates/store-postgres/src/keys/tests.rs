//! What the laws do not ask: names and secrets that are taken, terms that this binary does not know, and gates that change at once.

use std::sync::Arc;

use tempfile::TempDir;
use tollgate_books::StoreError;
use tollgate_model::{CredentialHash, KeyId, Name, Pepper, Timestamp};
use tollgate_registry::{Applied, Edit, KeyRecord, KeyTerms, RegistryStore, StoredSecret};

use crate::PostgresStore;
use crate::stand::{Database, Server, run};

fn registry() -> (Database<'static>, Arc<PostgresStore>) {
    let database = Server::shared().database();
    let store = again(&database);
    (database, store)
}

fn again(database: &Database<'_>) -> Arc<PostgresStore> {
    let folder = TempDir::new().unwrap();
    database.store(folder.path())
}

fn key(number: u8, name: &str, secrets: &[u8]) -> KeyRecord {
    let at = Timestamp::from_millis(1);
    let secret =
        |byte: &u8| StoredSecret { hash: CredentialHash::from_bytes([*byte; 32]), hint: "4aB9".to_owned(), created: at, expires: None };
    KeyRecord {
        id: KeyId::from_bytes([number; 16]),
        name: Name::parse(name).unwrap(),
        upstream: Name::parse("solver").unwrap(),
        terms: KeyTerms::default(),
        secrets: secrets.iter().map(secret).collect(),
        paused: None,
        revoked: None,
        created: at,
        version: 0,
    }
}

fn apply(store: &PostgresStore, expected: u64, record: KeyRecord) -> Result<Applied, StoreError> {
    run(store.apply(expected, Edit::Key(record)))
}

fn down(text: &str) -> Result<Applied, StoreError> {
    Err(StoreError::Down(text.to_owned()))
}

#[test]
fn a_name_or_a_secret_that_another_key_has_is_refused_whole() {
    let (_database, store) = registry();
    apply(&store, 0, key(1, "billing", &[1, 2])).unwrap();
    let unique = |name: &str| format!("duplicate key value violates unique constraint \"{name}\"");
    assert_eq!(apply(&store, 1, key(2, "billing", &[3])), down(&unique("keys_name_key")));
    assert_eq!(apply(&store, 1, key(2, "reports", &[2])), down(&unique("secrets_pkey")));
    let found = run(store.changes(0)).unwrap();
    assert_eq!((found.generation, found.keys.len()), (1, 1));
}

#[test]
fn a_key_may_keep_drop_and_reorder_its_own_secrets() {
    let (_database, store) = registry();
    for (expected, secrets) in [(0, [1, 2].as_slice()), (1, &[2, 1, 3]), (2, &[3])] {
        apply(&store, expected, key(1, "billing", secrets)).unwrap();
        let found = run(store.changes(0)).unwrap().keys.remove(0).record.secrets;
        assert_eq!(found.iter().map(|secret| secret.hash.as_bytes()[0]).collect::<Vec<_>>(), secrets);
    }
    assert!(matches!(apply(&store, 3, key(2, "reports", &[1])), Ok(Applied::Done)), "a dropped secret is nobody's");
}

#[test]
fn terms_that_this_binary_does_not_know_are_not_passed_over() {
    let (database, store) = registry();
    apply(&store, 0, key(1, "billing", &[1])).unwrap();
    database.execute("UPDATE tollgate.keys SET terms = (terms::jsonb || '{\"only_on_full_moon\": 1}')::text");
    let Err(StoreError::Down(failure)) = run(store.load(Pepper::new([1; 32]))) else { panic!("it was loaded") };
    assert!(failure.starts_with("a record of the registry cannot be read or written: unknown field `only_on_full_moon`"), "{failure}");
}

#[test]
fn of_two_gates_that_change_at_once_one_is_told_to_look_again() {
    let (database, first) = registry();
    let second = again(&database);
    for round in 0..10 {
        let (a, b) = (key(1, "billing", &[1]), key(2, "reports", &[2]));
        let (a, b) = run(async { tokio::join!(first.apply(round, Edit::Key(a)), second.apply(round, Edit::Key(b))) });
        let done = [a.unwrap(), b.unwrap()].iter().filter(|applied| **applied == Applied::Done).count();
        assert_eq!(done, 1, "round {round}");
    }
}

#[test]
fn what_one_gate_revokes_the_other_sees_at_its_next_look() {
    let (database, first) = registry();
    let second = again(&database);
    apply(&first, 0, key(1, "billing", &[1])).unwrap();
    assert_eq!(run(second.load(Pepper::new([2; 32]))).unwrap().generation, 1);
    let revoked = Some(Timestamp::from_millis(5));
    apply(&first, 1, KeyRecord { revoked, ..key(1, "billing", &[1]) }).unwrap();
    assert_eq!(run(second.changes(1)).unwrap().keys[0].record.revoked, revoked);
}
