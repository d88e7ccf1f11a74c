//! The real binary, started and ended by the test, by its process id.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

static DRIVEN: OnceLock<PathBuf> = OnceLock::new();

/// Says which binary is driven from now on; the first word counts.
pub fn drive(binary: PathBuf) {
    let _ = DRIVEN.set(binary);
}

/// The gate's binary: the one of `drive`, or `TOLLGATE_BIN`, which `cargo xtask ci` and `e2e` set, else the one that cargo has built beside the test.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment which binary to drive")]
pub fn binary() -> PathBuf {
    if let Some(binary) = DRIVEN.get() {
        return binary.clone();
    }
    if let Some(binary) = std::env::var_os("TOLLGATE_BIN") {
        return binary.into();
    }
    let test = std::env::current_exe().unwrap_or_default();
    test.ancestors().nth(2).map(|folder| folder.join("tollgate")).unwrap_or_default()
}

/// The same with the feature `fault`: the one in `TOLLGATE_FAULT_BIN`, which `cargo xtask ci` and `e2e` set, else the one beside it.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment which binary to drive")]
pub fn fault_binary() -> PathBuf {
    std::env::var_os("TOLLGATE_FAULT_BIN").map_or_else(|| binary().with_file_name("tollgate-fault"), PathBuf::from)
}

/// A running `tollgate`, killed when dropped.
pub struct Process {
    child: Child,
    /// Its ready line.
    pub ready: Value,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Process {
    /// Starts it with `--json` and waits for its ready line.
    pub fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        Self::start_as(&binary(), arguments, environment)
    }

    /// The same of a binary of one's own.
    pub fn start_as(binary: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(arguments).arg("--json").envs(environment.iter().copied());
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("cannot start {}: `cargo xtask e2e` builds it", binary.display()))?;
        let said = Arc::new(Mutex::new(Vec::new()));
        let mut out = BufReader::new(child.stdout.take().context("no stdout")?);
        let err = child.stderr.take().context("no stderr")?;
        keep(err, said.clone());
        let mut line = String::new();
        out.read_line(&mut line)?;
        keep(out, said.clone());
        if line.is_empty() {
            let status = child.wait()?;
            thread::sleep(Duration::from_millis(50));
            bail!("`tollgate {}` ended with {status}: {}", arguments.join(" "), text(&said));
        }
        said.lock().map_err(|_| anyhow::anyhow!("poisoned"))?.extend_from_slice(line.as_bytes());
        Ok(Self { child, ready: serde_json::from_str(&line)?, said })
    }

    /// A URL of the ready line as an address.
    pub fn address(&self, member: &str) -> Result<SocketAddr> {
        let url = self.ready.get(member).and_then(Value::as_str).with_context(|| format!("no `{member}` in {}", self.ready))?;
        let (_, address) = url.split_once("://").context("not a URL")?;
        Ok(address.parse()?)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it has printed so far.
    pub fn printed(&self) -> String {
        text(&self.said)
    }

    /// Waits until it has ended by itself; false if it is still there after that time.
    pub fn ended_within(&mut self, time: Duration) -> Result<bool> {
        let began = instant();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > time {
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(true)
    }

    /// SIGKILL.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and the time it took to end well.
    pub fn stop(&mut self) -> Result<Duration> {
        let began = instant();
        self.signal("TERM")?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("it ended with {status}: {}", self.printed());
        }
        Ok(began.elapsed())
    }

    /// Any signal.
    pub fn signal(&self, name: &str) -> Result<()> {
        // the shell's own `kill`: a bare machine has no other
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status()?;
        if sent.success() { Ok(()) } else { bail!("SIG{name} could not be sent") }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a verb to its end.
pub fn run(arguments: &[&str], input: &str) -> Result<Output> {
    run_with(arguments, input, &[])
}

/// The same with further variables of the environment.
pub fn run_with(arguments: &[&str], input: &str, environment: &[(&str, &str)]) -> Result<Output> {
    use std::io::Write;
    let mut command = Command::new(binary());
    command.args(arguments).envs(environment.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input.as_bytes());
    }
    Ok(child.wait_with_output()?)
}

/// Now, for a test that measures how long something takes.
#[expect(clippy::disallowed_methods, reason = "a test measures how long an end takes")]
pub fn instant() -> Instant {
    Instant::now()
}

fn keep(mut from: impl Read + Send + 'static, into: Arc<Mutex<Vec<u8>>>) {
    thread::spawn(move || {
        let mut block = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut block) {
            if let Ok(mut into) = into.lock() {
                into.extend_from_slice(block.get(..read).unwrap_or_default());
            }
        }
    });
}

fn text(said: &Mutex<Vec<u8>>) -> String {
    said.lock().map(|said| String::from_utf8_lossy(&said).into_owned()).unwrap_or_default()
}
