//! Every command's own help, asked from the binary.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::repository::Repository;
use crate::step;

const HEAD: &str = "# Commands

<!-- made by `cargo xtask gen` from the help of the binary; do not edit -->

Every read takes `--json`. Data is on stdout, the rest on stderr. Exit code: 0 done, 1 refused or failed, 2 usage, 3 not
reachable; `apply --dry-run` ends with 4 if something would be changed.
";

/// The page.
pub(super) fn page(at: &Repository) -> Result<String> {
    let mut page = HEAD.to_owned();
    describe(&at.gate()?, &[], &mut page)?;
    Ok(page)
}

/// Adds one command's help, then those of the commands under it.
fn describe(binary: &Path, words: &[String], page: &mut String) -> Result<()> {
    let help = step::output(Command::new(binary).args(words).arg("--help").env("COLUMNS", "120"))?;
    let help = String::from_utf8(help).context("the help is not UTF-8")?;
    let name = std::iter::once("tollgate").chain(words.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
    let help = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    write!(page, "\n## `{name}`\n\n```text\n{}\n```\n", help.trim_end())?;
    for command in commands(&help) {
        let mut deeper = words.to_vec();
        deeper.push(command.to_owned());
        describe(binary, &deeper, page)?;
    }
    Ok(())
}

/// The names under `Commands:`.
fn commands(help: &str) -> impl Iterator<Item = &str> {
    let section = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| line.starts_with("  "));
    // a longer indent continues the sentence before
    section.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help")
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn the_commands_of_a_help_text_are_found() {
        let help = "About\n\nCommands:\n  key   Virtual keys\n  team  Teams\n          and more\n  help  Print\n\nOptions:\n  -h  Help\n";
        assert_eq!(commands(help).collect::<Vec<_>>(), ["key", "team"]);
    }
}
