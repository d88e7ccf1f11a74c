//! Which idle connection may carry the next request? Only one that is quiet, rested briefly and not old.

use std::cell::RefCell;

use tollgate_model::Mono;

use super::connection::Connection;

/// A connection is not used beyond this age (ARCHITECTURE.md, "Bytes").
const OLD_MS: u64 = 600_000;
/// Idle connections kept per worker and upstream.
const KEPT: usize = 256;

/// The idle connections of one worker to one upstream; newest on top.
#[derive(Default)]
pub(crate) struct Pool {
    idle: RefCell<Vec<Connection>>,
}

impl Pool {
    /// Takes the newest usable connection; unusable ones met on the way are closed.
    pub(crate) fn take(&self, now: Mono) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        while let Some(connection) = idle.pop() {
            if usable(&connection, now) && connection.is_quiet() {
                return Some(connection);
            }
        }
        None
    }

    /// Gives a connection back after a clean exchange.
    pub(crate) fn rest(&self, mut connection: Connection, now: Mono) {
        connection.idle_since = now;
        let mut idle = self.idle.borrow_mut();
        if idle.len() < KEPT {
            idle.push(connection);
        }
    }

    /// Closes what has become unusable.
    pub(crate) fn sweep(&self, now: Mono) {
        self.idle.borrow_mut().retain(|connection| usable(connection, now));
    }
}

fn usable(connection: &Connection, now: Mono) -> bool {
    now.millis_since(connection.idle_since) < connection.idle_ms && now.millis_since(connection.born) < OLD_MS
}
