//! What was committed to: a value for each count, and how far it may lie off.

use std::fs;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::{Count, Counts};
use crate::repository::Repository;

const FILE: &str = "docs/performance/counts.toml";
/// The build that is counted: the tests drive it too.
pub(super) const PROFILE: &str = "quick";
/// Part of a value that it may lie off.
const WITHIN: f64 = 0.02;
/// A tenth of a call is let pass, however few there are: what the worker does by the clock falls on a request here and there.
const LEAST: f64 = 0.1;

/// The file, as far as it is checked.
#[derive(Deserialize)]
struct Committed {
    submission: Count,
    poll: Count,
}

/// Commits to these.
pub(super) fn write(at: &Repository, counts: &Counts) -> Result<()> {
    let head = format!(
        "# What one request costs the worker's thread, build profile `{PROFILE}`. `cargo xtask counts --check` fails beyond {:.0} % of these, on\n\
         # either side; `cargo xtask counts --write` renews them, in the commit that changes them.\n",
        WITHIN * 100.0
    );
    let text = head + &section("submission", counts.submission) + &section("poll", counts.poll);
    let path = at.root.join(FILE);
    fs::create_dir_all(path.parent().context("a file without a folder")?)?;
    fs::write(path, text)?;
    println!("wrote {FILE}");
    Ok(())
}

fn section(operation: &str, count: Count) -> String {
    let Count { instructions, syscalls, allocations } = count;
    format!("\n[{operation}]\ninstructions = {instructions:.1}\nsyscalls = {syscalls:.2}\nallocations = {allocations:.2}\n")
}

/// Fails with every count that lies off, on either side: what became cheaper is committed to as well.
pub(super) fn check(at: &Repository, counts: &Counts) -> Result<()> {
    let text = fs::read_to_string(at.root.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    let committed: Committed = toml::from_str(&text).with_context(|| format!("{FILE} cannot be read"))?;
    let mut wrong = off("submission", counts.submission, committed.submission);
    wrong.extend(off("poll", counts.poll, committed.poll));
    if !wrong.is_empty() {
        bail!("{}\nhint: if that is meant, `cargo xtask counts --write` in the same commit", wrong.join("\n"));
    }
    println!("each is within {:.0} % of {FILE}", WITHIN * 100.0);
    Ok(())
}

fn off(operation: &str, found: Count, committed: Count) -> Vec<String> {
    let figures = [
        ("instructions", found.instructions, committed.instructions),
        ("syscalls", found.syscalls, committed.syscalls),
        ("allocations", found.allocations, committed.allocations),
    ];
    let far = figures.into_iter().filter(|(_, found, committed)| (found - committed).abs() > LEAST.max(committed * WITHIN));
    far.map(|(figure, found, committed)| format!("{figure} of a {operation}: {found:.2}, committed to {committed:.2}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Committed, Count, off};

    const COMMITTED: Count = Count { instructions: 20_000.0, syscalls: 4.0, allocations: 0.0 };

    #[test]
    fn two_in_a_hundred_more_or_less_are_let_pass_and_not_three() {
        assert!(off("poll", Count { instructions: 20_390.0, syscalls: 4.09, allocations: 0.09 }, COMMITTED).is_empty());
        let wrong = off("poll", Count { instructions: 20_600.0, syscalls: 3.8, allocations: 0.2 }, COMMITTED);
        assert_eq!(wrong.len(), 3);
        assert_eq!(wrong[0], "instructions of a poll: 20600.00, committed to 20000.00");
    }

    #[test]
    fn the_committed_file_can_be_read() {
        let text = include_str!("../../../docs/performance/counts.toml");
        assert!(toml::from_str::<Committed>(text).unwrap().submission.instructions > 1_000.0);
    }
}
