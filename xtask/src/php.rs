//! A real PHP beside the dialect, at length.

use std::hash::{BuildHasher, RandomState};

use anyhow::{Context, Result, bail};

use crate::repository::Repository;
use crate::step;

/// Makes `--requests N` (1,000,000) by the generator's `--seed S` (another one each time) and asks PHP what it reads.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let (mut requests, mut seed) = (1_000_000_u64, RandomState::new().hash_one(0));
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let number = words.next().with_context(|| format!("`{word}` without a number"))?.parse()?;
        match word.as_str() {
            "--requests" => requests = number,
            "--seed" => seed = number,
            other => bail!("`{other}` is not a word of `php`\nhint: `--requests N`, `--seed S`"),
        }
    }
    println!("seed {seed}, {requests} requests");
    let mut cargo = at.cargo(["test", "--quiet", "--package", "tollgate-dialect", "--test", "v1", "pc_25", "--", "--nocapture"]);
    step::passes(cargo.env("TOLLGATE_PHP_REQUESTS", requests.to_string()).env("TOLLGATE_PHP_SEED", seed.to_string()))
}
