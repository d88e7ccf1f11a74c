//! Days of load on a thousand keys, and what memory makes of it.

use anyhow::{Result, bail};

use crate::repository::Repository;

/// Lets them buy: `--hours N` (60).
pub(crate) fn run(_at: &Repository, words: &[String]) -> Result<()> {
    let hours = match words {
        [] => 60,
        [word, number] if word == "--hours" => number.parse()?,
        _ => bail!("`flat` takes `--hours N`"),
    };
    println!("{}", tollgate_tests::flat::run(hours, 120)?);
    Ok(())
}
