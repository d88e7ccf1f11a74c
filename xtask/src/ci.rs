//! The front door: every check that a change must pass, all of them run, the sum in the last line.

use anyhow::{Result, bail};

use crate::repository::Repository;
use crate::{counts, doors, fuzz, reference, sizes, step};

/// One check.
type Check = (&'static str, fn(&Repository) -> Result<()>);

/// In the order of their cost.
const CHECKS: &[Check] = &[
    ("fmt", |at| step::passes(&mut at.cargo(["fmt", "--all", "--check"]))),
    ("doors", |at| doors::run(at, &[])),
    ("sizes", |at| sizes::run(at, &[])),
    ("gen", |at| reference::run(at, &["--check".to_owned()])),
    ("clippy", |at| step::passes(&mut at.cargo(["clippy", "--quiet", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))),
    ("doc", |at| step::passes(at.cargo(["doc", "--quiet", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings"))),
    ("fuzz", fuzz::bounded),
    ("counts", |at| counts::run(at, &["--check".to_owned()])),
];

/// Runs everything; a failed check does not hide the next one.
pub(crate) fn run(at: &Repository, _words: &[String]) -> Result<()> {
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        println!("==> {name}");
        if let Err(error) = check(at) {
            eprintln!("error: {name}: {error:#}");
            failed.push(*name);
        }
    }
    println!("==> tests");
    let mut tally = tests(at)?;
    tally.failed += failed.len();
    if !failed.is_empty() {
        println!("checks that failed: {}", failed.join(", "));
    }
    println!("{tally}");
    if tally.failed > 0 {
        bail!("{} failed", tally.failed);
    }
    Ok(())
}

/// What the test runs have said.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(out, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

fn tests(at: &Repository) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut cargo = at.cargo(["test", "--workspace", "--locked", "--no-fail-fast"]);
    cargo.env("TOLLGATE_FAULT_BIN", at.fault_gate()?).env("TOLLGATE_BIN", at.gate()?);
    let whole = step::lines(&mut cargo, |line| tally.read(line))?;
    // a build that fails closes no test
    if !whole && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

impl Tally {
    /// Reads cargo's `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else { return };
        for count in counts.1.split("; ") {
            match count.split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                Some((number, "ignored")) => self.skipped += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn the_tally_sums_what_cargo_says() {
        let mut tally = Tally::default();
        tally.read("running 3 tests");
        tally.read("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        tally.read("test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s");
        assert_eq!(tally.to_string(), "5 passed, 4 failed, 1 skipped");
    }
}
