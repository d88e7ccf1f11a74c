//! Why did a command fail? The driver's words turned into the port's.

use rusqlite::ErrorCode;
use tollgate_books::StoreError;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Another opening came later.
    #[error("another process holds the book")]
    Fenced,
    /// SQLite says no.
    #[error("{}", said(.0))]
    Sql(#[from] rusqlite::Error),
    /// A record cannot be written as JSON, or what is kept cannot be read as one.
    #[error("a record of the registry cannot be read or written: {0}")]
    Record(#[from] serde_json::Error),
    /// The file at the store's path is not the one that was opened.
    #[error("the file was removed or replaced while in use: stop the gate, put the file back, start again")]
    Replaced,
    /// The file cannot be looked at.
    #[error("the file cannot be looked at: {0}")]
    File(#[from] std::io::Error),
    /// The store's thread is gone.
    #[error("the store has ended")]
    Ended,
}

impl Failure {
    /// Whether somebody else holds the file for a moment: no reason to open it anew.
    pub(crate) fn is_busy(&self) -> bool {
        match self {
            Self::Sql(error) => matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)),
            Self::Fenced | Self::Record(_) | Self::Replaced | Self::File(_) | Self::Ended => false,
        }
    }
}

impl From<&Failure> for StoreError {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Fenced => Self::Fenced,
            failure if failure.is_busy() => Self::Busy,
            failure => Self::Down(failure.to_string()),
        }
    }
}

/// The driver's text, with what a person can do where we know it.
fn said(error: &rusqlite::Error) -> String {
    let hint = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "; free some space, it goes on by itself",
        Some(ErrorCode::ReadOnly) => "; make the state folder writable, it goes on by itself",
        Some(ErrorCode::SystemIoFailure) => "; look at the disk and the kernel's log",
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => "; stop the gate and restore a backup",
        _ => "",
    };
    format!("{error}{hint}")
}
