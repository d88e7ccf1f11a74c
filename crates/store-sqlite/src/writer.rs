//! How does a write become durable? Everybody who waits shares one transaction, and is answered only after its commit.

use std::fs::File;

use rusqlite::Connection;

use crate::failure::Failure;
use crate::line::Command;
use crate::open::Place;

/// The one connection that writes.
pub(crate) struct Writer {
    place: Place,
    conn: Option<Connection>,
    /// Held as long as the connection: one process per state folder.
    _lock: File,
}

impl Writer {
    pub(crate) const fn new(place: Place, conn: Connection, lock: File) -> Self {
        Self { place, conn: Some(conn), _lock: lock }
    }

    /// Runs each command in its own savepoint, commits once, then answers all.
    pub(crate) fn serve(&mut self, mut batch: Vec<Box<dyn Command>>) {
        batch.retain(|command| command.is_awaited());
        let failed = self.commit(&mut batch).err();
        if let Some(failure) = &failed
            && !failure.is_busy()
        {
            // a failed disk may leave the connection unusable: closing it rolls back, the next batch opens it anew
            self.conn = None;
        }
        for command in batch {
            command.answer(failed.as_ref());
        }
    }

    fn commit(&mut self, batch: &mut [Box<dyn Command>]) -> Result<(), Failure> {
        if batch.is_empty() {
            return Ok(());
        }
        self.place.check()?;
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.place.connect_again()?,
        };
        let conn = self.conn.insert(conn);
        conn.execute_batch("BEGIN IMMEDIATE")?;
        // asked again for each: an earlier one may have taken longer than a later one's caller waits
        let done = batch.iter_mut().filter(|command| command.is_awaited()).try_for_each(|command| run(conn, &mut **command));
        let done = done.and_then(|()| Ok(conn.execute_batch("COMMIT")?));
        if done.is_err() && !conn.is_autocommit() {
            conn.execute_batch("ROLLBACK")?;
        }
        done
    }
}

/// A command that fails takes only its own changes back; one that broke the transaction fails it for all.
fn run(conn: &Connection, command: &mut dyn Command) -> Result<(), Failure> {
    conn.execute_batch("SAVEPOINT command")?;
    let keep = command.run(conn);
    let end = if keep { "RELEASE command" } else { "ROLLBACK TO command; RELEASE command" };
    Ok(conn.execute_batch(end)?)
}
