//! What does a request cost that no noise touches? User instructions, system calls and allocations of the worker's thread.
//!
//! Each is the difference of two run lengths, so that start, warm-up and end fall out. `--check` holds them against the bounds
//! that are committed, `--write` commits to new ones.

mod bounds;
mod place;
mod provider;
mod run;
mod strace;
mod valgrind;

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use self::run::{Ground, MANY, Stretch};
use crate::bench::load::request::Mix;
use crate::bench::{Spread, float, table};
use crate::repository::Repository;
use crate::step;

/// By operation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) submission: Count,
    pub(crate) poll: Count,
}

/// Of one request.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Count {
    /// User instructions with 16 connections (callgrind).
    pub(crate) instructions: f64,
    /// System calls with one connection: nothing is served together, so that their number does not hang on timing (strace).
    pub(crate) syscalls: f64,
    /// Calls of the allocator for new or larger memory (callgrind).
    pub(crate) allocations: f64,
}

/// System calls with 16 connections, some of them for several requests together: as many as the timing makes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Together {
    pub(crate) submission: f64,
    pub(crate) poll: f64,
}

/// Submissions of the short run; the long one has three times as many.
const SHORT: usize = 1_000;
const LONG: usize = 3 * SHORT;

/// A busy machine disturbs a count now and then.
const TRIES: usize = 3;

/// Counts, on the same build always, and prints; `--check` fails beyond the committed bounds, `--write` replaces them, `--where`
/// tells in which lines they lie.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    if words.first().is_some_and(|word| word == "--where") {
        return whereabouts(at);
    }
    step::passes(&mut at.cargo(["build", "--quiet", "--locked", "--profile", bounds::PROFILE, "--package", "tollgate"]))?;
    let binary = at.target.join(bounds::PROFILE).join("tollgate");
    let counted = || {
        let counts = measure(at, &binary)?;
        println!("{}", table::counts(&counts, None));
        Ok(counts)
    };
    match words.first().map(String::as_str) {
        None => counted().map(drop),
        Some("--write") => {
            let counts = (0..TRIES).map(|_| counted()).collect::<Result<Vec<_>>>()?;
            bounds::write(at, &middle(&counts)?)
        }
        Some("--check") => run::patiently("the check", TRIES, || bounds::check(at, &counted()?)),
        Some(word) => anyhow::bail!("`{word}` is not a word of `counts`\nhint: `--check`, `--write`, `--where`"),
    }
}

/// In which files, and in which of their lines, a submission and a poll cost a release build's worker its instructions.
fn whereabouts(at: &Repository) -> Result<()> {
    let told = ["--config", "profile.release.debug=\"line-tables-only\"", "--config", "profile.release.strip=\"none\""];
    let place = at.target.join("told");
    let mut build = at.cargo(["build", "--quiet", "--locked", "--release", "--package", "tollgate", "--target-dir"]);
    step::passes(build.arg(&place).args(told))?;
    let ground = Ground::prepare(at, &place.join("release/tollgate"))?;
    let counted =
        |mix, submissions| valgrind::graph(&ground, Stretch { mix, connections: MANY, submissions }).map(|graph| place::read(&graph));
    let (short, long) = (counted(Mix::SubmitOnly, SHORT)?, counted(Mix::SubmitOnly, LONG)?);
    let polled = counted(Mix::SubmitAndPolls, SHORT)?;
    print!("{}", place::difference("submission", &short, &long, LONG - SHORT));
    print!("{}", place::difference("poll", &short, &polled, SHORT * usize::from(Mix::SubmitAndPolls.polls())));
    Ok(())
}

/// The middle of each figure.
fn middle(counts: &[Counts]) -> Result<Counts> {
    let of = |figure: fn(&Counts) -> f64| Spread::of(counts.iter().map(figure)).map(|spread| spread.median);
    let count = |[instructions, syscalls, allocations]: [f64; 3]| Count { instructions, syscalls, allocations };
    Ok(Counts {
        submission: count([
            of(|counts| counts.submission.instructions)?,
            of(|counts| counts.submission.syscalls)?,
            of(|counts| counts.submission.allocations)?,
        ]),
        poll: count([of(|counts| counts.poll.instructions)?, of(|counts| counts.poll.syscalls)?, of(|counts| counts.poll.allocations)?]),
    })
}

/// Counts what this binary does.
pub(crate) fn measure(at: &Repository, binary: &Path) -> Result<Counts> {
    let ground = Ground::prepare(at, binary)?;
    let (submission, poll) = each(MANY, |stretch| valgrind::count(&ground, stretch))?;
    let ([submission_calls], [poll_calls]) = each(1, |stretch| strace::count(&ground, stretch))?;
    let count = |[instructions, allocations]: [f64; 2], syscalls| Count { instructions, syscalls, allocations };
    Ok(Counts { submission: count(submission, submission_calls), poll: count(poll, poll_calls) })
}

/// Counts the system calls of requests that are served together.
pub(crate) fn together(at: &Repository, binary: &Path) -> Result<Together> {
    let ground = Ground::prepare(at, binary)?;
    let ([submission], [poll]) = each(MANY, |stretch| strace::count(&ground, stretch))?;
    Ok(Together { submission, poll })
}

/// What a submission and a poll add to a run.
fn each<const N: usize>(connections: usize, run: impl Fn(Stretch) -> Result<[u64; N]>) -> Result<([f64; N], [f64; N])> {
    let counted = |mix, submissions| run(Stretch { mix, connections, submissions });
    let (short, long) = (counted(Mix::SubmitOnly, SHORT)?, counted(Mix::SubmitOnly, LONG)?);
    let polled = counted(Mix::SubmitAndPolls, SHORT)?;
    let polls = SHORT * usize::from(Mix::SubmitAndPolls.polls());
    Ok((more(short, long, LONG - SHORT), more(short, polled, polls)))
}

fn more<const N: usize>(less: [u64; N], more: [u64; N], requests: usize) -> [f64; N] {
    let mut each = [0.0; N];
    for ((each, less), more) in each.iter_mut().zip(less).zip(more) {
        *each = (float(more) - float(less)) / float(requests as u64);
    }
    each
}

#[cfg(test)]
mod tests {
    use super::{Count, Counts, middle, more};

    #[test]
    fn one_disturbed_count_of_three_is_not_committed_to() {
        let counts = |syscalls| {
            let count = Count { instructions: 1.0, syscalls, allocations: 2.0 };
            Counts { submission: count, poll: count }
        };
        let found = middle(&[counts(6.0), counts(6.3), counts(6.01)]).unwrap();
        assert_eq!(found, counts(6.01));
    }

    #[test]
    fn what_two_runs_have_in_common_falls_out() {
        assert_eq!(format!("{:?}", more([1_000, 50], [5_000, 60], 10)), "[400.0, 1.0]");
    }
}
