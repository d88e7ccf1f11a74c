//! Hostile bytes, searched for: every fuzz target over its corpus and a bounded number of further inputs, on the stable compiler.

mod target;

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail, ensure};

use self::target::{TARGETS, Target, Wanted};
use crate::repository::Repository;
use crate::step;

/// What libFuzzer needs of the compiler: a counter on every edge, and what comparisons were made with.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";
/// Executions of each target in `ci`: with the corpus in front of them a few seconds each.
const IN_CI: u64 = 50_000;
const USAGE: &str = "`cargo xtask fuzz [TARGET] [--runs N] [--seed S] [--keep]`, or `cargo xtask fuzz TARGET --input FILE`";

/// What was asked for.
struct Asked {
    targets: Vec<&'static Target>,
    wanted: Wanted,
    input: Option<PathBuf>,
}

/// Builds the targets and runs what was asked for.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let asked = asked(words)?;
    build(at)?;
    match (asked.input, asked.targets.as_slice()) {
        (Some(input), [target]) => step::passes(target.program(at)?.arg(input)),
        (Some(_), _) => bail!("an input belongs to one target\nhint: {USAGE}"),
        (None, targets) => all(at, targets, &asked.wanted),
    }
}

/// The check of `ci`: every target builds, its corpus passes, and so do some further inputs, always the same ones.
pub(crate) fn bounded(at: &Repository) -> Result<()> {
    build(at)?;
    all(at, &TARGETS.iter().collect::<Vec<_>>(), &Wanted { runs: IN_CI, seed: 1, keep: false })
}

fn asked(words: &[String]) -> Result<Asked> {
    let (mut name, mut wanted, mut input) = (None, Wanted { runs: 1_000_000, seed: 1, keep: false }, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("`{word}` without a value\nhint: {USAGE}"));
        match word.as_str() {
            "--runs" => wanted.runs = value()?.parse()?,
            "--seed" => wanted.seed = value()?.parse()?,
            "--keep" => wanted.keep = true,
            "--input" => input = Some(value()?.into()),
            other if other.starts_with("--") || name.is_some() => bail!("`{other}` is not a word of `fuzz`\nhint: {USAGE}"),
            other => name = Some(other),
        }
    }
    let targets: Vec<_> = TARGETS.iter().filter(|target| name.is_none_or(|name| target.name == name)).collect();
    ensure!(!targets.is_empty(), "no such target\nhint: {}", TARGETS.map(|target| target.name).join(", "));
    Ok(Asked { targets, wanted, input })
}

/// Every file of the folder is a target of the table: none is forgotten.
fn build(at: &Repository) -> Result<()> {
    for file in fs::read_dir(at.root.join("fuzz/fuzz_targets"))? {
        let name = file?.path().file_stem().unwrap_or_default().to_owned();
        ensure!(TARGETS.iter().any(|target| name == target.name), "{} stands in no row of xtask/src/fuzz/target.rs", name.display());
    }
    let mut cargo = at.cargo(["build", "--quiet", "--locked", "--release", "--manifest-path", "fuzz/Cargo.toml", "--bins", "--target"]);
    // with a target of their own, build scripts and macros are built without counters
    cargo.arg(target::triple()?).env("CARGO_TARGET_DIR", at.target.join("fuzz")).env("RUSTFLAGS", COVERAGE);
    step::passes(&mut cargo)
}

/// Runs the targets, as many at once as there are processors, and names those that found something.
fn all(at: &Repository, targets: &[&'static Target], wanted: &Wanted) -> Result<()> {
    println!("seed {}, {} executions each", wanted.seed, wanted.runs);
    let waiting: Mutex<VecDeque<&Target>> = Mutex::new(targets.iter().copied().collect());
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                while let Some(target) = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
                    match target.run(at, wanted) {
                        Ok(line) => println!("{line}"),
                        Err(error) => {
                            eprintln!("error: {}: {error:#}", target.name);
                            failed.lock().unwrap_or_else(PoisonError::into_inner).push(target.name);
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    ensure!(failed.is_empty(), "found something: {}", failed.join(", "));
    Ok(())
}
