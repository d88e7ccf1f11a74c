//! The verbs of this repository: `cargo xtask` lists them.

mod admissions;
mod bench;
mod ci;
mod cluster;
mod counts;
mod crash;
mod dist;
mod doors;
mod e2e;
mod flat;
mod floor;
mod fuzz;
mod php;
mod reference;
mod repository;
mod restart;
mod simulate;
mod sizes;
mod step;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::repository::Repository;

/// One thing that can be asked for.
struct Verb {
    name: &'static str,
    sentence: &'static str,
    run: fn(&Repository, &[String]) -> Result<()>,
}

const VERBS: &[Verb] = &[
    Verb {
        name: "ci",
        sentence: "everything below that a change must pass: fmt, doors, sizes, gen, clippy, doc, fuzz, counts, tests",
        run: ci::run,
    },
    Verb { name: "doors", sentence: "which crate may use which: checks direct dependencies against one table", run: doors::run },
    Verb {
        name: "sizes",
        sentence: "files over 300 lines and functions over 60: fails beyond the list, which only shrinks [--shrink]",
        run: sizes::run,
    },
    Verb { name: "gen", sentence: "writes docs/reference from the code [--check: fails on a difference]", run: reference::run },
    Verb { name: "e2e", sentence: "the end-to-end tests alone, on the real binary; further words filter by name", run: e2e::run },
    Verb {
        name: "bench",
        sentence: "the gate beside nginx, nginx and haproxy by hand, and a byte copier: CPU, latency, memory, refusals, counts; target/bench.json, docs/performance [--quick: 5 rounds over 256 keys, not 15 over 10,000] [--memory: that section alone]",
        run: bench::run,
    },
    Verb {
        name: "counts",
        sentence: "instructions, system calls and allocations of a request [--check: against docs/performance/counts.toml] [--write] [--where: in which lines]",
        run: counts::run,
    },
    Verb { name: "floor", sentence: "the byte copier that `bench` starts: LISTEN UPSTREAM", run: floor::run },
    Verb {
        name: "crash",
        sentence: "SIGKILL under load, a fresh key every 25 kills [--kills 1000] [--points 100: at each named point, and over midnight] [--seed 1]: nothing over a cap, nothing lost",
        run: crash::run,
    },
    Verb {
        name: "cluster",
        sentence: "three gates on one PostgreSQL and one Redis: a crowd at one instant while one of them dies or is cut off [--rounds 200] [--seed 1]: $0 over; then each engine lost [--loss 30, seconds]",
        run: cluster::run,
    },
    Verb {
        name: "admissions",
        sentence: "a crowd at the real books over SQLite [--calls 1000000] [--seed 1]: $0 over a cap, 0 refused below one, 0 settled twice",
        run: admissions::run,
    },
    Verb {
        name: "restart",
        sentence: "a start with very many open holds [--holds 1000000]: seconds until it is ready, bytes a hold",
        run: restart::run,
    },
    Verb {
        name: "flat",
        sentence: "a thousand keys of ten limits each under load [--hours 60, of their clock]: fails if memory grows",
        run: flat::run,
    },
    Verb {
        name: "fuzz",
        sentence: "hostile bytes: every target over its corpus and on [TARGET] [--runs 1000000] [--seed 1] [--keep: into the corpus]",
        run: fuzz::run,
    },
    Verb {
        name: "php",
        sentence: "a real PHP beside the dialect: generated requests, honest and hostile [--requests 1000000] [--seed: at random]",
        run: php::run,
    },
    Verb {
        name: "simulate",
        sentence: "seeded histories of the books beside plain sums: deaths, midnights, changed limits [--seeds 20000] [--from 1]",
        run: simulate::run,
    },
    Verb { name: "dist", sentence: "a static release binary with its unit, Containerfile and checksums, into dist/", run: dist::run },
];

fn main() -> ExitCode {
    match asked(&step::words()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn asked(words: &[String]) -> Result<()> {
    let Some((name, rest)) = words.split_first() else {
        for verb in VERBS {
            println!("cargo xtask {:<8} {}", verb.name, verb.sentence);
        }
        return Ok(());
    };
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        bail!("`{name}` is not a verb of this repository\nhint: `cargo xtask` lists them");
    };
    (verb.run)(&Repository::find()?, rest)
}
