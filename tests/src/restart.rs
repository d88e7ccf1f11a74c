//! How long does a start take with very many open holds, and how much memory do they cost?

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tollgate_books::{Fact, Store};
use tollgate_model::{Money, Name, RequestId, TaskId, Timestamp};
use tollgate_store_sqlite::SqliteStore;

use crate::http::call;
use crate::process::instant;
use crate::stand::{Stand, poll, submission};

/// Facts told in one step.
const STEP: u64 = 5_000;
/// Nano-dollars of a task.
const PRICE: i64 = 100_000_000;

/// What it came to.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    holds: u64,
    filled: Duration,
    start: Duration,
    /// Processor time of the start: on a busy machine it says more than the clock.
    busy: Duration,
    empty_kib: u64,
    full_kib: u64,
}

/// Fills a store with that many open holds, each with its task, and starts the gate on it.
pub fn run(holds: u64) -> Result<Figures> {
    let mut stand = Stand::new()?;
    let key = stand.key("many", json!({ "caps": ["100000000/total"] }))?;
    ensure!(call(stand.at, &submission(&key))?.task().is_some(), "the first task");
    let empty_kib = memory(&stand)?;
    stand.gate.stop()?;
    let began = instant();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(fill(&stand, holds))?;
    let filled = began.elapsed();
    let start = stand.restart()?;
    let busy = busy(&stand)?;
    let full_kib = memory(&stand)?;
    compare(&stand, &key, holds)?;
    Ok(Figures { holds, filled, start, busy, empty_kib, full_kib })
}

async fn fill(stand: &Stand, holds: u64) -> Result<()> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let store = SqliteStore::open(&stand.state().join("tollgate.db"))?;
    store.be_patient(true);
    let fence = store.open("gate", boot.trim(), true).await?.fence;
    let now = wall()?;
    let key = store.unsettled(None, usize::MAX).await?.first().context("the first task is open")?.key;
    let upstream = Name::parse("provider")?;
    for first in (0..holds).step_by(usize::try_from(STEP)?) {
        let mut facts = Vec::new();
        for number in first..holds.min(first + STEP) {
            // of the last hours, so that they spread over minutes as they would
            let at = Timestamp::from_millis(now - i64::try_from((holds - number) * 14_400_000 / holds)?);
            let mut random = [0; 10];
            random[2..].copy_from_slice(&number.to_be_bytes());
            let (request, held) = (RequestId::new(at, random), Money::from_nanos(PRICE));
            let (upstream, method) = (upstream.clone(), "userrecaptcha".to_owned());
            facts.push(Fact::Held { request, key, team: None, upstream, method, at, held });
            let task = TaskId::parse((9_000_000_000 + number).to_string().as_bytes())?;
            facts.push(Fact::Opened { request, task, at });
        }
        store.post(fence, facts, HashMap::new(), Vec::new()).await?;
    }
    Ok(())
}

/// Every hold counts, one of their tasks is still its key's, and there is room for more.
fn compare(stand: &Stand, key: &str, holds: u64) -> Result<()> {
    let usage = stand.ask("GET", "/v1/usage?by=key&since=2d", None)?;
    let held = usage.pointer("/total/held").and_then(Value::as_str).context("no sum")?;
    let due = i64::try_from(holds + 1)? * PRICE;
    ensure!(Money::parse(held)?.nanos() == due, "{held} are held, {due} nano-dollars were");
    let before = stand.received()?.len();
    call(stand.at, &poll(key, &(9_000_000_000 + holds / 2).to_string()))?;
    ensure!(stand.received()?.len() == before + 1, "a task's owner may ask for it");
    ensure!(call(stand.at, &submission(key))?.task().is_some(), "a task beside them");
    Ok(())
}

/// KiB that the gate has in memory.
fn memory(stand: &Stand) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{}/status", stand.gate.id()))?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
}

/// Processor time that the gate has used so far: ticks of 10 ms (proc_pid_stat(5)).
fn busy(stand: &Stand) -> Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{}/stat", stand.gate.id()))?;
    let (_, rest) = text.rsplit_once(')').context("no name")?;
    let ticks: u64 = rest.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap_or(0)).sum();
    Ok(Duration::from_millis(ticks * 10))
}

#[expect(clippy::disallowed_methods, reason = "holds must be of these hours")]
fn wall() -> Result<i64> {
    Ok(i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis())?)
}

impl Figures {
    /// How long the start took.
    pub const fn start(&self) -> Duration {
        self.start
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { holds, filled, start, busy, empty_kib, full_kib } = self;
        let each = full_kib.saturating_sub(*empty_kib).saturating_mul(1024) / holds.max(&1);
        writeln!(out, "open holds  {holds}, put into the book in {:.1} s", filled.as_secs_f64())?;
        writeln!(out, "ready       {:.2} s after the start, {:.2} s of processor time", start.as_secs_f64(), busy.as_secs_f64())?;
        write!(out, "memory      {} MiB, {} MiB without them: {each} bytes a hold", full_kib / 1024, empty_kib / 1024)
    }
}
