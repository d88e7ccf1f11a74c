//! Does memory stay where it is? A thousand keys under ten limits each, for days of a clock that is set.

use std::collections::VecDeque;
use std::fmt;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tollgate_books::{Account, Books, Ending, LimitIx, Wish};
use tollgate_model::{KeyId, Limit, LimitKind, Money, Mono, Name, Now, RequestId, Scope, TaskId, Timestamp};
use tollgate_store_sqlite::SqliteStore;

use crate::chance::Chance;
use crate::process::instant;

const KEYS: u32 = 1_000;
/// Of those, what half of all calls are of.
const BUSY: u32 = 20;
/// Each key's own; each of them is counted, and none is far from what is bought in its time.
const CAPS: [&str; 6] = ["2/hour", "20/24h", "20/day", "100/week", "400/month Europe/Berlin", "100000/total"];
const TASKS: [&str; 2] = ["40/hour", "400/day"];
/// Tasks that are open at once.
const OPEN: usize = 2_000;
/// When a task would be polled by the gate itself.
const DEADLINE_MS: u64 = 600_000;
/// Before that the first windows fill, and closed tasks are remembered for an hour.
const WARM_HOURS: u64 = 3;
const MINUTE_MS: u64 = 60_000;

/// What it came to.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    hours: u64,
    admitted: u64,
    refused: u64,
    /// KiB that the process has when the first windows are full, half-way, and at the end.
    kib: [u64; 3],
    took: Duration,
}

/// Buys for so many hours, so often a minute; an error if memory has grown.
pub fn run(hours: u64, calls: u64) -> Result<Figures> {
    ensure!(hours > 2 * WARM_HOURS, "more than {} hours: the first windows fill until then", 2 * WARM_HOURS);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let figures = runtime.block_on(buy(hours, calls))?;
    let [start, middle, end] = figures.kib;
    // a page or two of the allocator's and the store's cache come and go
    ensure!(end <= start + start / 10 + 2_048 && end <= middle + middle / 20 + 2_048, "memory grows:\n{figures}");
    ensure!(figures.admitted > figures.refused / 10 && figures.refused > 0, "too little of either:\n{figures}");
    Ok(figures)
}

async fn buy(hours: u64, calls: u64) -> Result<Figures> {
    let began = instant();
    let folder = TempDir::new()?;
    let begin = Timestamp::parse_rfc3339("2026-11-09T12:00:20Z").context("no instant")?;
    let passed = Arc::new(AtomicU64::new(0));
    let read = passed.clone();
    let now = move || {
        let millis = read.load(Ordering::SeqCst);
        let wall = begin.plus_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        Now { wall, mono: Mono::from_nanos(millis.saturating_mul(1_000_000)) }
    };
    let store = SqliteStore::open(&folder.path().join("tollgate.db"))?;
    store.be_patient(true);
    let (books, clerk, _) = Books::open(store, "gate", "boot", true, Vec::new(), Arc::new(now.clone())).await?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut tending = JoinSet::new();
    tending.spawn(clerk.run(async { drop(stopped.await) }));
    let account = books.account(&Name::parse("p")?, DEADLINE_MS);
    let mut shop = Shop { limits: bound(&account, now())?, books, account, open: VecDeque::new(), next: 1, admitted: 0, refused: 0 };
    let (mut chance, mut kib) = (Chance(7), [0; 3]);
    for minute in 0..hours * 60 {
        passed.store(minute * MINUTE_MS, Ordering::SeqCst);
        shop.crowd(calls, &mut chance, now()).await?;
        for task in shop.account.overdue(now(), usize::MAX) {
            shop.account.end(task, Ending::Assumed, now());
        }
        let marks = [WARM_HOURS * 60, hours * 30, hours * 60 - 1];
        for (place, _) in marks.iter().enumerate().filter(|(_, mark)| **mark == minute) {
            *kib.get_mut(place).context("three marks")? = memory()?;
        }
    }
    stop.send(()).map_err(|()| anyhow!("the clerk is gone"))?;
    tending.join_next().await.context("no clerk")???;
    Ok(Figures { hours, admitted: shop.admitted, refused: shop.refused, kib, took: began.elapsed() })
}

/// Every key's ten limits.
fn bound(account: &Account, now: Now) -> Result<Vec<[LimitIx; 10]>> {
    let mut kinds = vec![LimitKind::Rate("60/min burst 6".parse()?), LimitKind::Concurrency(50)];
    for cap in CAPS {
        kinds.push(LimitKind::parse_cap(cap)?);
    }
    for tasks in TASKS {
        kinds.push(LimitKind::parse_tasks(tasks)?);
    }
    let of = |number: u32| {
        let scope = Scope::Key(key(number));
        let limits: Vec<LimitIx> = kinds.iter().map(|kind| account.bind(&Limit::new(scope.clone(), kind.clone()), now)).collect();
        limits.try_into().map_err(|_| anyhow!("ten limits"))
    };
    (0..KEYS).map(of).collect()
}

fn key(number: u32) -> KeyId {
    KeyId::from_bytes(u128::from(number).to_be_bytes())
}

struct Shop {
    books: Arc<Books>,
    account: Arc<Account>,
    limits: Vec<[LimitIx; 10]>,
    open: VecDeque<TaskId>,
    next: u64,
    admitted: u64,
    refused: u64,
}

impl Shop {
    /// So many purchases at once, half of them of a few busy keys; the oldest open tasks end, one in seven unanswered.
    async fn crowd(&mut self, calls: u64, chance: &mut Chance, now: Now) -> Result<()> {
        let mut crowd = JoinSet::new();
        for _ in 0..calls {
            self.next += 1;
            let keys = if self.next.is_multiple_of(2) { BUSY } else { KEYS };
            let number = u32::try_from(chance.below(u64::from(keys)))?;
            let limits = *self.limits.get(number as usize).context("a key")?;
            crowd.spawn(call(self.books.clone(), self.account.clone(), limits, number, self.next, now));
        }
        while let Some(called) = crowd.join_next().await {
            match called.context("a call fell")?? {
                Some(task) => {
                    self.admitted += 1;
                    self.open.push_back(task);
                }
                None => self.refused += 1,
            }
        }
        while self.open.len() > OPEN
            && let Some(task) = self.open.pop_front()
        {
            let ending = if self.open.len().is_multiple_of(7) { Ending::Refunded } else { Ending::Answered(None) };
            self.account.end(task, ending, now);
        }
        Ok(())
    }
}

/// One purchase, and its task if it was admitted.
async fn call(books: Arc<Books>, account: Arc<Account>, limits: [LimitIx; 10], buyer: u32, call: u64, now: Now) -> Result<Option<TaskId>> {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&call.to_be_bytes());
    let (request, cost) = (RequestId::new(now.wall, random), Money::from_nanos(100_000_000));
    let wish = Wish { request, key: key(buyer), team: None, method: "m", cost, limits: &limits, observe_rate: false };
    match books.reserve(&account, &wish, now).await {
        Ok(hold) => {
            let task = TaskId::parse(call.to_string().as_bytes())?;
            hold.send().opened(task, now, DEADLINE_MS)?;
            Ok(Some(task))
        }
        // a disk that is slow for a moment says nothing about memory
        Err(_) => Ok(None),
    }
}

/// KiB that this process has in memory.
fn memory() -> Result<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hours, admitted, refused, kib: [start, middle, end], took } = self;
        writeln!(out, "load        {KEYS} keys of 10 limits each for {hours} hours of their clock, in {:.1} s", took.as_secs_f64())?;
        writeln!(out, "calls       {admitted} admitted, {refused} refused")?;
        write!(out, "memory      {start} KiB when the first windows are full, {middle} KiB half-way, {end} KiB at the end")
    }
}
