//! Why did a command fail? The driver's words turned into the port's.

use tokio_postgres::error::{DbError, SqlState};
use tollgate_books::StoreError;

use crate::copy::CopyError;
use crate::epoch::Lag;
use crate::open::OpenError;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Another opening of this instance came later.
    #[error("another process holds the book")]
    Fenced,
    /// The book is older than what was seen of it.
    #[error("the book is behind what was seen of it: {0}")]
    Behind(#[from] Lag),
    /// Another transaction was in the way; nothing was done.
    #[error("another transaction was in the way")]
    InTheWay,
    /// PostgreSQL says no, or nothing any more.
    #[error("{}", said(.0))]
    Sql(#[from] tokio_postgres::Error),
    /// A connection that was lost is not given again.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A record cannot be written as JSON, or what is kept cannot be read as one.
    #[error("a record of the registry cannot be read or written: {0}")]
    Record(#[from] serde_json::Error),
    /// A value that no gate writes.
    #[error("a {what} in the database cannot be read: stop the gates and restore a backup")]
    Unreadable {
        /// What it should be.
        what: &'static str,
    },
    /// The store's thread is gone.
    #[error("the store has ended")]
    Ended,
    /// A copy that is none is not kept.
    #[error(transparent)]
    Refused(Box<CopyError>),
}

impl Failure {
    /// Whether it may be tried again at once: nothing was done, and nothing is broken.
    pub(crate) fn is_busy(&self) -> bool {
        match self {
            Self::InTheWay => true,
            Self::Sql(error) => error.as_db_error().is_some_and(is_passing),
            Self::Fenced | Self::Behind(_) | Self::Open(_) | Self::Record(_) | Self::Unreadable { .. } | Self::Ended | Self::Refused(_) => {
                false
            }
        }
    }

    /// Whether the connection may be broken.
    pub(crate) fn is_fatal(&self) -> bool {
        match self {
            Self::Sql(_) => !self.is_busy(),
            Self::Fenced
            | Self::Behind(_)
            | Self::InTheWay
            | Self::Open(_)
            | Self::Record(_)
            | Self::Unreadable { .. }
            | Self::Ended
            | Self::Refused(_) => false,
        }
    }
}

impl From<&Failure> for StoreError {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Fenced => Self::Fenced,
            Failure::Behind(_) => Self::Behind,
            failure if failure.is_busy() => Self::Busy,
            failure => Self::Down(failure.to_string()),
        }
    }
}

/// Another transaction was quicker, or held what this one wanted for too long.
fn is_passing(error: &DbError) -> bool {
    let codes = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
        // a counter was forgotten between two looks
        SqlState::FOREIGN_KEY_VIOLATION,
    ];
    // or two gates told of one hold for the first time
    codes.contains(error.code()) || error.constraint() == Some("holds_pkey")
}

/// The server's message, else the driver's with its cause; never its details, which quote values. With what a person can do
/// where we know it.
pub(crate) fn said(error: &tokio_postgres::Error) -> String {
    let text = match error.as_db_error() {
        Some(told) => told.message().to_owned(),
        None => match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    };
    let hint = match error.code() {
        Some(code) if *code == SqlState::DISK_FULL => "; free some space on the database's machine, it goes on by itself",
        Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => "; grant it to the gate's role, it goes on by itself",
        Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => "; let the URL name the primary, it goes on by itself",
        Some(code) if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => "; stop the gates and restore a backup",
        _ => "",
    };
    format!("{text}{hint}")
}
