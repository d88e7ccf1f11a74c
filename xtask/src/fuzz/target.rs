//! Which targets are there, and how is one run? Its corpus is kept in the repository, what a run adds is not, unless asked to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::repository::Repository;
use crate::step;

/// A fuzz target.
pub(super) struct Target {
    /// The name of its file in fuzz/fuzz_targets.
    pub(super) name: &'static str,
    /// Words that its inputs are made of: a file of fuzz/dictionaries.
    words: &'static str,
}

/// How a target is run.
pub(super) struct Wanted {
    pub(super) runs: u64,
    pub(super) seed: u32,
    /// Whether what was found goes into the corpus of the repository.
    pub(super) keep: bool,
}

const fn target(name: &'static str, words: &'static str) -> Target {
    Target { name, words }
}

pub(super) const TARGETS: [Target; 16] = [
    target("config", "config"),
    target("admin_terms", "terms"),
    target("dialect_v1_parse", "dialect"),
    target("dialect_v1_read", "dialect"),
    target("dialect_v2_parse", "dialect_v2"),
    target("dialect_v2_read", "dialect_v2"),
    target("wire_request_head", "http"),
    target("wire_stream", "http"),
    target("wire_response", "http"),
    target("wire_chunked", "http"),
    target("wire_proxy", "http"),
    target("words", "terms"),
    target("forwarded", "address"),
    target("cidr", "address"),
    target("multipart", "dialect"),
    target("json", "dialect"),
];

/// No input is longer, and none takes longer than that many seconds.
const LONGEST: &str = "-max_len=2048";
const PATIENCE: &str = "-timeout=30";
const MEMORY: &str = "-rss_limit_mb=1024";

impl Target {
    /// The program that was built of it.
    pub(super) fn program(&self, at: &Repository) -> Result<Command> {
        Ok(Command::new(at.target.join("fuzz").join(triple()?).join("release").join(self.name)))
    }

    /// Runs it; what it did in one line, or where what it found lies.
    pub(super) fn run(&self, at: &Repository, wanted: &Wanted) -> Result<String> {
        let (kept, work) = (at.root.join("fuzz/corpus").join(self.name), at.target.join("fuzz/work").join(self.name));
        let (added, finds) = (work.join("added"), work.join("finds"));
        for folder in [&added, &finds] {
            // the same seed shall mean the same run
            let _ = fs::remove_dir_all(folder);
            fs::create_dir_all(folder)?;
        }
        fs::create_dir_all(&kept)?;
        let mut program = self.program(at)?;
        program.args([format!("-runs={}", wanted.runs), format!("-seed={}", wanted.seed)]).args([LONGEST, PATIENCE, MEMORY]);
        program.arg(format!("-dict={}", at.root.join("fuzz/dictionaries").join(self.words).with_extension("dict").display()));
        program.arg(format!("-artifact_prefix={}/", finds.display())).arg(&added).arg(&kept);
        let done = program.output().with_context(|| format!("cannot start {}", step::shown(&program)))?;
        let said = String::from_utf8_lossy(&done.stderr);
        if !done.status.success() {
            let (said, find) =
                (tail(&said), first(&finds).map_or_else(|| "nothing was written".to_owned(), |file| file.display().to_string()));
            bail!("{said}\nfound: {find}\nhint: `cargo xtask fuzz {} --input {find}` shows it again", self.name);
        }
        if wanted.keep {
            self.keep(at, &kept, &added, &work.join("merged"))?;
        }
        Ok(format!("{:<18} {}", self.name, summary(&said)))
    }

    /// The fewest inputs that reach every edge which all of them reach take the corpus's place; how often they reach it is
    /// left out, since it would keep ten times as many.
    fn keep(&self, at: &Repository, kept: &Path, added: &Path, merged: &Path) -> Result<()> {
        let _ = fs::remove_dir_all(merged);
        fs::create_dir_all(merged)?;
        step::output(self.program(at)?.args(["-set_cover_merge=1", "-use_counters=0", LONGEST]).args([merged, kept, added]))?;
        fs::remove_dir_all(kept)?;
        fs::create_dir_all(kept)?;
        for file in fs::read_dir(merged)? {
            let file = file?;
            fs::copy(file.path(), kept.join(file.file_name()))?;
        }
        Ok(())
    }
}

/// The machine that the compiler builds for.
pub(super) fn triple() -> Result<String> {
    let said = step::output(Command::new("rustc").arg("-vV"))?;
    let said = String::from_utf8_lossy(&said);
    said.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned).context("rustc does not say its host")
}

/// Of libFuzzer's last lines: edges reached, the size of the corpus, executions and seconds.
fn summary(said: &str) -> String {
    let reached = said.lines().rev().find_map(|line| line.split_once("cov: ")).map_or("", |(_, rest)| rest);
    let word = |place: usize| reached.split_whitespace().nth(place).unwrap_or("?");
    let done = said.lines().rev().find_map(|line| line.strip_prefix("Done ")).unwrap_or("? runs");
    format!("{} edges, {} inputs, {done}", word(0), word(4))
}

/// What a person has to read of a crash.
fn tail(said: &str) -> String {
    let from = said.find("panicked at").or_else(|| said.find("ERROR: libFuzzer")).unwrap_or(0);
    let lines: Vec<&str> = said.get(from..).unwrap_or_default().lines().take(12).collect();
    lines.join("\n")
}

fn first(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.find_map(|file| Some(file.ok()?.path()))
}

#[cfg(test)]
mod tests {
    use super::{summary, tail};

    #[test]
    fn what_libfuzzer_says_is_read() {
        let said = "#2\tINITED cov: 3 ft: 4 corp: 1/1b exec/s: 0 rss: 27Mb\n#9\tDONE   cov: 48 ft: 75 corp: 41/387b lim: 17 exec/s: 0 rss: 27Mb\nDone 9 runs in 2 second(s)\n";
        assert_eq!(summary(said), "48 edges, 41/387b inputs, 9 runs in 2 second(s)");
        assert_eq!(tail("x\nthread 'a' panicked at b.rs:1:2:\nc"), "panicked at b.rs:1:2:\nc");
    }
}
