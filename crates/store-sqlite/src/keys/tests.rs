//! What the laws do not ask: names and secrets that are taken, and terms that this binary does not know.

use rusqlite::Connection;
use tollgate_model::{CredentialHash, KeyId, Name, Pepper, Timestamp};
use tollgate_registry::{Applied, Edit, KeyRecord, KeyTerms, StoredSecret};

use crate::failure::Failure;

fn registry() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(include_str!("../../migrations/0001_book_and_registry.sql")).unwrap();
    conn.pragma_update(None, "foreign_keys", true).unwrap();
    conn
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

fn apply(conn: &Connection, expected: u64, record: KeyRecord) -> Result<Applied, Failure> {
    super::apply(conn, expected, &Edit::Key(record))
}

#[test]
fn a_name_or_a_secret_that_another_key_has_is_refused() {
    let conn = registry();
    apply(&conn, 0, key(1, "billing", &[1, 2])).unwrap();
    let taken = apply(&conn, 1, key(2, "billing", &[3])).unwrap_err();
    assert_eq!(taken.to_string(), "UNIQUE constraint failed: keys.name");
    let taken = apply(&conn, 2, key(2, "reports", &[2])).unwrap_err();
    assert_eq!(taken.to_string(), "UNIQUE constraint failed: secrets.hash");
}

#[test]
fn a_key_may_keep_drop_and_reorder_its_own_secrets() {
    let conn = registry();
    for (expected, secrets) in [(0, [1, 2].as_slice()), (1, &[2, 1, 3]), (2, &[3])] {
        apply(&conn, expected, key(1, "billing", secrets)).unwrap();
        let found = super::changes(&conn, 0).unwrap().keys.remove(0).record.secrets;
        assert_eq!(found.iter().map(|secret| secret.hash.as_bytes()[0]).collect::<Vec<_>>(), secrets);
    }
    assert!(matches!(apply(&conn, 3, key(2, "reports", &[1])), Ok(Applied::Done)), "a dropped secret is nobody's");
}

#[test]
fn terms_that_this_binary_does_not_know_are_not_passed_over() {
    let conn = registry();
    apply(&conn, 0, key(1, "billing", &[1])).unwrap();
    conn.execute("UPDATE keys SET terms = json_set(terms, '$.only_on_full_moon', 1)", []).unwrap();
    let failure = super::load(&conn, &Pepper::new([1; 32])).unwrap_err().to_string();
    assert!(failure.starts_with("a record of the registry cannot be read or written: unknown field `only_on_full_moon`"), "{failure}");
}
