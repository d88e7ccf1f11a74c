//! Runs other programs, and reads what surrounds this one.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// The words after `cargo xtask`.
pub(crate) fn words() -> Vec<String> {
    std::env::args().skip(1).collect()
}

/// A variable of the surroundings.
#[expect(clippy::disallowed_methods, reason = "xtask is a tool of the repository, not the product: its surroundings are its arguments")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Runs to the end, its output shown as it comes; an error unless it succeeds.
pub(crate) fn passes(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    ensure!(status.success(), "{} failed ({status})", shown(command));
    Ok(())
}

/// Runs to the end and hands back its standard output; an error unless it succeeds.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let done = command.output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !done.status.success() {
        bail!("{} failed ({})\n{}", shown(command), done.status, String::from_utf8_lossy(&done.stderr).trim_end());
    }
    Ok(done.stdout)
}

/// Runs to the end, shows each line of its standard output and hands it on; whether it succeeded.
pub(crate) fn lines(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool> {
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {}", shown(command)))?;
    let stdout = child.stdout.take().context("no standard output")?;
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        each(&line);
    }
    Ok(child.wait()?.success())
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Reads `--word N` pairs of a verb into the numbers that they name.
pub(crate) fn numbers(verb: &str, words: &[String], known: &mut [(&str, &mut u64)]) -> Result<()> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let names: Vec<_> = known.iter().map(|(name, _)| format!("`{name} N`")).collect();
        let found = known.iter_mut().find(|(name, _)| name == word);
        let (_, number) = found.with_context(|| format!("`{word}` is not a word of `{verb}`\nhint: {}", names.join(", ")))?;
        **number = words.next().with_context(|| format!("`{word}` without a number"))?.parse()?;
    }
    Ok(())
}
