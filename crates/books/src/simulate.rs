//! Does the money hold, whatever happens in whatever order? Seeded histories over the reference store, beside plain sums.
//!
//! A seed is one history: keys, teams, accounts and limits; purchases at every stage; a book that is slow, refuses, or does what
//! it says it did not; changed limits, midnights, a clock that steps back; the death of process and machine, and what the
//! journal and the book know after it. Time is tokio's paused one and everything runs on one thread: a seed tells the same
//! history each time. `cargo xtask simulate` runs many.

mod check;
mod clock;
mod death;
mod desk;
mod journal;
mod ledger;
mod purchase;
mod random;
mod scenario;
mod step;
mod weather;
mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::random::Random;
use self::world::World;

/// Steps of a history.
const STEPS: u64 = 60;

/// What has been seen of how much: a simulation that never refuses, kills or waits would prove nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Histories.
    pub seeds: u64,
    /// Holds given.
    pub admitted: u64,
    /// Of those, beyond a cap of which there was more for a while.
    pub raised: u64,
    /// Of those, tasks that were named.
    pub tasks: u64,
    /// Of those, outcomes that nobody knows.
    pub unknown: u64,
    /// Of those, ended at a price or returned.
    pub closed: u64,
    /// Refusals by code.
    pub denied: BTreeMap<&'static str, u64>,
    /// Lives of processes.
    pub lives: u64,
    /// Times that all was quiet and every last cent was asked for.
    pub calms: u64,
}

/// Something that must not be, and the shortest way to it that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The history.
    pub seed: u64,
    /// The step after which it was seen; the number of steps when it was seen at the end.
    pub step: u64,
    /// What is wrong.
    pub what: String,
    /// The steps that are needed for it, each with its number.
    pub tail: Vec<String>,
}

/// One history's end before its time.
struct Found {
    step: u64,
    what: String,
    told: Vec<String>,
}

/// Runs the histories from `first` on; ends at the first that must not be.
pub fn run(first: u64, seeds: u64) -> Result<Figures, Violation> {
    let mut figures = Figures::ZERO;
    for seed in first..first.saturating_add(seeds) {
        match history(seed, &all()) {
            Ok(one) => figures.add(&one),
            Err(found) => return Err(shortest(seed, found)),
        }
    }
    Ok(figures)
}

fn all() -> Vec<u64> {
    (0..STEPS).collect()
}

/// Leaves out whatever is not needed, step by step; each draws from its own stream, so the others stay what they are.
fn shortest(seed: u64, mut found: Found) -> Violation {
    let mut steps: Vec<u64> = (0..STEPS).filter(|step| *step <= found.step).collect();
    let mut place = 0;
    while let Some(step) = steps.get(place).copied() {
        let without: Vec<u64> = steps.iter().copied().filter(|other| *other != step).collect();
        match history(seed, &without) {
            Ok(_) => place += 1,
            Err(shorter) => {
                steps = without;
                found = shorter;
            }
        }
    }
    let Found { step, what, told } = found;
    Violation { seed, step, what, tail: told }
}

/// Tells one history, these steps of it.
fn history(seed: u64, steps: &[u64]) -> Result<Figures, Found> {
    let mut told = Vec::new();
    let mut at = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.map_err(|error| error.to_string())?.block_on(tell(seed, steps, &mut at, &mut told))
    }));
    let outcome = outcome.unwrap_or_else(|_| Err("a panic".to_owned()));
    outcome.map_err(|what| Found { step: at, what, told })
}

async fn tell(seed: u64, steps: &[u64], at: &mut u64, told: &mut Vec<String>) -> Result<Figures, String> {
    let mut world = World::new(seed);
    world.open().await?;
    for step in steps {
        *at = *step;
        let mut random = Random::of(seed, *step);
        let said = world.step(&mut random).await;
        told.push(format!("{step}: {}", said.as_deref().unwrap_or_else(|wrong| wrong)));
        said?;
        world.check()?;
    }
    *at = STEPS;
    world.calm(&mut Random::of(seed, STEPS)).await?;
    let desk = world.desk.lock();
    Ok(Figures { seeds: 1, lives: u64::from(desk.life), ..desk.figures.clone() })
}

impl Figures {
    const ZERO: Self =
        Self { seeds: 0, admitted: 0, raised: 0, tasks: 0, unknown: 0, closed: 0, denied: BTreeMap::new(), lives: 0, calms: 0 };

    fn add(&mut self, other: &Self) {
        let Self { seeds, admitted, raised, tasks, unknown, closed, denied, lives, calms } = other;
        self.seeds += seeds;
        self.admitted += admitted;
        self.raised += raised;
        self.tasks += tasks;
        self.unknown += unknown;
        self.closed += closed;
        self.lives += lives;
        self.calms += calms;
        for (code, count) in denied {
            *self.denied.entry(code).or_default() += count;
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seeds, admitted, raised, tasks, unknown, closed, denied, lives, calms } = self;
        write!(
            out,
            "{seeds} histories, {lives} lives of processes: {admitted} holds, {raised} of them by a raise, {tasks} tasks, {closed} closed, {unknown} unknown; "
        )?;
        let denied: Vec<String> = denied.iter().map(|(code, count)| format!("{count} {code}")).collect();
        write!(out, "refused: {}; all quiet {calms} times", denied.join(", "))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "seed {}, step {}: {}", self.seed, self.step, self.what)?;
        self.tail.iter().try_for_each(|step| write!(out, "\n  {step}"))
    }
}

#[cfg(test)]
mod tests;
