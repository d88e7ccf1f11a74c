//! The shared store: one PostgreSQL database for keys, teams, leases, holds, owners and usage of several gates.

#[cfg(test)]
mod stand;
