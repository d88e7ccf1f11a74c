//! Why is the store not opened? One sentence each, with what to do; nothing was changed, and no password is told.

use std::io;

use tokio_postgres::error::SqlState;

use crate::failure::{Failure, said};

/// Why the store was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be read. Its own words are not repeated: they may be a password's.
    #[error("the store's URL {fault}: write `postgres://user:password@host:5432/database`, special characters as %XX")]
    Url {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Nobody answers there.
    #[error("no PostgreSQL answers at `{place}`: start it, or correct host and port in the store's URL")]
    Unreachable {
        /// Host, port and database.
        place: String,
        /// What the system says.
        #[source]
        source: Option<tokio_postgres::Error>,
    },
    /// The server cannot be spoken to in private, or is not who it should be.
    #[error(
        "`{place}` cannot be spoken to over TLS ({why}): set `ssl = on` there and name the authority of its certificate here; \
             `?sslmode=disable` in the store's URL does without, on a network that nobody else hears"
    )]
    Tls {
        /// Host, port and database.
        place: String,
        /// What the handshake says.
        why: String,
    },
    /// The user or the password is wrong, or the server's rules do not let it in.
    #[error("`{place}` does not let the user `{user}` in: correct user and password in the store's URL, or pg_hba.conf on the server")]
    Refused {
        /// Host, port and database.
        place: String,
        /// Who asked.
        user: String,
        /// What the server says.
        #[source]
        source: tokio_postgres::Error,
    },
    /// There is no such database.
    #[error("there is no database at `{place}`: make it with `createdb --owner {user}`, or correct the store's URL")]
    NoDatabase {
        /// Host, port and database.
        place: String,
        /// Who asked.
        user: String,
    },
    /// The server is too old.
    #[error("PostgreSQL {found} answers at `{place}`, and at least {OLDEST} is needed: upgrade the server")]
    OldServer {
        /// Host, port and database.
        place: String,
        /// Its version.
        found: String,
    },
    /// A replica answers: money and revocations are read from the primary only.
    #[error("`{place}` is a replica or read-only, and money is kept on the primary alone: let the store's URL name the primary")]
    Replica {
        /// Host, port and database.
        place: String,
    },
    /// What is committed may be lost.
    #[error("PostgreSQL at `{place}` runs with `fsync = off`, and would lose money with its machine: set `fsync = on` and reload it")]
    NotDurable {
        /// Host, port and database.
        place: String,
    },
    /// The database cannot keep every text.
    #[error("the database at `{place}` has encoding {found}: make one with `createdb --encoding UTF8 --template template0`")]
    Encoding {
        /// Host, port and database.
        place: String,
        /// Its encoding.
        found: String,
    },
    /// The schema belongs to another program.
    #[error("the schema `tollgate` at `{place}` belongs to another program: let the store's URL name another database")]
    OtherProgram {
        /// Host, port and database.
        place: String,
    },
    /// A newer binary made the schema.
    #[error("the schema at `{place}` was written by a newer version (schema {found}, this one knows {known}): start that version again")]
    Newer {
        /// Host, port and database.
        place: String,
        /// Its schema.
        found: i32,
        /// The newest schema of this binary.
        known: i32,
    },
    /// The role may not make or use the tables.
    #[error("the user `{user}` may not {lacks} at `{place}`: as the database's owner, `GRANT {grant} TO {user}`")]
    Privilege {
        /// Host, port and database.
        place: String,
        /// Who asked.
        user: String,
        /// What it may not do.
        lacks: &'static str,
        /// The right to give.
        grant: String,
    },
    /// PostgreSQL says no for another reason.
    #[error("the store at `{place}` cannot be opened: {}", said(.error))]
    Postgres {
        /// Host, port and database.
        place: String,
        /// What it says; its message is told above, its details are not.
        error: tokio_postgres::Error,
    },
    /// What is in the database cannot be used.
    #[error("the store at `{place}` cannot be used: {why}")]
    Unusable {
        /// Host, port and database.
        place: String,
        /// Why.
        why: String,
    },
    /// The file beside the journal that remembers the book cannot be used.
    #[error("the gate's memory of the book `{path}` cannot be used: let this user read and write it, or accept the book without it")]
    Memory {
        /// Which.
        path: std::path::PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The system gives no thread.
    #[error("the system gives no thread for the store: raise the limit of processes")]
    Thread(#[source] io::Error),
}

/// The oldest server that the store is tested with (Debian 12's).
pub(super) const OLDEST: u32 = 15;

impl OpenError {
    /// Why no session began.
    pub(super) fn connecting(place: &str, user: &str, source: tokio_postgres::Error) -> Self {
        let (place, user) = (place.to_owned(), user.to_owned());
        match source.code() {
            // the driver tells its kinds of errors apart by their words alone
            None if source.to_string() == "error performing TLS handshake" => {
                let why = std::error::Error::source(&source).map_or_else(|| source.to_string(), ToString::to_string);
                Self::Tls { place, why }
            }
            // the server asks for a password, and there is none; or for a way to prove it that is not known
            None if ["invalid configuration", "authentication error"].contains(&source.to_string().as_str()) => {
                Self::Refused { place, user, source }
            }
            None => Self::Unreachable { place, source: Some(source) },
            Some(code) if *code == SqlState::CANNOT_CONNECT_NOW => Self::Unreachable { place, source: Some(source) },
            Some(code) if *code == SqlState::INVALID_CATALOG_NAME => Self::NoDatabase { place, user },
            Some(code) if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                Self::Refused { place, user, source }
            }
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                let grant = format!("CONNECT ON DATABASE {}", database(&place));
                Self::Privilege { place, user, lacks: "connect", grant }
            }
            Some(_) => Self::Postgres { place, error: source },
        }
    }

    /// Why something that a start does in a transaction was not done.
    pub(crate) fn failed(place: &str, failure: Failure) -> Self {
        let place = place.to_owned();
        match failure {
            Failure::Open(error) => error,
            Failure::Sql(source) => Self::Postgres { place, error: source },
            Failure::Fenced
            | Failure::Behind(_)
            | Failure::InTheWay
            | Failure::Record(_)
            | Failure::Unreadable { .. }
            | Failure::Ended
            | Failure::Refused(_) => Self::Unusable { place, why: failure.to_string() },
        }
    }

    pub(super) fn postgres(place: &str) -> impl Fn(tokio_postgres::Error) -> Self {
        let place = place.to_owned();
        move |error| Self::Postgres { place: place.clone(), error }
    }
}

/// The database's name in a place.
pub(super) fn database(place: &str) -> &str {
    place.rsplit_once('/').map_or(place, |(_, database)| database)
}
