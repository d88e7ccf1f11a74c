//! Why is the store not opened? One sentence each, with what to do; nothing was deleted or changed.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the store was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The linked SQLite can corrupt a write-ahead log.
    #[error("SQLite {found} is linked, and versions before 3.51.3 can corrupt the store: build with the bundled one")]
    OldSqlite {
        /// Its version.
        found: &'static str,
    },
    /// The folder cannot be made, written or looked at.
    #[error("the state folder `{folder}` cannot be used: make it a folder that this user can write")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Others could put another file in the store's place.
    #[error("the state folder `{folder}` can be written by others (mode {mode:03o}): `chmod 700 {folder}`, or name a new folder inside it")]
    FolderShared {
        /// Which.
        folder: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Another process is at work in this folder.
    #[error("another process uses the state folder `{folder}`: stop it first, or give each gate a folder of its own")]
    InUse {
        /// Which.
        folder: PathBuf,
    },
    /// There is no file, and none is to be made.
    #[error("there is no store at `{path}`: name the state folder of a gate that has run")]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// The file cannot be read although it was opened.
    #[error("`{path}` cannot be read: {why}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
    /// The file belongs to another user.
    #[error("`{path}` belongs to another user (id {owner}): run as that user, or `chown` it to the one that runs the gate")]
    Owner {
        /// Which.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// The file can be read or written by others.
    #[error("`{path}` has mode {mode:03o}, and the store is for one user alone: `chmod 600 {path}`")]
    Mode {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no database, or an empty one that once was.
    #[error("`{path}` is not a database: restore a backup, or move it away to begin with an empty store")]
    NotADatabase {
        /// Which.
        path: PathBuf,
    },
    /// The database belongs to another program.
    #[error("`{path}` is the database of another program (application id {found}): name another state folder")]
    OtherProgram {
        /// Which.
        path: PathBuf,
        /// What it says it is; 0 is nothing.
        found: i64,
    },
    /// A newer binary made the schema.
    #[error("`{path}` was written by a newer version (schema {found}, this one knows {known}): start that version again")]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema of this binary.
        known: u32,
    },
    /// The file is damaged.
    #[error("`{path}` is damaged: keep a copy for inquiry, and restore a backup")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: rusqlite::Error,
    },
    /// SQLite cannot use it for another reason.
    #[error("`{path}` cannot be opened")]
    Sqlite {
        /// Which.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The system gives no thread.
    #[error("the system gives no thread for the store: raise the limit of processes")]
    Thread(#[source] io::Error),
}

impl OpenError {
    pub(super) fn folder(folder: &Path) -> impl FnOnce(io::Error) -> Self {
        let folder = folder.to_owned();
        move |source| Self::Folder { folder, source }
    }

    pub(super) fn sql(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, source },
            _ => Self::Sqlite { path, source },
        }
    }
}
