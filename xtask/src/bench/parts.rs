//! What do the two parts cost that every request pays, in a hot loop? Asked of the crates' own examples, release build.

use anyhow::{Context, Result};

use super::results::Nanoseconds;
use crate::repository::Repository;
use crate::step;

pub(crate) fn measure(at: &Repository) -> Result<Nanoseconds> {
    Ok(Nanoseconds {
        judgement: least(at, "tollgate-registry", "judge", &["1000000", "1"], "judgement")?,
        judgement_of_many: least(at, "tollgate-registry", "judge", &[], "judgement")?,
        journal_line: least(at, "tollgate-audit", "pace", &[], "append")?,
    })
}

/// Of three runs: what else the machine does only adds.
fn least(at: &Repository, package: &str, name: &str, words: &[&str], word: &str) -> Result<u64> {
    let runs = (0..3).map(|_| figure(&example(at, package, name, words)?, word)).collect::<Result<Vec<_>>>()?;
    runs.into_iter().min().context("nothing was run")
}

fn example(at: &Repository, package: &str, name: &str, words: &[&str]) -> Result<String> {
    let mut run = at.cargo(["run", "--quiet", "--release", "--locked", "--package", package, "--example", name, "--"]);
    run.args(words);
    Ok(String::from_utf8(step::output(&mut run)?)?)
}

/// The number behind a word: `   append     712 ns/line`.
fn figure(said: &str, word: &str) -> Result<u64> {
    let value = said.lines().find_map(|line| line.trim_start().strip_prefix(word)?.split_whitespace().next()?.parse().ok());
    value.with_context(|| format!("no `{word}` in:\n{said}"))
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn the_number_behind_the_word_is_read() {
        assert_eq!(figure("identity  50 ns\n  append     712 ns/line\n", "append").unwrap(), 712);
        assert!(figure("append ns", "append").is_err());
    }
}
