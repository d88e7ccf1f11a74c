//! Three gates, what they share, and what can befall any of it, at length.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::repository::Repository;

/// Runs the rounds on the gate's binary: `--rounds N` (200), `--seed S`; then each engine is lost for `--loss SECONDS` (30).
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let (mut rounds, mut seed, mut loss) = (200, 1, 30);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let number = words.next().with_context(|| format!("`{word}` without a number"))?;
        match word.as_str() {
            "--rounds" => rounds = number.parse()?,
            "--seed" => seed = number.parse()?,
            "--loss" => loss = number.parse()?,
            other => bail!("`{other}` is not a word of `cluster`\nhint: `--rounds N`, `--seed S`, `--loss SECONDS`"),
        }
    }
    tollgate_tests::drive(at.gate()?);
    println!("{}", tollgate_tests::cluster::run(rounds, seed)?);
    for loss in tollgate_tests::cluster::losses(Duration::from_secs(loss))? {
        println!("{loss}");
    }
    Ok(())
}
