//! The shared store: one PostgreSQL database for keys, teams, leases, holds, owners and usage of several gates.

mod bell;
mod book;
mod column;
mod copy;
mod epoch;
mod failure;
mod keys;
mod line;
mod open;
mod session;
mod store;
mod weight;

#[cfg(test)]
mod stand;

pub use copy::{CopyError, copy, look};
pub use open::OpenError;
pub use store::{PostgresStore, Settings};
