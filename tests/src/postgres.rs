//! A PostgreSQL server that gates share, gone with the test.

#[path = "../../crates/store-postgres/src/stand/server.rs"]
mod server;

use std::process::Command;

use anyhow::{Result, ensure};

/// The server.
pub struct Postgres(server::Server);

impl Postgres {
    /// Makes and starts one; a missing PostgreSQL fails the test.
    pub fn start() -> Result<Self> {
        Ok(Self(server::Server::start(None)?))
    }

    /// A replica that follows it.
    pub fn replica(&self) -> Result<Self> {
        Ok(Self(server::Server::start(Some(self.0.port()))?))
    }

    /// Has SQL done by the superuser.
    pub fn execute(&self, sql: &str) -> Result<()> {
        let told = Command::new("psql").args([&self.url(), "--no-psqlrc", "--quiet", "--command", sql]).output()?;
        ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        Ok(())
    }

    /// Where it is, with the password.
    pub fn url(&self) -> String {
        format!("postgres://{}:{}@127.0.0.1:{}/postgres", server::USER, server::PASSWORD, self.0.port())
    }

    /// The password.
    pub const fn password() -> &'static str {
        server::PASSWORD
    }
}
