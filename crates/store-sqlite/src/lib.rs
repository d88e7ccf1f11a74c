//! The embedded store: one SQLite file for keys, teams, policies, leases, holds, owners and usage
