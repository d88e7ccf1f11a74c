//! How is the book read without waiting for writers? On a connection of its own, each command seeing one commit.

use rusqlite::Connection;

use crate::failure::Failure;
use crate::line::Command;
use crate::open::Place;

/// The one connection that only reads.
pub(crate) struct Reader {
    place: Place,
    conn: Option<Connection>,
}

impl Reader {
    pub(crate) const fn new(place: Place) -> Self {
        Self { place, conn: None }
    }

    /// Answers each command at once.
    pub(crate) fn serve(&mut self, batch: Vec<Box<dyn Command>>) {
        for mut command in batch.into_iter().filter(|command| command.is_awaited()) {
            let failed = self.read(&mut *command).err();
            if failed.is_some() {
                self.conn = None;
            }
            command.answer(failed.as_ref());
        }
    }

    fn read(&mut self, command: &mut dyn Command) -> Result<(), Failure> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.place.connect_to_read()?,
        };
        let conn = self.conn.insert(conn);
        // several statements of one command see the same commit
        let snapshot = conn.unchecked_transaction()?;
        command.run(&snapshot);
        Ok(snapshot.commit()?)
    }
}
