//! Is the book at least as new as what this gate has seen of it? A restored backup or a promoted replica is not, until an operator
//! accepts it.

mod memory;

use std::collections::BTreeMap;

use tokio_postgres::Row;

pub(crate) use memory::{Memory, Recalled};

use crate::failure::Failure;
use crate::session::Session;

/// Cluster, timeline, database and table: a restored dump, another cluster and a promoted replica each have another. As SQL.
macro_rules! origin {
    () => {
        "(SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
          substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
          (SELECT oid FROM pg_database WHERE datname = current_database()), 'tollgate.meta'::regclass::oid))"
    };
}
pub(crate) use origin;

/// Where the book stands, as one statement sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The store's own id.
    pub(crate) store: String,
    /// How often an operator has accepted it.
    pub(crate) epoch: i64,
    /// Why nobody may spend.
    behind: Option<String>,
    /// Instance → how much it has written.
    pub(crate) numbers: BTreeMap<String, i64>,
}

/// What is wrong with a book.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lag {
    /// Noted in the book itself, by whoever noticed.
    #[error("{0}")]
    Noted(String),
    /// Something that was written is not there any more.
    #[error("`{instance}` had written {seen} times, and the book knows of {found}: a backup was restored, or a lagging replica promoted")]
    Lost {
        /// Whose writes.
        instance: String,
        /// What was seen.
        seen: i64,
        /// What is there.
        found: i64,
    },
    /// An acceptance that was made is not there any more.
    #[error("the book was accepted {seen} times, and knows of {found}: a backup was restored, or a lagging replica promoted")]
    Unaccepted {
        /// What was seen.
        seen: i64,
        /// What is there.
        found: i64,
    },
    /// It is not the same store.
    #[error("this gate has spent from the store {seen}, and this is the store {found}: correct the store's URL, or accept this one")]
    OtherStore {
        /// What was seen.
        seen: String,
        /// What is there.
        found: String,
    },
    /// The gate has never seen it, and no other gate is at work there that has.
    #[error("this gate remembers nothing of the book, and no other gate works there: accept it if no backup was restored")]
    Unseen,
}

impl Lag {
    /// Whether every other gate must stop too.
    const fn is_everybodys(&self) -> bool {
        match self {
            Self::Lost { .. } | Self::Unaccepted { .. } => true,
            Self::Noted(_) | Self::OtherStore { .. } | Self::Unseen => false,
        }
    }
}

impl Standing {
    /// Asks where the book stands.
    pub(crate) async fn ask(session: &Session) -> Result<Self, Failure> {
        let sql = "SELECT store::text, epoch, behind, (SELECT array_agg(name ORDER BY name) FROM tollgate.instances),
                   (SELECT array_agg(number ORDER BY name) FROM tollgate.instances) FROM tollgate.meta";
        let row = session.row(sql, &[]).await?.ok_or(Failure::Unreadable { what: "store" })?;
        Ok(Self::read(&row))
    }

    fn read(row: &Row) -> Self {
        let names: Vec<String> = row.get::<_, Option<_>>(3).unwrap_or_default();
        let numbers: Vec<i64> = row.get::<_, Option<_>>(4).unwrap_or_default();
        Self { store: row.get(0), epoch: row.get(1), behind: row.get(2), numbers: names.into_iter().zip(numbers).collect() }
    }
}

/// Notes in the book that nobody may spend from it, if it came from elsewhere. Asked once for each connection: it cannot change
/// under one.
pub(crate) async fn arrive(session: &Session) -> Result<(), Failure> {
    if session.has_arrived() {
        return Ok(());
    }
    let sql = concat!(
        "UPDATE tollgate.meta SET behind = 'the database is not where it was (it was ' || origin || ', and is ' || ",
        origin!(),
        " || '): a backup was restored, or a replica promoted' WHERE behind IS NULL AND origin <> ",
        origin!()
    );
    session.execute(sql, &[]).await?;
    session.arrived();
    Ok(())
}

/// Tells every gate what this one has noticed.
pub(crate) async fn denounce(session: &Session, lag: &Lag) -> Result<(), Failure> {
    if lag.is_everybodys() {
        session.execute("UPDATE tollgate.meta SET behind = coalesce(behind, $1)", &[&lag.to_string()]).await?;
    }
    Ok(())
}

/// An operator says that the book is to be spent from as it is. Where something was lost every opening is void: each gate starts
/// again, and brings the book up to its journal.
pub(crate) async fn accept(session: &mut Session, memory: &Memory) -> Result<(), Failure> {
    arrive(session).await?;
    let accepted = session.transaction(async |session| {
        // in the order in which an opening takes them; waits for whatever is being written
        let alone = "SELECT FROM tollgate.meta FOR UPDATE; LOCK TABLE tollgate.instances IN EXCLUSIVE MODE";
        session.client().batch_execute(alone).await?;
        let recalled = memory.recall();
        let standing = Standing::ask(session).await?;
        let lag = recalled.judge(&standing);
        if standing.behind.is_none() && !lag.is_some_and(|lag| lag.is_everybodys()) {
            return Ok(standing);
        }
        let sql = concat!("UPDATE tollgate.meta SET behind = NULL, epoch = greatest(epoch, $1) + 1, origin = ", origin!());
        session.execute(sql, &[&recalled.epoch(&standing.store)]).await?;
        session.execute("UPDATE tollgate.instances SET fence = 0", &[]).await?;
        Standing::ask(session).await
    });
    memory.adopt(accepted.await?);
    Ok(())
}

#[cfg(test)]
mod tests;
