//! The embedded store: one SQLite file for keys, teams, leases, holds, owners and usage; one process, one writer, one commit for all who wait.

mod book;
mod column;
mod failure;
mod keys;
mod line;
mod open;
mod reader;
mod stock;
mod store;
mod writer;

pub use open::OpenError;
pub use stock::SqliteStock;
pub use store::SqliteStore;
