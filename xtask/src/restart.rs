//! A start with very many open holds.

use anyhow::{Result, bail};

use crate::repository::Repository;

/// Measures it on the gate's binary: `--holds N` (1,000,000).
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let holds = match words {
        [] => 1_000_000,
        [word, number] if word == "--holds" => number.parse()?,
        _ => bail!("`restart` takes `--holds N`"),
    };
    tollgate_tests::drive(at.gate()?);
    println!("{}", tollgate_tests::restart::run(holds)?);
    Ok(())
}
