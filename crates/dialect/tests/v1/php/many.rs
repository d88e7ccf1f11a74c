//! How are many requests asked in the time of few? A PHP for each processor, and stretches of rounds that each can take.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::server::Php;
use crate::generate::Random;

/// Rounds of one seed: the same requests, whoever takes them.
const STRETCH: usize = 500;
/// What `cargo xtask php` sets.
const REQUESTS: &str = "TOLLGATE_PHP_REQUESTS";
const SEED: &str = "TOLLGATE_PHP_SEED";

/// How many requests are made, unless a person asks for more.
pub(crate) fn requests() -> usize {
    variable(REQUESTS).map_or(100_000, |count| usize::try_from(count).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may search")]
fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// Says where it was, should a round fail.
struct Place {
    seed: u64,
    round: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{SEED}={}: round {}", self.seed, self.round);
        }
    }
}

/// Runs so many rounds, each with its number, a generator and a PHP that nobody else asks.
pub(crate) fn run(seed: u64, rounds: usize, each: &(dyn Fn(usize, &mut Random, &Php) + Sync)) {
    let seed = variable(SEED).unwrap_or(seed);
    let next = AtomicUsize::new(0);
    let work = || {
        let php = Php::start();
        loop {
            let first = next.fetch_add(STRETCH, Ordering::Relaxed);
            if first >= rounds {
                return;
            }
            let mut random = Random(seed.wrapping_add(first as u64));
            for round in first..rounds.min(first + STRETCH) {
                let _place = Place { seed, round };
                each(round, &mut random, &php);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(work);
        }
    });
}
