//! Which schema is in the file, and how does it become this binary's? Forward only, each step one transaction.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;

/// Every step from an empty file on; a number is never used twice.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_book_and_registry.sql"),
    include_str!("../../migrations/0002_sums_by_minute.sql"),
    include_str!("../../migrations/0003_busy.sql"),
];

/// The schema that this binary makes: the number of steps.
#[expect(clippy::cast_possible_truncation, reason = "a handful")]
pub(super) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// `TGBK`, as the first step writes it.
const OURS: i64 = 0x5447_424B;

/// Bytes of a file that is checked whole at a start: a tenth of a second.
const CHECKED: u64 = 32 << 20;

/// Whether the file says that it is a Tollgate store of a schema we know.
pub(super) fn is_ours(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::sql(path, error);
    let found = pragma(conn, "application_id").map_err(failed)?;
    if found != OURS {
        return Err(OpenError::OtherProgram { path: path.to_owned(), found });
    }
    let found = pragma(conn, "user_version").map_err(failed)?;
    if found > i64::from(KNOWN) {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: KNOWN });
    }
    Ok(())
}

/// Whether the file's pages hang together, where that is told in a moment. A larger file is not read whole at a start: that it was cut
/// SQLite sees in its head, and a damaged page where it comes to it, which refuses what was asked.
pub(super) fn is_whole(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let length = path.metadata().map_err(OpenError::folder(path))?.len();
    if length > CHECKED {
        tracing::info!(path = %path.display(), length, "the store is too large to be checked whole at a start");
        return Ok(());
    }
    match conn.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)) {
        Ok(word) if word == "ok" => Ok(()),
        Ok(word) => Err(OpenError::Damaged { path: path.to_owned(), source: damage(word) }),
        Err(error) => Err(OpenError::sql(path, error)),
    }
}

/// Takes every step that the file does not have yet.
pub(super) fn forward(conn: &mut Connection) -> Result<(), rusqlite::Error> {
    let from = usize::try_from(pragma(conn, "user_version")?).unwrap_or(0);
    for (number, step) in (1_i64..).zip(MIGRATIONS).skip(from) {
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

fn pragma(conn: &Connection, name: &str) -> Result<i64, rusqlite::Error> {
    conn.pragma_query_value(None, name, |row| row.get(0))
}

/// The check's own words, in the shape of SQLite's error.
fn damage(words: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(words))
}
