//! The shared store: one PostgreSQL database for keys, teams, leases, holds, owners and usage of several gates.

mod epoch;
mod failure;
mod line;
mod open;
mod session;
mod store;

#[cfg(test)]
mod stand;

pub use open::OpenError;
pub use store::{PostgresStore, Settings};
