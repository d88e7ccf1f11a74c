//! SIGKILL under load, at length.

use anyhow::{Context, Result, bail};

use crate::repository::Repository;

/// Runs them on the gate's binary: `--kills N` (1,000), `--seed S`.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let (mut kills, mut seed) = (1_000, 1);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let number = words.next().with_context(|| format!("`{word}` without a number"))?;
        match word.as_str() {
            "--kills" => kills = number.parse()?,
            "--seed" => seed = number.parse()?,
            other => bail!("`{other}` is not a word of `crash`\nhint: `--kills N`, `--seed S`"),
        }
    }
    tollgate_tests::drive(at.gate()?);
    let figures = tollgate_tests::crash::run(kills, seed)?;
    println!("{figures}");
    Ok(())
}
