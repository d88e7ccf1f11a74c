//! How does an installation that had a file of its own come into a database? Whole, in one transaction, weighed before it ends.

use tollgate_books::StoreError;
use tollgate_books::stock::{Measure, Stock};
use tollgate_registry::Whole;

use crate::book;
use crate::epoch::Memory;
use crate::failure::Failure;
use crate::open::{self, OpenError, Place};
use crate::session::Session;
use crate::store::Settings;
use crate::{keys, weight};

/// Why nothing was copied; what was there before is there still.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Somebody's keys or money are in it.
    #[error(
        "the database at `{place}` has keys or a book already: let `store` name an empty one, or as its owner `DROP SCHEMA tollgate CASCADE` \
         there if nothing in it is needed"
    )]
    NotEmpty {
        /// Host, port and database.
        place: String,
    },
    /// The state folder's gate has spent from a shared book.
    #[error(
        "this state folder's gate has spent from a shared book before ({0}): copy the state folder of a gate that never has, or begin without \
         its `book.seen` if that book is gone"
    )]
    Known(String),
    /// The source cannot be read.
    #[error("what is to be copied cannot be read: {0}")]
    Source(#[from] StoreError),
    /// No gate ever ran on the source.
    #[error("no gate has ever run on this store, and there is nothing to copy: start one on the database as it is")]
    NeverOpened,
    /// What was written is not what was read.
    #[error("{} are {found} in the copy and {expected} in the source: nothing was kept; report it, and go on with the source", .measure.words())]
    Differs {
        /// What was weighed.
        measure: Measure,
        /// In the source.
        expected: i128,
        /// In the copy.
        found: i128,
    },
    /// The server did not do it.
    #[error("the copy to `{place}` ended before it was whole, and nothing was kept: {why}; repeat it")]
    Failed {
        /// Host, port and database.
        place: String,
        /// What happened.
        why: String,
    },
    /// It is not known whether the server did it.
    #[error("the connection to `{place}` was lost at the end: {why}; `tollgate store copy --dry-run` tells whether the copy is there")]
    Unknown {
        /// Host, port and database.
        place: String,
        /// What happened.
        why: String,
    },
    /// It is there, and the gate will not know it.
    #[error("the copy is whole, but `{path}` could not be written: start its gate once with `tollgate serve --accept-store`")]
    Memory {
        /// Where.
        path: std::path::PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// Whether a copy could begin: the database is reached and judged, and nothing in it is changed. Gives host, port and database.
pub fn look(settings: &Settings<'_>) -> Result<String, CopyError> {
    let place = Place::parse(settings)?;
    runtime()?.block_on(async {
        let session = place.connect().await?;
        let failed = |failure| CopyError::from(OpenError::failed(place.name(), failure));
        if open::has_tables(&session, &place).await? && !weight::is_empty(&session).await.map_err(failed)? {
            return Err(CopyError::NotEmpty { place: place.name().to_owned() });
        }
        Ok(place.name().to_owned())
    })
}

/// Copies everything into an empty database, in this gate's name: whole, or not at all. The gate's memory of the book begins with it.
/// Gives host, port and database.
pub fn copy(settings: &Settings<'_>, instance: &str, whole: &Whole, stock: &mut dyn Stock) -> Result<String, CopyError> {
    // before it is opened: that brings an older schema forward, and another's book is not to be touched
    look(settings)?;
    let place = Place::parse(settings)?;
    let memory = Memory::open(&settings.memory)?;
    runtime()?.block_on(async {
        let mut session = open::open(&place).await?;
        let mut copying = Copying { place: place.name(), instance, whole, stock, at_end: false };
        let copied = book::written(&mut session, &memory, async |session| copying.fill(session).await).await;
        copied.map_err(|failure| copying.failed(failure))
    })?;
    memory.keep().map_err(|source| CopyError::Memory { path: memory.path().to_owned(), source })?;
    Ok(place.name().to_owned())
}

fn runtime() -> Result<tokio::runtime::Runtime, OpenError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(OpenError::Thread)
}

struct Copying<'a> {
    place: &'a str,
    instance: &'a str,
    whole: &'a Whole,
    stock: &'a mut dyn Stock,
    /// Whether nothing is left but the commit.
    at_end: bool,
}

/// The source is read between statements, and a large one slowly.
const SLOWLY: &str = "SET LOCAL idle_in_transaction_session_timeout = '10min'; SET LOCAL statement_timeout = '10min'";

impl Copying<'_> {
    async fn fill(&mut self, session: &Session) -> Result<(String, ()), Failure> {
        session.client().batch_execute(SLOWLY).await?;
        // an opening, a change of keys and a first load each write this row: from here on nobody begins anything
        session.client().batch_execute("SELECT FROM tollgate.meta FOR UPDATE").await?;
        if !weight::is_empty(session).await? {
            return Err(refused(CopyError::NotEmpty { place: self.place.to_owned() }));
        }
        let opening = self.stock.opening().map_err(source)?.ok_or_else(|| refused(CopyError::NeverOpened))?;
        keys::fill(session, self.whole).await?;
        book::fill(session, self.instance, &opening, self.stock).await?;
        for measure in Measure::ALL {
            let (expected, found) = (self.stock.weigh(measure).map_err(source)?, weight::weigh(session, measure).await?);
            if expected != found {
                return Err(refused(CopyError::Differs { measure, expected, found }));
            }
        }
        self.at_end = true;
        Ok((self.instance.to_owned(), ()))
    }

    /// Why it was not done, in the words for whoever asked.
    fn failed(&self, failure: Failure) -> CopyError {
        let place = self.place.to_owned();
        match failure {
            Failure::Refused(error) => *error,
            Failure::Behind(lag) => CopyError::Known(lag.to_string()),
            Failure::Open(error) => error.into(),
            Failure::Sql(_) if self.at_end => CopyError::Unknown { place, why: failure.to_string() },
            Failure::Fenced | Failure::InTheWay | Failure::Sql(_) | Failure::Record(_) | Failure::Unreadable { .. } | Failure::Ended => {
                CopyError::Failed { place, why: failure.to_string() }
            }
        }
    }
}

fn refused(error: CopyError) -> Failure {
    Failure::Refused(Box::new(error))
}

pub(crate) fn source(error: StoreError) -> Failure {
    refused(error.into())
}

#[cfg(test)]
mod tests;
