//! SIGKILL under load, at length.

use anyhow::Result;

use crate::repository::Repository;
use crate::step;

/// Runs them on the gate's binary: `--kills N` (1,000), `--seed S`; with `--points N` so many deaths at each named point instead, and
/// as many over midnight.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let (mut kills, mut seed, mut points) = (1_000, 1, 0);
    step::numbers("crash", words, &mut [("--kills", &mut kills), ("--points", &mut points), ("--seed", &mut seed)])?;
    let (kills, points) = (u32::try_from(kills)?, u32::try_from(points)?);
    if points > 0 {
        // the gate that dies stands beside the one that ships
        at.fault_gate()?;
    }
    tollgate_tests::drive(at.gate()?);
    if points > 0 {
        println!("at every named point\n{}\n", tollgate_tests::crash::points(points, seed)?);
        println!("while a day rolls over\n{}", tollgate_tests::crash::midnights(points, seed)?);
        return Ok(());
    }
    let figures = tollgate_tests::crash::run(kills, seed)?;
    println!("{figures}");
    Ok(())
}
