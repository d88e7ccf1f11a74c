//! What is a request held to? Defaults are SECURITY.md's.

use std::time::Duration;

use crate::section::Section;

/// Sizes and numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections of clients at once.
    pub connections: usize,
    /// Bytes of request bodies being read at once.
    pub body_bytes: usize,
    /// Calls of one key in flight.
    pub calls_per_key: usize,
    /// Bytes of a request's head.
    pub head: usize,
    /// Header lines of a request.
    pub headers: usize,
    /// Bytes of a request's target.
    pub target: usize,
    /// Bytes of a submission's body.
    pub body: u64,
    /// Times.
    pub within: Timeouts,
}

/// Times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From a request's first byte to the end of its head.
    pub head: Duration,
    /// From the end of its head to the end of its body.
    pub body: Duration,
    /// Connecting to the provider, TLS included.
    pub connect: Duration,
    /// From the last byte sent to the provider to the first byte of its answer.
    pub answer: Duration,
    /// The whole call to the provider.
    pub call: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let within = Timeouts {
            head: Duration::from_secs(5),
            body: Duration::from_secs(15),
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(30),
            call: Duration::from_mins(1),
        };
        Self {
            connections: 16_384,
            body_bytes: 64 << 20,
            calls_per_key: 64,
            head: 16 << 10,
            headers: 64,
            target: 4 << 10,
            body: 2 << 20,
            within,
        }
    }
}

impl Limits {
    /// Reads `[limits]`; the bounds keep a limit from being turned off by a large number.
    pub(crate) fn read(section: &Section<'_>) -> Self {
        let standard = Self::default();
        let number = |name, range, standard| section.count(name, range).map_or(standard, usize_of);
        let size = |name, range, standard| section.size(name, range).map_or(standard, usize_of);
        let limits = Self {
            connections: number("connections", 1..=1_000_000, standard.connections),
            body_bytes: size("body_bytes", 2 << 20..=4 << 30, standard.body_bytes),
            calls_per_key: number("calls_per_key", 1..=100_000, standard.calls_per_key),
            head: size("head", 1 << 10..=64 << 10, standard.head),
            // a request's head has room for 64 lines (`wire`): a larger number would be ignored
            headers: number("headers", 8..=64, standard.headers),
            target: size("target", 256..=16 << 10, standard.target),
            body: section.size("body", 16 << 10..=32 << 20).unwrap_or(standard.body),
            within: Timeouts::read(section, standard.within),
        };
        if limits.target >= limits.head {
            section.mistake("target", "`target` is not smaller than `head`, which holds it", None);
        }
        if limits.within.answer > limits.within.call {
            section.mistake("answer_within", "`answer_within` is longer than `call_within`, which holds it", None);
        }
        limits
    }
}

impl Timeouts {
    fn read(section: &Section<'_>, standard: Self) -> Self {
        let time = |name, most_ms, standard| section.duration(name, 10..=most_ms).unwrap_or(standard);
        Self {
            head: time("head_within", 60_000, standard.head),
            body: time("body_within", 300_000, standard.body),
            connect: time("connect_within", 60_000, standard.connect),
            answer: time("answer_within", 600_000, standard.answer),
            call: time("call_within", 600_000, standard.call),
        }
    }
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
