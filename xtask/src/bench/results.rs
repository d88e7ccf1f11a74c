//! What was measured, as it is kept: the table, the page and the plot are made from this alone.

use serde::{Deserialize, Serialize};

use super::figure::Spread;
use crate::counts::{Counts, Together};

/// One whole run.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) rounds: usize,
    pub(crate) keys: usize,
    pub(crate) memory: Vec<Memory>,
    pub(crate) submit_and_polls: Beside,
    pub(crate) submit_only: Beside,
    pub(crate) hot_key: Beside,
    pub(crate) one_connection: Latencies,
    pub(crate) open_loop: Latencies,
    pub(crate) refusals: Vec<Refused>,
    pub(crate) counts: Counts,
    pub(crate) together: Together,
    pub(crate) nanoseconds: Nanoseconds,
    pub(crate) durable: Vec<Durable>,
}

/// Where and when.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The UTC day.
    pub(crate) date: String,
    pub(crate) processor: String,
    pub(crate) processors: usize,
    pub(crate) kernel: String,
    pub(crate) nginx: String,
    pub(crate) haproxy: String,
    pub(crate) gate: String,
    /// Load averages of a minute, before and behind.
    pub(crate) load: [f64; 2],
}

/// Contestants under the same load, what they used against bare nginx.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Beside {
    pub(crate) mix: String,
    pub(crate) keys: usize,
    pub(crate) connections: usize,
    pub(crate) rows: Vec<Row>,
    /// The gate against each other contestant.
    pub(crate) gate: Vec<Ratio>,
    /// How much of one processor the load's driver took.
    pub(crate) driver_busy: Spread,
    /// Requests in a million that waited for the mutex of their account.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) waits_in_a_million: Option<f64>,
}

/// One contestant.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) rounds: usize,
    pub(crate) requests_per_second: Spread,
    pub(crate) cpu_us: Spread,
    /// What the provider's stand-in used for each of its requests.
    pub(crate) upstream_us: Spread,
    pub(crate) norm: Spread,
    pub(crate) raw: Spread,
    /// Everything it used from the section's beginning to its end, warm-ups and rests too, over every request.
    pub(crate) all_in_us: f64,
}

/// One against another.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ratio {
    pub(crate) to: String,
    pub(crate) norm: Spread,
    pub(crate) raw: Spread,
}

/// How long requests took.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latencies {
    /// Requests a second; none where each waits for the one before.
    pub(crate) rate: Option<f64>,
    pub(crate) connections: usize,
    pub(crate) percentile: usize,
    pub(crate) rows: Vec<Latency>,
}

/// One contestant's, and against bare nginx's in the same round.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) name: String,
    pub(crate) rounds: usize,
    pub(crate) us: Spread,
    /// CPU a request, where all were asked as often: against bare nginx's of the same round.
    pub(crate) cpu: Spread,
    pub(crate) more_us: Spread,
    pub(crate) ratio: Spread,
}

/// What it costs to say no.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refused {
    pub(crate) name: String,
    pub(crate) requests_per_second: Spread,
    pub(crate) cpu_us: Spread,
    /// Against its own submissions that were let through, of the same round.
    pub(crate) of_allowed: Spread,
}

/// Memory, what processes share counted once.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) name: String,
    pub(crate) with_64_kib: u64,
    pub(crate) with_256_kib: u64,
    pub(crate) idle_connection_bytes: u64,
    /// The gate alone knows tasks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) open_task_bytes: Option<u64>,
}

/// What is waited for at a fixed rate of submissions, by what an intent must survive.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Durable {
    pub(crate) name: String,
    pub(crate) requests: u32,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) most_ms: f64,
}

/// Parts in a hot loop.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Nanoseconds {
    pub(crate) judgement: u64,
    /// The same over 10,000 keys in turn, whose limits are in no cache.
    pub(crate) judgement_of_many: u64,
    pub(crate) journal_line: u64,
}

impl Beside {
    /// Requests a second of one contestant.
    pub(crate) fn rate_of(&self, name: &str) -> f64 {
        self.rows.iter().find(|row| row.name == name).map_or(0.0, |row| row.requests_per_second.median)
    }

    /// The gate against another.
    pub(crate) fn against(&self, name: &str) -> Option<&Ratio> {
        self.gate.iter().find(|ratio| ratio.to == name)
    }
}
