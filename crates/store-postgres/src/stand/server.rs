//! A real PostgreSQL server for tests, in a folder and on a port that nobody else has. Also the end-to-end tests start it by this file.

use std::io::{self, BufRead, BufReader, Lines, Write};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The superuser's name.
pub(crate) const USER: &str = "stand";
/// The superuser's password.
pub(crate) const PASSWORD: &str = "stand-of-the-tests";

/// A running server; it ends when this is dropped, and with this process however it ends.
pub(crate) struct Server {
    port: u16,
    /// The server's end is this pipe's end.
    stdin: Option<ChildStdin>,
    told: Lines<BufReader<ChildStdout>>,
    child: Child,
}

impl Server {
    /// Makes and starts one; a replica of the one at that port, if any is given.
    pub(crate) fn start(primary: Option<u16>) -> io::Result<Self> {
        // the port is free for the moment between; somebody else may be quicker
        for _ in 0..5 {
            if let Some(server) = Self::try_start(primary)? {
                return Ok(server);
            }
        }
        Err(io::Error::other("PostgreSQL does not start: install Debian's `postgresql`, and see what it said above"))
    }

    fn try_start(primary: Option<u16>) -> io::Result<Option<Self>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = as_somebody()?;
        command.args(["sh", "-c", include_str!("server.sh"), "stand", &port.to_string(), PASSWORD]);
        command.args(primary.map(|port| port.to_string()));
        // a group of its own: Ctrl-C ends the tests, and the pipe's end the server, in order
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let out = child.stdout.take().ok_or_else(|| io::Error::other("no stdout"))?;
        let mut server = Self { port, stdin: child.stdin.take(), told: BufReader::new(out).lines(), child };
        Ok(server.say("start").then_some(server))
    }

    /// `kill`, as a machine dies, or `start`, with what it had kept; false if it did not come of it.
    pub(crate) fn say(&mut self, word: &str) -> bool {
        if let Some(stdin) = &mut self.stdin {
            // one that could not be made says nothing any more
            let _ = writeln!(stdin, "{word}");
        }
        self.told.any(|line| line.is_ok_and(|line| line == "done"))
    }

    /// Where it listens, on 127.0.0.1.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.wait();
    }
}

/// The server refuses root: then whoever has least is asked to run it.
fn as_somebody() -> io::Result<Command> {
    let probe = tempfile::NamedTempFile::new()?;
    if probe.as_file().metadata()?.uid() != 0 {
        return Ok(Command::new("env"));
    }
    let known = Command::new("id").arg("postgres").stdout(Stdio::null()).stderr(Stdio::null()).status()?.success();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", if known { "postgres" } else { "nobody" }, "--regid", "nogroup", "--clear-groups", "--no-new-privs"]);
    Ok(command)
}
