//! The gate among the contestants: started with keys that have every limit, and none that binds.

use std::fs::{self, DirBuilder};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::contestant::{Contestant, folder};
use super::peers::REAL_KEY;

pub(crate) const GATE: &str = "gate";
const CONFIG: &str = include_str!("config/gate.toml");

/// What `serve --json` says when it is ready.
#[derive(Deserialize)]
struct Ready {
    gate: String,
}

#[derive(Deserialize)]
struct Created {
    key: String,
}

/// Writes the configuration into a folder; the state is beside it.
pub(crate) fn configure(at: &Path, upstream: SocketAddr, workers: usize) -> Result<()> {
    let text = CONFIG.replace("UPSTREAM", &upstream.to_string()).replace("WORKERS", &workers.to_string());
    Ok(fs::write(at.join("tollgate.toml"), text)?)
}

/// Starts a gate, or a program that runs one, and waits for its ready line: the process, where it listens, and the rest of
/// what it prints, which must be kept open.
pub(crate) fn start(mut command: Command, at: &Path) -> Result<(Child, SocketAddr, BufReader<ChildStdout>)> {
    command.args(["serve", "--json", "-c"]).arg(at.join("tollgate.toml")).env("BENCH_KEY", REAL_KEY);
    let said = fs::File::create(at.join("stderr.log"))?;
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.stdout(Stdio::piped()).stderr(said).spawn().with_context(|| format!("cannot start {program}"))?;
    let mut out = BufReader::new(child.stdout.take().context("no standard output")?);
    let mut line = String::new();
    out.read_line(&mut line)?;
    let ready: Ready = serde_json::from_str(&line).with_context(|| {
        let _ = child.kill();
        let _ = child.wait();
        format!("the gate is not ready: {}", fs::read_to_string(at.join("stderr.log")).unwrap_or_default())
    })?;
    let address = ready.gate.trim_start_matches("http://").parse().context("the gate's address cannot be read")?;
    Ok((child, address, out))
}

/// The gate as a contestant, in a folder whose state has the keys.
pub(crate) fn contestant(binary: &Path, at: &Path) -> Result<Contestant> {
    let (child, address, _) = start(Command::new(binary), at)?;
    Contestant::started(GATE, address, child, None)
}

/// Makes a state folder at `at` with so many keys. They are made by the gate itself, through its admin API, and kept beside the
/// build: ten thousand take minutes.
pub(crate) fn state(binary: &Path, kept: &Path, at: &Path, keys: usize) -> Result<Vec<String>> {
    let list = kept.join("keys.json");
    let of = json!({ "terms": terms(0), "keys": keys });
    if fs::read_to_string(kept.join("of.json")).ok() != Some(of.to_string()) {
        folder(kept)?;
        make(binary, kept, keys).and_then(|made| Ok(fs::write(&list, serde_json::to_vec(&made)?)?))?;
        fs::write(kept.join("of.json"), of.to_string())?;
    }
    copy(&kept.join("state"), &at.join("state"))?;
    Ok(serde_json::from_slice(&fs::read(&list)?)?)
}

fn make(binary: &Path, at: &Path, keys: usize) -> Result<Vec<String>> {
    println!("making {keys} keys, once; they are kept in {}", at.display());
    configure(at, SocketAddr::from(([127, 0, 0, 1], 8099)), 1)?;
    let gate = contestant(binary, at)?;
    let socket = socket(at);
    let mut made = Vec::with_capacity(keys);
    for number in 0..keys {
        made.push(key(&socket, number)?);
        if made.len().is_multiple_of(1_000) {
            println!("{} keys", made.len());
        }
    }
    gate.end_well()?;
    Ok(made)
}

/// A key with every limit set, and none that binds.
fn terms(number: usize) -> Value {
    json!({
        "name": format!("bench-{number}"),
        "allow": ["127.0.0.0/8"],
        "caps": ["1000000/day Europe/Berlin", "9000000/month"],
        "tasks": ["100000000/day"],
        "rate": "6000000/min",
        "concurrency": 1_000_000,
        "hours": ["Mon-Sun 00:00-24:00 Europe/Berlin"],
        "methods": ["userrecaptcha", "base64"],
    })
}

fn key(socket: &Path, number: usize) -> Result<String> {
    let made = tollgate_tests::unix(socket, "POST", "/v1/keys", Some(&terms(number)))?;
    let created: Created = serde_json::from_str(&made.body).with_context(|| format!("no key was made: {}", made.body))?;
    Ok(created.key)
}

/// Where a gate of that folder is administered.
pub(crate) fn socket(at: &Path) -> PathBuf {
    at.join("state").join("admin.sock")
}

/// How often its requests have waited for the mutex of their account; nothing from a gate that does not count it.
pub(crate) fn waits(at: &Path) -> Option<u64> {
    let page = tollgate_tests::unix(&socket(at), "GET", "/metrics", None).ok()?;
    page.body.lines().find_map(|line| line.strip_prefix("tollgate_account_waits_total "))?.parse().ok()
}

/// Copies a state folder, which is its owner's alone; what is no file (a socket) belongs to a process.
fn copy(from: &Path, to: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
