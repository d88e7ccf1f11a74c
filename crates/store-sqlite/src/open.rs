//! May this file be used, and is it ours? Everything that is judged before the first command, in the order in which it is told.

mod error;
mod file;
mod migrate;
mod place;

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use error::OpenError;
pub(crate) use place::Place;

use crate::writer::Writer;

/// The first version without the WAL-reset bug that can corrupt a database (sqlite.org/changes.html, 3.51.3).
const OLDEST: i32 = 3_051_003;

/// What opening gives: the writer, and where a reader finds the file.
pub(crate) struct Opened {
    pub(crate) writer: Writer,
    pub(crate) place: Place,
}

/// The number of the schema that this binary makes and knows.
pub(crate) const fn schema() -> u32 {
    migrate::KNOWN
}

/// Opens the file, made if there is none; a refusal leaves everything as it was.
pub(crate) fn open(path: &Path) -> Result<Opened, OpenError> {
    recent_enough(rusqlite::version_number())?;
    let folder = file::folder(path)?;
    let lock = file::lock(&folder)?;
    if file::is_there(path, &folder)? {
        judge(path)?;
    } else {
        create(path)?;
    }
    let place = Place::find(path)?;
    let conn = place.connect().map_err(|error| OpenError::sql(path, error))?;
    Ok(Opened { writer: Writer::new(place.clone(), conn, lock), place })
}

fn recent_enough(number: i32) -> Result<(), OpenError> {
    if number < OLDEST { Err(OpenError::OldSqlite { found: rusqlite::version() }) } else { Ok(()) }
}

/// Judges a file that is there, and brings it up to this binary's schema.
fn judge(path: &Path) -> Result<(), OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |error| OpenError::sql(path, error);
    let mut conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    // a refused file is not touched, not even to bring its log home
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, file::has_log(path)).map_err(failed)?;
    migrate::is_ours(&conn, path)?;
    migrate::is_whole(&conn, path)?;
    migrate::forward(&mut conn).map_err(failed)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(failed)?;
    Ok(())
}

/// Makes the file under another name and renames it when it is whole: an empty or half-made file is never taken for a new store.
fn create(path: &Path) -> Result<(), OpenError> {
    let unfinished = file::unfinished(path)?;
    let failed = |error| OpenError::sql(path, error);
    let mut conn = Connection::open(&unfinished).map_err(failed)?;
    conn.execute_batch("PRAGMA synchronous = FULL").map_err(failed)?;
    migrate::forward(&mut conn).map_err(failed)?;
    conn.close().map_err(|(_, error)| failed(error))?;
    file::finish(&unfinished, path)
}

#[cfg(test)]
mod tests;
