//! SIGKILL under load, at length.

use anyhow::{Context, Result, bail};

use crate::repository::Repository;

/// Runs them on the gate's binary: `--kills N` (1,000), `--seed S`; with `--points N` so many deaths at each named point instead, and
/// as many over midnight.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let (mut kills, mut seed, mut points) = (1_000, 1, 0);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let number = words.next().with_context(|| format!("`{word}` without a number"))?;
        match word.as_str() {
            "--kills" => kills = number.parse()?,
            "--points" => points = number.parse()?,
            "--seed" => seed = number.parse()?,
            other => bail!("`{other}` is not a word of `crash`\nhint: `--kills N`, `--points N`, `--seed S`"),
        }
    }
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
