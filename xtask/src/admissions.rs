//! A crowd at the real books, at length.

use anyhow::{Context, Result, bail};

use crate::repository::Repository;

/// Lets it buy: `--calls N` (1,000,000), `--seed S`.
pub(crate) fn run(_at: &Repository, words: &[String]) -> Result<()> {
    let (mut calls, mut seed) = (1_000_000, 1);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let number = words.next().with_context(|| format!("`{word}` without a number"))?;
        match word.as_str() {
            "--calls" => calls = number.parse()?,
            "--seed" => seed = number.parse()?,
            other => bail!("`{other}` is not a word of `admissions`\nhint: `--calls N`, `--seed S`"),
        }
    }
    println!("{}", tollgate_tests::admissions::run(calls, seed)?);
    Ok(())
}
