//! Where is the file, and is it still the one that was opened?

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::OpenError;
use crate::failure::Failure;

/// Another program that reads or copies the file may hold it this long; inside the store's deadline.
const BUSY: Duration = Duration::from_secs(1);
/// What every connection is told. `FULL`: a commit is on the disk when it returns, also in WAL mode. What a savepoint would take
/// back is remembered in memory, not in a file; the cache is in KiB.
const SETTINGS: &str = "
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA synchronous = FULL;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -8192;
    PRAGMA journal_size_limit = 67108864;";

/// The store's file.
#[derive(Clone)]
pub(crate) struct Place {
    path: PathBuf,
    inode: (u64, u64),
    id: Arc<str>,
}

impl Place {
    /// Remembers which file lies there, after it was judged.
    pub(super) fn find(path: &Path) -> Result<Self, OpenError> {
        let failed = |error| OpenError::sql(path, error);
        let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
        let id: String = conn.query_row("SELECT store FROM meta", [], |row| row.get(0)).map_err(failed)?;
        let inode = inode(path).map_err(OpenError::folder(path))?;
        Ok(Self { path: path.to_owned(), inode, id: id.into() })
    }

    /// The store's own id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// A file removed or replaced underneath would take writes that no restart finds again.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match inode(&self.path) {
            Ok(found) if found == self.inode => Ok(()),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            Ok(_) | Err(_) => Err(Failure::Replaced),
        }
    }

    /// A connection that writes.
    pub(super) fn connect(&self) -> Result<Connection, rusqlite::Error> {
        let conn = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        Ok(conn)
    }

    /// The same, after a failure.
    pub(crate) fn connect_again(&self) -> Result<Connection, Failure> {
        tracing::info!(path = %self.path.display(), "opening the store again");
        Ok(self.connect()?)
    }

    /// A connection that cannot write.
    pub(crate) fn connect_to_read(&self) -> Result<Connection, Failure> {
        self.check()?;
        Ok(connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, rusqlite::Error> {
    let conn = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY)?;
    conn.execute_batch(SETTINGS)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

fn inode(path: &Path) -> std::io::Result<(u64, u64)> {
    path.metadata().map(|found| (found.dev(), found.ino()))
}
