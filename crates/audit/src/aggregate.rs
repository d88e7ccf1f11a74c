//! What of those who flood us? Ten lines a second for each stranger's address; the rest is counted, and the counts are lines.

use std::collections::HashMap;
use std::net::IpAddr;

use serde_json::json;
use tollgate_model::{Mono, Now};

use crate::lane::Lane;
use crate::record::Event;

/// Lines a second from one source (ARCHITECTURE.md, "The journal").
const LINES: u64 = 10;
/// Sources told apart within a second; those beyond share one count.
const SOURCES: usize = 4096;

/// Counts the arrivals of strangers, a second at a time.
#[derive(Debug, Default)]
pub struct Aggregator {
    second: u64,
    sources: HashMap<IpAddr, u64>,
    /// Arrivals beyond the table: of unknown sources, each without a line.
    others: u64,
    /// Counts of seconds that are over, for the next sweep; `None` are the others.
    closed: HashMap<Option<IpAddr>, Count>,
}

#[derive(Debug)]
struct Count {
    count: u64,
    /// The first second that was counted.
    second: u64,
}

impl Aggregator {
    /// Whether this arrival gets a line of its own; if not, it has been counted.
    pub fn allow(&mut self, source: IpAddr, now: Mono) -> bool {
        self.turn(now);
        if self.sources.len() >= SOURCES && !self.sources.contains_key(&source) {
            self.others = self.others.saturating_add(1);
            return false;
        }
        let seen = self.sources.entry(source).or_default();
        *seen = seen.saturating_add(1);
        *seen <= LINES
    }

    /// Appends a line for each source that was counted in a second that is over; to be called every second or more often.
    pub fn sweep(&mut self, now: Now, lane: &mut Lane) {
        self.turn(now.mono);
        self.write(now, lane);
    }

    /// The same for the second that is not over: before the end.
    pub fn finish(&mut self, now: Now, lane: &mut Lane) {
        self.close();
        self.write(now, lane);
    }

    fn turn(&mut self, now: Mono) {
        let second = now.nanos() / 1_000_000_000;
        if second != self.second {
            self.close();
            self.second = second;
        }
    }

    fn close(&mut self) {
        let second = self.second;
        // a worker that stalls for seconds must not grow this without bound: what is not written yet merges
        for (source, seen) in self.sources.drain().filter(|(_, seen)| *seen > LINES) {
            let source = Some(source).filter(|source| self.closed.len() < SOURCES || self.closed.contains_key(&Some(*source)));
            let closed = self.closed.entry(source).or_insert(Count { count: 0, second });
            closed.count = closed.count.saturating_add(seen - LINES);
        }
        if self.others > 0 {
            let closed = self.closed.entry(None).or_insert(Count { count: 0, second });
            closed.count = closed.count.saturating_add(std::mem::take(&mut self.others));
        }
    }

    fn write(&mut self, now: Now, lane: &mut Lane) {
        for (source, Count { count, second }) in self.closed.drain() {
            // the wall clock at the counted second's beginning
            let ago = now.mono.millis_since(Mono::from_nanos(second.saturating_mul(1_000_000_000)));
            let at = now.wall.plus_millis(-i64::try_from(ago).unwrap_or(0));
            let source = source.map(|source| source.to_string());
            let detail = json!({ "count": count, "second": at.to_string(), "source": source.as_deref().unwrap_or("others") });
            lane.event(&Event {
                at: now.wall,
                kind: "event",
                action: "unauthenticated_many",
                outcome: "failure",
                subject: source.as_deref(),
                detail: Some(&detail),
            });
        }
    }
}
