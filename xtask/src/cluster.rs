//! Three gates, what they share, and what can befall any of it, at length.

use std::time::Duration;

use anyhow::Result;

use crate::repository::Repository;
use crate::step;

/// Runs the rounds on the gate's binary: `--rounds N` (200), `--seed S`; then each engine is lost for `--loss SECONDS` (30).
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let (mut rounds, mut seed, mut loss) = (200, 1, 30);
    step::numbers("cluster", words, &mut [("--rounds", &mut rounds), ("--seed", &mut seed), ("--loss", &mut loss)])?;
    tollgate_tests::drive(at.gate()?);
    println!("{}", tollgate_tests::cluster::run(u32::try_from(rounds)?, seed)?);
    for loss in tollgate_tests::cluster::losses(Duration::from_secs(loss))? {
        println!("{loss}");
    }
    Ok(())
}
