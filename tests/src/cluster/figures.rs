//! What the rounds came to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tollgate_model::Money;

use super::burst::Told;
use super::fault::Fault;

/// Printed as it stands.
#[derive(Clone, Debug)]
pub struct Figures {
    seed: u64,
    rounds: BTreeMap<&'static str, Kind>,
    refused: BTreeMap<String, u64>,
    charged: i64,
    pub(super) over: i64,
}

#[derive(Clone, Debug, Default)]
struct Kind {
    rounds: u32,
    /// Bought by the crowd, and once all was mended.
    bought: usize,
    late: usize,
    cut_off: u64,
    took: Vec<Duration>,
}

impl Figures {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed, rounds: BTreeMap::new(), refused: BTreeMap::new(), charged: 0, over: 0 }
    }

    pub(super) fn add(&mut self, fault: Option<Fault>, told: Told, late: usize, charged: i64) {
        let kind = self.rounds.entry(fault.map_or("nothing", Fault::name)).or_default();
        kind.rounds += 1;
        kind.bought += told.bought.len();
        kind.late += late;
        kind.cut_off += told.cut_off;
        kind.took.extend(told.took);
        for (code, count) in told.refused {
            *self.refused.entry(code).or_default() += count;
        }
        self.charged += charged;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds: u32 = self.rounds.values().map(|kind| kind.rounds).sum();
        let (charged, over) = (Money::from_nanos(self.charged), Money::from_nanos(self.over));
        writeln!(f, "{rounds} rounds from seed {}, a cap of $1.00 each: charged ${charged}, over a cap ${over}", self.seed)?;
        writeln!(f, "{:<34} rounds  bought  later  cut off  p50 ms  p99 ms  most ms", "what befell it")?;
        for (name, kind) in &self.rounds {
            let mut took = kind.took.clone();
            took.sort_unstable();
            let at = |of_hundred: usize| {
                took.get((took.len() * of_hundred / 100).min(took.len().saturating_sub(1))).map_or(0, Duration::as_millis)
            };
            let Kind { rounds, bought, late, cut_off, .. } = kind;
            writeln!(f, "{name:<34} {rounds:>6}  {bought:>6}  {late:>5}  {cut_off:>7}  {:>6}  {:>6}  {:>7}", at(50), at(99), at(100))?;
        }
        let refused: Vec<_> = self.refused.iter().map(|(code, count)| format!("{code} {count}")).collect();
        write!(f, "refused: {}", refused.join(", "))
    }
}
