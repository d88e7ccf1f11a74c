//! The shared store: one PostgreSQL database for keys, teams, leases, holds, owners and usage of several gates.

mod bell;
mod book;
mod column;
mod epoch;
mod failure;
mod keys;
mod line;
mod open;
mod session;
mod store;

#[cfg(test)]
mod stand;

pub use open::OpenError;
pub use store::{PostgresStore, Settings};
