//! Every reason not to open, each made as it happens; what is refused stays as it was, to the byte.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use super::{OpenError, recent_enough};
use crate::SqliteStore;

fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tollgate.db");
    (folder, path)
}

/// A file as a closed store leaves it.
fn closed_store() -> (TempDir, PathBuf) {
    let (folder, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    (folder, path)
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// Names and bytes of everything in the folder but the lock.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| !path.ends_with("tollgate.lock")).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// The refusal, its sentence without the folder's own name.
fn refused(path: &Path) -> (OpenError, String) {
    let folder = path.parent().unwrap();
    let before = contents(folder);
    let refusal = SqliteStore::open(path).err().unwrap();
    let after = contents(folder);
    assert!(after == before, "{refusal}: {:?} are {:?}", before.keys(), after.keys());
    let said = refusal.to_string().replace(folder.to_str().unwrap(), "/state");
    (refusal, said)
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_store_and_everything_beside_it_is_for_its_owner_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a/state/tollgate.db");
    let store = SqliteStore::open(&path).unwrap();
    let state = path.parent().unwrap();
    assert_eq!(mode(state), 0o700);
    // the log appears with the first write
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(tollgate_books::Store::open(&*store, "gate", "boot", true)).unwrap();
    let files: Vec<PathBuf> = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(store.id().len(), 32);
    assert!(SqliteStore::version() >= "3.51.3", "{}", SqliteStore::version());
}

#[test]
fn two_stores_have_different_ids() {
    let (first, second) = (place(), place());
    let ids = [&first.1, &second.1].map(|path| SqliteStore::open(path).unwrap().id().to_owned());
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn versions_of_sqlite_that_can_corrupt_the_log_are_refused() {
    assert!(matches!(recent_enough(3_051_002), Err(OpenError::OldSqlite { .. })));
    assert!(matches!(recent_enough(3_040_001), Err(OpenError::OldSqlite { .. })));
    assert!(recent_enough(3_051_003).is_ok());
}

#[test]
fn a_text_file_is_no_store() {
    let (_folder, path) = place();
    for text in ["not a database\n".to_owned(), "a longer text\n".repeat(1000)] {
        write(&path, text.as_bytes());
        let (refusal, said) = refused(&path);
        assert!(matches!(refusal, OpenError::NotADatabase { .. }));
        assert_eq!(said, "`/state/tollgate.db` is not a database: restore a backup, or move it away to begin with an empty store");
    }
}

#[test]
fn an_emptied_file_is_not_taken_for_a_new_store() {
    let (_folder, path) = closed_store();
    write(&path, b"");
    assert!(matches!(refused(&path).0, OpenError::NotADatabase { .. }));
}

#[test]
fn a_link_or_a_folder_is_no_store() {
    let (folder, path) = closed_store();
    let link = folder.path().join("link.db");
    symlink(&path, &link).unwrap();
    assert!(matches!(refused(&link).0, OpenError::NotADatabase { .. }));
    let inner = TempDir::new().unwrap();
    fs::create_dir(inner.path().join("tollgate.db")).unwrap();
    assert!(matches!(SqliteStore::open(&inner.path().join("tollgate.db")), Err(OpenError::NotADatabase { .. })));
}

#[test]
fn a_cut_file_is_damaged() {
    let (_folder, path) = closed_store();
    let whole = fs::read(&path).unwrap();
    for kept in [whole.len() / 2, whole.len() - 4096, 4096] {
        write(&path, &whole[..kept]);
        let (refusal, said) = refused(&path);
        assert!(matches!(refusal, OpenError::Damaged { .. }), "{refusal:?}");
        assert_eq!(said, "`/state/tollgate.db` is damaged: keep a copy for inquiry, and restore a backup");
    }
    write(&path, &whole[..200]);
    refused(&path);
}

#[test]
fn a_file_with_scribbled_pages_is_damaged() {
    let (_folder, path) = closed_store();
    let mut bytes = fs::read(&path).unwrap();
    for byte in &mut bytes[8192..20_480] {
        *byte ^= 0x5a;
    }
    write(&path, &bytes);
    assert!(matches!(refused(&path).0, OpenError::Damaged { .. }));
}

#[test]
fn another_programs_database_is_left_alone() {
    let (_folder, path) = place();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let (_, said) = refused(&path);
    assert_eq!(said, "`/state/tollgate.db` is the database of another program (application id 0): name another state folder");
    Connection::open(&path).unwrap().execute_batch("PRAGMA application_id = 252006675").unwrap();
    let (refusal, _) = refused(&path);
    assert!(matches!(refusal, OpenError::OtherProgram { found: 252_006_675, .. }));
}

#[test]
fn a_newer_schema_is_left_alone() {
    let (_folder, path) = closed_store();
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let (_, said) = refused(&path);
    let schema = SqliteStore::schema();
    let expected =
        format!("`/state/tollgate.db` was written by a newer version (schema 99, this one knows {schema}): start that version again");
    assert_eq!(said, expected);
}

#[test]
fn a_newer_schema_that_still_lies_in_the_log_is_left_alone_with_its_log() {
    let (_folder, path) = closed_store();
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("PRAGMA user_version = 99").unwrap();
    let saved = contents(path.parent().unwrap());
    drop(conn);
    for (name, bytes) in &saved {
        write(name, bytes);
    }
    let log = path.with_file_name("tollgate.db-wal");
    let before = fs::read(&log).unwrap();
    assert!(!before.is_empty());
    assert!(matches!(SqliteStore::open(&path), Err(OpenError::Newer { found: 99, .. })));
    assert_eq!(fs::read(&log).unwrap(), before);
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let (_folder, path) = closed_store();
    for (bits, word) in [(0o644, "644"), (0o660, "660"), (0o700, "700")] {
        fs::set_permissions(&path, Permissions::from_mode(bits)).unwrap();
        let (_, said) = refused(&path);
        let expected = format!("`/state/tollgate.db` has mode {word}, and the store is for one user alone: `chmod 600 /state/tollgate.db`");
        assert_eq!(said, expected);
    }
}

#[test]
fn a_folder_that_others_may_write_is_refused() {
    let (folder, path) = closed_store();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o770)).unwrap();
    let (_, said) = refused(&path);
    assert_eq!(said, "the state folder `/state` can be written by others (mode 770): `chmod 700 /state`, or name a new folder inside it");
}

#[test]
fn a_folder_that_cannot_be_made_or_written_is_refused() {
    let (folder, _) = place();
    let file = folder.path().join("file");
    write(&file, b"");
    // not even root can make files in /proc
    for path in [file.join("tollgate.db"), PathBuf::from("/proc/tollgate.db")] {
        let refusal = SqliteStore::open(&path).err().unwrap();
        let folder = path.parent().unwrap().display().to_string();
        assert_eq!(refusal.to_string(), format!("the state folder `{folder}` cannot be used: make it a folder that this user can write"));
    }
}

#[test]
fn a_folder_in_use_is_refused_until_it_is_free() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let refusal = SqliteStore::open(&path).err().unwrap();
    assert!(matches!(refusal, OpenError::InUse { .. }));
    let said = refusal.to_string().replace(path.parent().unwrap().to_str().unwrap(), "/state");
    assert_eq!(said, "another process uses the state folder `/state`: stop it first, or give each gate a folder of its own");
    drop(store);
    SqliteStore::open(&path).unwrap();
}

#[test]
fn a_start_interrupted_while_the_file_was_made_is_begun_again() {
    let (folder, path) = place();
    let unfinished = folder.path().join("tollgate.db.new");
    write(&unfinished, b"half a page");
    write(&folder.path().join("tollgate.db.new-journal"), b"half a journal");
    SqliteStore::open(&path).unwrap();
    assert!(!unfinished.exists());
}

#[test]
fn a_step_of_a_migration_that_fails_leaves_the_file_as_it_was() {
    let mut conn = Connection::open_in_memory().unwrap();
    // the last table of the step is in the way
    conn.execute_batch("CREATE TABLE secrets (hash TEXT)").unwrap();
    super::migrate::forward(&mut conn).unwrap_err();
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let program: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
    assert_eq!((tables, version, program), (1, 0, 0));
}
