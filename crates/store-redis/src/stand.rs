//! A real Redis server for tests, in a folder and on a port that nobody else has. Also the end-to-end tests start it by this file.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// A running server; it ends when this is dropped, and with this process however it ends.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    options: Vec<String>,
    /// The server's end is the end of this one's standard input.
    holder: Option<Child>,
    id: u32,
}

/// Starts the server, says its id, and ends it with standard input.
const HOLDER: &str = "redis-server \"$@\" >log 2>&1 </dev/null & echo $!; cat >/dev/null; kill -9 $! 2>/dev/null; wait";

impl Server {
    /// Starts one with these options beside; `{folder}` in them is its folder.
    pub(crate) fn start(options: &[&str]) -> io::Result<Self> {
        let mut server = Self::placed(options)?;
        server.begin()?;
        Ok(server)
    }

    fn placed(options: &[&str]) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("tollgate-redis.").tempdir()?;
        // the port is free for the moment between
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let here = folder.path().display().to_string();
        let options = options.iter().map(|option| option.replace("{folder}", &here)).collect();
        Ok(Self { folder, port, options, holder: None, id: 0 })
    }

    /// A Sentinel that watches the primary at that port under the name `mine`, and is enough to replace it.
    pub(crate) fn sentinel(primary: u16) -> io::Result<Self> {
        let mut sentinel = Self::placed(&[])?;
        let file = sentinel.folder.path().join("sentinel.conf");
        let port = sentinel.port;
        let says = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor mine 127.0.0.1 {primary} 1\n\
             sentinel down-after-milliseconds mine 500\nsentinel failover-timeout mine 3000\n"
        );
        std::fs::write(&file, says)?;
        sentinel.options = vec![file.display().to_string(), "--sentinel".to_owned()];
        sentinel.begin()?;
        Ok(sentinel)
    }

    /// Starts it anew on the same port and folder.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        let mut command = Command::new("sh");
        command.args(["-c", HOLDER, "stand"]).current_dir(&self.folder).process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let port = self.port.to_string();
        let usual = ["--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""];
        // a file of options comes before the options
        if !self.options.iter().any(|option| option == "--sentinel") {
            command.args(["--port", &port]).args(usual);
        }
        let mut holder = command.args(&self.options).spawn()?;
        let mut told = BufReader::new(holder.stdout.take().ok_or_else(|| io::Error::other("no stdout"))?);
        let mut line = String::new();
        told.read_line(&mut line)?;
        self.id = line.trim().parse().map_err(io::Error::other)?;
        self.holder = Some(holder);
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        Err(io::Error::other(format!("Redis does not start: install Debian's `redis-server`, and see what it says: {log}")))
    }

    /// Where it listens, on 127.0.0.1.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// A signal to the server, by its id.
    pub(crate) fn signal(&self, name: &str) -> io::Result<()> {
        // the shell's own `kill`: a bare machine has no other
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.id)]).status()?;
        if sent.success() { Ok(()) } else { Err(io::Error::other("the signal could not be sent")) }
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut holder) = self.holder.take() {
            drop(holder.stdin.take());
            let _ = holder.wait();
        }
    }

    /// Says lines of one connection, and gives the answer to the last as it comes within a moment.
    pub(crate) fn say(&self, lines: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_millis(500)))?;
        let mut said = vec![0; 64 << 10];
        let mut answer = String::new();
        for line in lines.lines() {
            stream.write_all(format!("{line}\r\n").as_bytes())?;
            let read = stream.read(&mut said)?;
            answer = String::from_utf8_lossy(said.get(..read).unwrap_or_default()).into_owned();
        }
        Ok(answer)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
