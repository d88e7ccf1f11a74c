//! Seeded histories of the books, at length.

use anyhow::{Context, Result, bail};

use crate::repository::Repository;

/// Tells them: `--seeds N` (20,000), `--from S`.
pub(crate) fn run(_at: &Repository, words: &[String]) -> Result<()> {
    let (mut seeds, mut from) = (20_000, 1);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let number = words.next().with_context(|| format!("`{word}` without a number"))?;
        match word.as_str() {
            "--seeds" => seeds = number.parse()?,
            "--from" => from = number.parse()?,
            other => bail!("`{other}` is not a word of `simulate`\nhint: `--seeds N`, `--from S`"),
        }
    }
    match tollgate_books::simulate::run(from, seeds) {
        Ok(figures) => println!("{figures}"),
        Err(violation) => bail!("{violation}\nhint: `cargo xtask simulate --from {} --seeds 1` tells it again", violation.seed),
    }
    Ok(())
}
