//! SIGKILL at random moments under load: never a cent over, nothing free lost, every purchase written down.

use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tollgate_model::Money;

use crate::http::{call, exchange};
use crate::stand::{Setup, Stand, poll, submission};

/// Kills of one key's life.
const KILLS_A_KEY: u32 = 25;
/// Callers at once.
const CALLERS: u64 = 6;
/// Nano-dollars of a task.
const PRICE: i64 = 100_000_000;

/// What a run came to; printed as it stands.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    seed: u64,
    kills: u32,
    keys: u32,
    submitted: u64,
    bought: u64,
    received: u64,
    intents: u64,
    charged: i64,
    ours: i64,
    unknown: i64,
    over: i64,
    restarts: Vec<Duration>,
}

/// One key under load and kills.
struct Life {
    name: String,
    key: String,
    cap: i64,
}

/// Runs that many kills; an error names what did not hold, and the seed.
pub fn run(kills: u32, seed: u64) -> Result<Figures> {
    let mut stand = Stand::with(Setup { more: "[limits]\ncalls_per_key = 1000\n", ..Setup::default() })?;
    stand.mode(&json!({ "latency_ms": 2, "balance": "1000000" }))?;
    let mut chance = Chance(seed | 1);
    let mut figures = Figures { seed, ..Figures::default() };
    while figures.kills < kills {
        let round = (kills - figures.kills).min(KILLS_A_KEY);
        live(&mut stand, &mut chance, round, &mut figures).with_context(|| format!("seed {seed}, key {}", figures.keys))?;
    }
    finish(&mut stand, &mut figures).with_context(|| format!("seed {seed}"))?;
    Ok(figures)
}

/// A fresh key: three of four well below their cap, one that reaches it.
fn live(stand: &mut Stand, chance: &mut Chance, kills: u32, figures: &mut Figures) -> Result<()> {
    figures.keys += 1;
    let tight = figures.keys.is_multiple_of(4);
    let (text, cap) = if tight { ("3/day", 3_000_000_000) } else { ("100000/day", 100_000_000_000_000) };
    let name = format!("life-{}", figures.keys);
    let life = Life { key: stand.key(&name, json!({ "caps": [text] }))?, name, cap };
    let before = stand.charged()?.nanos();
    let load = Load::start(stand.at, &life.key);
    for _ in 0..kills {
        thread::sleep(Duration::from_millis(5 + chance.below(110)));
        figures.restarts.push(stand.kill_and_restart()?);
        figures.kills += 1;
    }
    let (submitted, bought) = load.stop();
    thread::sleep(Duration::from_millis(100));
    figures.submitted += submitted;
    figures.bought += bought;
    let charged = stand.charged()?.nanos() - before;
    let used = used(stand, &life)?;
    figures.over += (charged - life.cap).max(0);
    ensure!(charged <= life.cap, "{}: the provider charged {charged} over a cap of {}", life.name, life.cap);
    ensure!(charged <= used && used <= life.cap, "{}: charged {charged}, ours {used}, cap {}", life.name, life.cap);
    spend_the_rest(stand, &life, used)?;
    note_received(stand, figures)
}

/// What is free can be spent, and not a task more.
fn spend_the_rest(stand: &Stand, life: &Life, used: i64) -> Result<()> {
    let free = (life.cap - used) / PRICE;
    let tries = free.min(5) + i64::from(free < 5) * 2;
    let bought = (0..tries).filter(|_| call(stand.at, &submission(&life.key)).is_ok_and(|answer| answer.task().is_some())).count();
    ensure!(i64::try_from(bought)? == free.min(5), "{}: {free} tasks are free, {bought} of {tries} were admitted", life.name);
    Ok(())
}

fn used(stand: &Stand, life: &Life) -> Result<i64> {
    let shown = stand.ask("GET", &format!("/v1/keys/{}", life.name), None)?;
    money(&shown, "/limits/0/used")
}

fn money(shown: &Value, place: &str) -> Result<i64> {
    let text = shown.pointer(place).and_then(Value::as_str).with_context(|| format!("no {place} in {shown}"))?;
    Ok(Money::parse(text)?.nanos())
}

/// Counts the submissions that reached the provider, and lets it forget them.
fn note_received(stand: &Stand, figures: &mut Figures) -> Result<()> {
    let submissions = stand
        .received()?
        .iter()
        .filter(|one| one.get("target").and_then(Value::as_str).is_some_and(|to| to.starts_with("/in.php")))
        .count();
    figures.received += u64::try_from(submissions)?;
    exchange(stand.provider, b"DELETE /_sandbox/requests HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\r\n")?;
    Ok(())
}

/// The sums, the intents, and the log itself.
fn finish(stand: &mut Stand, figures: &mut Figures) -> Result<()> {
    let usage = stand.ask("GET", "/v1/usage?by=key&since=2d", None)?;
    let (settled, held, unknown) = (money(&usage, "/total/settled")?, money(&usage, "/total/held")?, money(&usage, "/total/unknown")?);
    figures.charged = stand.charged()?.nanos();
    (figures.ours, figures.unknown) = (settled + held + unknown, unknown);
    ensure!(figures.ours >= figures.charged, "ours {} is below the provider's {}", figures.ours, figures.charged);
    ensure!(figures.ours - unknown <= figures.charged, "{} without the unknown is above the provider's {}", figures.ours, figures.charged);
    stand.gate.stop()?;
    let lines = tollgate_audit::find(&stand.audit(), b"\"action\":\"intent\"", usize::MAX)?;
    let intents: HashSet<&str> = lines.iter().filter_map(|line| line.value.pointer("/tollgate/request_id")?.as_str()).collect();
    figures.intents = u64::try_from(intents.len())?;
    ensure!(
        figures.intents >= figures.received,
        "{} submissions reached the provider, {} intents are written",
        figures.received,
        figures.intents
    );
    let findings = tollgate_audit::verify(&stand.audit()).err().unwrap_or_default();
    ensure!(findings.is_empty(), "the log is not whole: {findings:?}");
    Ok(())
}

/// Callers that submit and poll until they are stopped; a gate that is away is tried again.
struct Load {
    stopped: Arc<AtomicBool>,
    submitted: Arc<AtomicU64>,
    bought: Arc<AtomicU64>,
    callers: Vec<thread::JoinHandle<()>>,
}

impl Load {
    fn start(at: SocketAddr, key: &str) -> Self {
        let load = Self { stopped: Arc::default(), submitted: Arc::default(), bought: Arc::default(), callers: Vec::new() };
        let callers = (0..CALLERS).map(|_| {
            let (stopped, submitted, bought, key) = (load.stopped.clone(), load.submitted.clone(), load.bought.clone(), key.to_owned());
            thread::spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    let Ok(answer) = call(at, &submission(&key)) else {
                        thread::sleep(Duration::from_millis(3));
                        continue;
                    };
                    submitted.fetch_add(1, Ordering::Relaxed);
                    match answer.task() {
                        Some(task) => {
                            bought.fetch_add(1, Ordering::Relaxed);
                            let _ = call(at, &poll(&key, task));
                        }
                        None => thread::sleep(Duration::from_millis(2)),
                    }
                }
            })
        });
        Self { callers: callers.collect(), ..load }
    }

    fn stop(self) -> (u64, u64) {
        self.stopped.store(true, Ordering::Relaxed);
        for caller in self.callers {
            let _ = caller.join();
        }
        (self.submitted.load(Ordering::Relaxed), self.bought.load(Ordering::Relaxed))
    }
}

/// A small generator, so that a run can be had again from its seed (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut restarts = self.restarts.clone();
        restarts.sort_unstable();
        let at =
            |part: usize| restarts.get((restarts.len() * part / 100).min(restarts.len().saturating_sub(1))).copied().unwrap_or_default();
        let dollars = Money::from_nanos;
        writeln!(out, "kills         {} (seed {}), {} keys", self.kills, self.seed, self.keys)?;
        writeln!(out, "submissions   {} answered, {} bought", self.submitted, self.bought)?;
        writeln!(out, "intents       {} for {} submissions that reached the provider", self.intents, self.received)?;
        writeln!(out, "charged       ${} by the provider's books", dollars(self.charged))?;
        writeln!(out, "ours          ${}, of it ${} unknown", dollars(self.ours), dollars(self.unknown))?;
        writeln!(out, "over a cap    ${}", dollars(self.over))?;
        write!(out, "restart       p50 {:?}, p99 {:?}, most {:?}", at(50), at(99), at(100))
    }
}

impl Figures {
    /// The longest restart.
    pub fn longest_restart(&self) -> Duration {
        self.restarts.iter().max().copied().unwrap_or_default()
    }
}
