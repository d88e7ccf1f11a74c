//! A server that is measured: where it listens, and how it ends.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// A running server; ended when dropped.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) pid: u32,
    child: Child,
    /// How it is told to stop, where killing it is not enough: a killed nginx would leave its workers behind.
    stop: Option<Command>,
}

impl Contestant {
    /// One that was started; waits until it listens.
    pub(crate) fn started(name: &'static str, address: SocketAddr, child: Child, stop: Option<Command>) -> Result<Self> {
        let started = Self { name, address, pid: child.id(), child, stop };
        for _ in 0..250 {
            if TcpStream::connect(address).is_ok() {
                return Ok(started);
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("{name} does not listen at {address} after five seconds")
    }

    /// SIGTERM, and its end.
    pub(crate) fn end_well(mut self) -> Result<()> {
        end_well(&mut self.child)
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        if self.stop.as_mut().is_none_or(|stop| stop.status().is_err()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// SIGTERM, and its end, which must be a good one.
pub(crate) fn end_well(child: &mut Child) -> Result<()> {
    // the shell's own `kill`: a bare machine has no other
    Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status()?;
    let status = child.wait()?;
    if status.success() { Ok(()) } else { bail!("it ended with {status}") }
}

/// A loopback address that is free now.
pub(crate) fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A program's first line about itself; `words` make it say so.
pub(crate) fn version(program: &str, words: &[&str]) -> Result<String> {
    let said = Command::new(path(program)).args(words).stdin(Stdio::null()).output();
    let said = said.with_context(|| missing(program))?;
    let said = if said.stdout.is_empty() { said.stderr } else { said.stdout };
    Ok(String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned())
}

/// Where a server's program is: often in a folder that is no user's.
pub(crate) fn path(program: &str) -> String {
    let known = ["/usr/sbin", "/usr/local/sbin"].map(|folder| format!("{folder}/{program}"));
    known.into_iter().find(|path| Path::new(path).exists()).unwrap_or_else(|| program.to_owned())
}

pub(crate) fn missing(program: &str) -> String {
    format!("{program} cannot be started\nhint: as root, `apt-get install {program}`")
}

/// A new empty folder.
pub(crate) fn folder(path: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(path);
    fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))
}
