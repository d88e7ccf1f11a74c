//! What a run of kills came to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tollgate_audit::Verified;
use tollgate_model::Money;

use super::callers::Told;

/// Printed as it stands; sums of money are nano-dollars.
#[derive(Clone, Debug)]
pub struct Figures {
    pub(super) seed: u64,
    pub(super) kills: u32,
    pub(super) keys: u32,
    pub(super) admitted: u64,
    pub(super) refused: BTreeMap<String, u64>,
    pub(super) cut_off: u64,
    pub(super) received: u64,
    pub(super) intents: u64,
    pub(super) charged: i64,
    pub(super) ours: i64,
    pub(super) unknown: i64,
    pub(super) over: i64,
    pub(super) tails: usize,
    pub(super) verified: Verified,
    pub(super) restarts: Vec<Duration>,
}

impl Figures {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            kills: 0,
            keys: 0,
            admitted: 0,
            refused: BTreeMap::new(),
            cut_off: 0,
            received: 0,
            intents: 0,
            charged: 0,
            ours: 0,
            unknown: 0,
            over: 0,
            tails: 0,
            verified: Verified::default(),
            restarts: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, told: &Told) {
        self.admitted += told.bought.len() as u64;
        self.cut_off += told.cut_off;
        for (code, count) in &told.refused {
            *self.refused.entry(code.clone()).or_default() += count;
        }
    }

    /// How many submissions were answered with a task.
    pub const fn admitted(&self) -> u64 {
        self.admitted
    }

    /// Calls whose connection a kill ended.
    pub const fn cut_off(&self) -> u64 {
        self.cut_off
    }

    /// The longest restart.
    pub fn longest_restart(&self) -> Duration {
        self.restarts.iter().max().copied().unwrap_or_default()
    }

    /// The restart that this share of all, in percent, did not exceed.
    fn restart(&self, percent: usize) -> Duration {
        let mut sorted = self.restarts.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(rank).copied().unwrap_or_default()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, kills, keys, admitted, cut_off, received, intents, tails, verified, .. } = self;
        let refused: u64 = self.refused.values().sum();
        let dollars = Money::from_nanos;
        let millis = |percent| self.restart(percent).as_millis();
        writeln!(out, "kills         {kills} (seed {seed}), {keys} keys")?;
        writeln!(out, "submissions   {} answered: {admitted} admitted, {refused} refused {:?}", admitted + refused, self.refused)?;
        writeln!(out, "cut off       {cut_off} calls by a kill")?;
        writeln!(out, "intents       {intents} for {received} submissions that reached the provider")?;
        writeln!(out, "charged       ${} by the provider's books", dollars(self.charged))?;
        writeln!(out, "ours          ${}, of it ${} unknown", dollars(self.ours), dollars(self.unknown))?;
        writeln!(out, "over a cap    ${}", dollars(self.over))?;
        writeln!(out, "audit log     whole: {} lines, {} checkpoints, {tails} half lines cut", verified.lines, verified.checkpoints)?;
        write!(out, "restart       p50 {} ms, p99 {} ms, most {} ms", millis(50), millis(99), millis(100))
    }
}
