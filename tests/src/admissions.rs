//! A crowd at the real books, over SQLite: never a cent over a cap, never a refusal below one, nothing settled twice.

mod ground;
mod witness;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use tokio::task::JoinSet;
use tollgate_books::{Ending, Sent};
use tollgate_model::{DenialCode, Money, Now, RequestId, TaskId};

use self::ground::{Buyer, Ground};
use crate::chance::Chance;
use crate::process::instant;

/// Callers at once.
const CALLERS: u64 = 256;
/// Minutes from the start at which the clock stands still for a crowd: an hour rolls, a day, a week and a month end in between.
const PHASES: [i64; 6] = [0, 30, 95, 24 * 60 + 20, 8 * 24 * 60, 35 * 24 * 60];
/// When a task would be polled by the gate itself.
const DEADLINE_MS: u64 = 600_000;

/// What a crowd came to.
#[derive(Debug, Default)]
pub struct Figures {
    calls: u64,
    admitted: u64,
    refused: u64,
    /// Refusals that no limit of the call can explain.
    unfounded: u64,
    /// Refusals because the book did not answer in time: no word about a cap.
    late: u64,
    /// Nano-dollars or tasks that stood over a cap at any moment.
    over: i64,
    /// Holds that ended more than once.
    twice: u64,
    /// Nano-dollars that the book's own sums differ from what was settled.
    astray: i64,
    took: Duration,
}

/// One crowd's counts, shared by its callers.
#[derive(Default)]
struct Counts {
    admitted: AtomicU64,
    refused: AtomicU64,
    unfounded: AtomicU64,
    late: AtomicU64,
    twice: AtomicU64,
}

/// Lets that many calls be made; an error says what did not hold.
pub fn run(calls: u64, seed: u64) -> Result<Figures> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build()?;
    let figures = runtime.block_on(crowd(calls, seed)).with_context(|| format!("seed {seed}"))?;
    ensure!(figures.over == 0, "over a cap:\n{figures}");
    ensure!(figures.unfounded == 0, "refused below a cap:\n{figures}");
    ensure!(figures.twice == 0 && figures.astray == 0, "settled twice, or otherwise than the book says:\n{figures}");
    Ok(figures)
}

async fn crowd(calls: u64, seed: u64) -> Result<Figures> {
    let began = instant();
    let (ground, clerk) = Ground::open().await?;
    let ground = Arc::new(ground);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut tending = JoinSet::new();
    tending.spawn(clerk.run(async { drop(stopped.await) }));
    let counts = Arc::new(Counts::default());
    let mut chance = Chance(seed | 1);
    for minutes in PHASES {
        ground.stand_at(minutes);
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let caller = Caller { ground: ground.clone(), counts: counts.clone(), chance: Chance(chance.below(u64::MAX) | 1) };
            callers.spawn(caller.work(calls / CALLERS / PHASES.len() as u64));
        }
        while let Some(ended) = callers.join_next().await {
            ended.context("a caller fell")??;
        }
    }
    let astray = ground.astray().await?;
    stop.send(()).map_err(|()| anyhow!("the clerk is gone"))?;
    tending.join_next().await.context("no clerk")???;
    let read = |count: &AtomicU64| count.load(Ordering::SeqCst);
    let (admitted, refused, late) = (read(&counts.admitted), read(&counts.refused), read(&counts.late));
    Ok(Figures {
        calls: admitted + refused + late,
        admitted,
        refused,
        unfounded: read(&counts.unfounded),
        late,
        over: ground.over(),
        twice: read(&counts.twice),
        astray,
        took: began.elapsed(),
    })
}

struct Caller {
    ground: Arc<Ground>,
    counts: Arc<Counts>,
    chance: Chance,
}

impl Caller {
    async fn work(mut self, calls: u64) -> Result<()> {
        for _ in 0..calls {
            let ground = self.ground.clone();
            let buyer = ground.buyer(self.chance.below(u64::MAX));
            self.buy(buyer).await?;
        }
        Ok(())
    }

    /// One call: reserved, sent, and ended in one of the ways in which calls end.
    async fn buy(&mut self, buyer: &Buyer) -> Result<()> {
        let ground = self.ground.clone();
        let (request, now) = (ground.request(), ground.now());
        let asked = buyer.asks();
        let held = match ground.books.reserve(&buyer.account, &buyer.wish(request), now).await {
            Ok(held) => held,
            Err(denial) => {
                let is_founded = asked.is_refused();
                match denial.code {
                    DenialCode::CapReached => {
                        self.counts.refused.fetch_add(1, Ordering::SeqCst);
                        if !is_founded {
                            self.counts.unfounded.fetch_add(1, Ordering::SeqCst);
                            eprintln!("refused below its caps: {buyer:?}: {denial:?}");
                        }
                    }
                    DenialCode::BooksUnavailable => {
                        self.counts.late.fetch_add(1, Ordering::SeqCst);
                    }
                    other => return Err(anyhow!("{other:?}: {}", denial.reason)),
                }
                return Ok(());
            }
        };
        self.counts.admitted.fetch_add(1, Ordering::SeqCst);
        asked.is_held(held.at());
        // others come in between, as they do while a provider answers
        tokio::task::yield_now().await;
        let way = self.chance.below(20);
        if way == 0 {
            asked.costs(0, || drop(held));
            return Ok(());
        }
        self.end(buyer, request, held.send(), &asked, way, now)
    }

    fn end(&mut self, buyer: &Buyer, request: RequestId, sent: Sent, asked: &witness::Asked<'_>, way: u64, now: Now) -> Result<()> {
        let (full, less) = (buyer.cost.nanos(), buyer.cost.nanos() / 2);
        match way {
            1 => asked.costs(0, || drop(sent.void(now))),
            2 => {
                sent.unknown();
                asked.is_unknown();
            }
            3..=9 => {
                let cost = if way < 6 { less } else { full };
                asked.costs(cost, || drop(sent.settle(Money::from_nanos(cost), now)));
            }
            _ => self.task(buyer, request, sent, asked, if way < 15 { less } else { full }, now)?,
        }
        Ok(())
    }

    /// A task that is polled to its end three times.
    fn task(&self, buyer: &Buyer, request: RequestId, sent: Sent, asked: &witness::Asked<'_>, cost: i64, now: Now) -> Result<()> {
        let task = TaskId::parse(self.ground.task().to_string().as_bytes())?;
        sent.opened(task, now, DEADLINE_MS).map_err(|_| anyhow!("an id twice"))?;
        let mut ends = 0;
        asked.costs(cost, || {
            for _ in 0..3 {
                let closed = buyer.account.end(task, Ending::Answered(Some(Money::from_nanos(cost))), now);
                ends += u64::from(closed.is_some_and(|closed| closed.request == request));
            }
        });
        self.counts.twice.fetch_add(ends.saturating_sub(1), Ordering::SeqCst);
        ensure!(ends > 0, "a task that did not end");
        Ok(())
    }
}

impl Figures {
    /// Calls that were admitted, and calls that were refused because of a cap.
    pub const fn told(&self) -> (u64, u64) {
        (self.admitted, self.refused)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, admitted, refused, unfounded, late, over, twice, astray, took } = self;
        let dollars = Money::from_nanos;
        writeln!(out, "calls              {calls} of {} keys by {CALLERS} at once, in {:.1} s", ground::KEYS, took.as_secs_f64())?;
        writeln!(out, "admitted           {admitted}")?;
        writeln!(out, "refused at a cap   {refused}")?;
        writeln!(out, "book too slow      {late}")?;
        writeln!(out, "over a cap         ${}", dollars(*over))?;
        writeln!(out, "refused below one  {unfounded}")?;
        writeln!(out, "settled twice      {twice}")?;
        write!(out, "book against sums  ${}", dollars(*astray))
    }
}
