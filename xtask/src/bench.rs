//! What does a request through the gate cost, beside its peers and a floor? All at once on loopback, in slices of one second in turn.
//!
//! `norm` is the contestant's CPU per request ÷ the provider stand-in's CPU per request in the same slice: the stand-in does
//! constant work, so the machine's noise cancels. `raw` is the plain ratio of the same round.

mod contestant;
mod figure;
pub(crate) mod gate;
mod ground;
pub(crate) mod load;
mod machine;
mod meter;
pub(crate) mod page;
mod parts;
mod peers;
mod plot;
mod results;
mod round;
mod section;
pub(crate) mod table;
mod targets;

pub(crate) use contestant::{end_well, folder};
pub(crate) use figure::{Spread, float};

use std::fs;

use anyhow::Result;

use self::ground::{Ground, release};
use self::results::Results;
use self::section::Bench;
use crate::counts;
use crate::repository::Repository;

/// Runs it: 15 rounds over 10,000 keys, with `--quick` 5 over 256 and fewer contestants behind the first section. Prints the
/// tables and writes the figures beside the build; a full run also renews docs/performance. `--memory` prints that section alone.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let asked = |wish: &str| words.iter().any(|word| word == wish);
    let quick = asked("--quick");
    if asked("--memory") {
        return memory_alone(at, quick);
    }
    let results = measure(at, quick)?;
    let figures = format!("{}\n", serde_json::to_string_pretty(&results)?);
    let file = at.target.join("bench.json");
    fs::write(&file, &figures)?;
    println!("\nas JSON: {}", file.display());
    if quick {
        return Ok(());
    }
    page::renew(at, &figures)
}

fn measure(at: &Repository, quick: bool) -> Result<Results> {
    let (rounds, keys) = if quick { (5, 256) } else { (15, 10_000) };
    let binary = release(at)?;
    let mut machine = machine::describe(&binary)?;
    println!("{} rounds of one second each, {keys} keys; load average {}", rounds, machine.load[0]);
    // what no noise touches, before anything else runs
    let counts = counts::measure(at, &binary)?;
    let together = counts::together(at, &binary)?;
    println!("\n{}", table::counts(&counts, Some(&together)));
    let nanoseconds = parts::measure(at)?;
    println!("\n{}", table::nanoseconds(&nanoseconds));
    let bench = Bench { ground: Ground::prepare(at, &binary, keys)?, rounds, quick };
    let open_task = bench.open_task(at, &binary)?;
    let memory = shown(bench.memory(open_task)?, |rows| table::memory(rows));
    let submit_and_polls = shown(bench.submit_and_polls()?, table::beside);
    let rate = submit_and_polls.rate_of(peers::BARE) / 2.0;
    let durable = shown(bench.durable(at, &binary)?, |rows| table::durable(rows));
    let hot_key = shown(bench.hot_key()?, table::beside);
    let one_connection = shown(bench.one_connection()?, table::latencies);
    let open_loop = shown(bench.open_loop(rate)?, table::latencies);
    let refusals = shown(bench.refusals()?, |rows| table::refusals(rows));
    // the last: what it leaves open is polled by the gate itself after ten minutes
    let submit_only = shown(bench.submit_only()?, table::beside);
    if let Some(load) = machine.load.last_mut() {
        *load = machine::load()?;
    }
    let results = Results {
        machine,
        rounds,
        keys,
        memory,
        submit_and_polls,
        submit_only,
        hot_key,
        one_connection,
        open_loop,
        refusals,
        counts,
        together,
        nanoseconds,
        durable,
    };
    println!("\n{}", targets::table(&results));
    Ok(results)
}

/// What is held in memory, and nothing else.
fn memory_alone(at: &Repository, quick: bool) -> Result<()> {
    let binary = release(at)?;
    let keys = if quick { 256 } else { 10_000 };
    let bench = Bench { ground: Ground::prepare(at, &binary, keys)?, rounds: 1, quick };
    let open_task = bench.open_task(at, &binary)?;
    shown(bench.memory(open_task)?, |rows| table::memory(rows));
    Ok(())
}

/// Prints each section as it comes: a run takes a quarter of an hour.
fn shown<T>(section: T, table: impl Fn(&T) -> table::Table) -> T {
    println!("\n{}", table(&section));
    section
}
