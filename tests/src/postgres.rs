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

    /// SIGKILL.
    pub fn kill(&mut self) -> Result<()> {
        ensure!(self.0.say("kill"), "PostgreSQL could not be killed");
        Ok(())
    }

    /// Starts it anew, on the same port and with what it had kept.
    pub fn begin(&mut self) -> Result<()> {
        ensure!(self.0.say("start"), "PostgreSQL does not start again");
        Ok(())
    }

    /// Its port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.0.port()
    }

    /// Has SQL done by the superuser.
    pub fn execute(&self, sql: &str) -> Result<()> {
        let told = Command::new("psql").args([&self.url(), "--no-psqlrc", "--quiet", "--command", sql]).output()?;
        ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        Ok(())
    }

    /// Where it is, with the password.
    pub fn url(&self) -> String {
        Self::url_at(self.port())
    }

    /// The same behind another port of 127.0.0.1 that leads to it.
    pub fn url_at(port: u16) -> String {
        format!("postgres://{}:{}@127.0.0.1:{port}/postgres", server::USER, server::PASSWORD)
    }

    /// The password.
    pub const fn password() -> &'static str {
        server::PASSWORD
    }
}
