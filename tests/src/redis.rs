//! A Redis in which gates count rates together, gone with the test.

#[path = "../../crates/store-redis/src/stand.rs"]
mod stand;

use anyhow::Result;

/// The server.
pub struct Redis(stand::Server);

impl Redis {
    /// Makes and starts one; a missing Redis fails the test.
    pub fn start(options: &[&str]) -> Result<Self> {
        Ok(Self(stand::Server::start(options)?))
    }

    /// A Sentinel that watches the primary at that port, under the name `mine`.
    pub fn sentinel(primary: u16) -> Result<Self> {
        Ok(Self(stand::Server::sentinel(primary)?))
    }

    /// Its port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.0.port()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.0.kill();
    }

    /// Starts it anew, on the same port and with what it had kept.
    pub fn begin(&mut self) -> Result<()> {
        Ok(self.0.begin()?)
    }

    /// A signal, by its process id.
    pub fn signal(&self, name: &str) -> Result<()> {
        Ok(self.0.signal(name)?)
    }

    /// Says a line and gives the answer.
    pub fn say(&self, line: &str) -> Result<String> {
        Ok(self.0.say(line)?)
    }
}
