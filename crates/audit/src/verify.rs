//! Is the journal what was written? Every lane is hashed again and held against every checkpoint; who was touched is named.

mod books;
mod lane;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use tollgate_model::Timestamp;

use crate::checkpoint::{self, Checkpoint, LaneHead};
use crate::{place, seal, tree};
use books::Books;
use lane::VerifiedLane;

/// Findings beyond are not told one by one.
const TOLD: usize = 1000;
const CHECKPOINTS: &str = "checkpoints.jsonl";

/// A journal without a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Lanes.
    pub lanes: usize,
    /// Lines in all lanes.
    pub lines: u64,
    /// Of these, lines newer than the last checkpoint: nothing vouches for them yet.
    pub unsealed: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// The time of the newest line.
    pub last_at: Option<Timestamp>,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file's name in the folder.
    pub file: String,
    /// The line in it, counted from one, where it can be told.
    pub line: Option<u64>,
    /// What is wrong, in words.
    pub what: String,
}

/// What has been found so far.
#[derive(Debug, Default)]
struct Findings {
    told: Vec<Finding>,
    more: u64,
}

/// Reads the whole journal in memory that does not grow with it: lines of open holds, and one file's sidecar a lane.
pub fn verify(dir: &Path) -> Result<Verified, Vec<Finding>> {
    let mut run = Run { dir, lanes: BTreeMap::new(), books: Books::default(), findings: Findings::default(), last: None, count: 0 };
    if let Err(error) = run.checkpoints() {
        run.findings.tell(CHECKPOINTS, None, format!("cannot be read: {error}"));
    }
    if let Err(error) = run.rest() {
        run.findings.tell(".", None, format!("the folder cannot be read: {error}"));
    }
    run.end_of_chain();
    run.books.finish(&mut run.findings);
    let verified = Verified {
        lanes: run.lanes.len(),
        lines: run.lanes.values().map(VerifiedLane::lines).sum(),
        unsealed: run.lanes.values().map(VerifiedLane::unsealed).sum(),
        checkpoints: run.count,
        last_at: run.lanes.values().filter_map(|lane| Timestamp::parse_rfc3339(lane.at())).max(),
    };
    run.findings.into_result(verified)
}

struct Run<'d> {
    dir: &'d Path,
    lanes: BTreeMap<String, VerifiedLane>,
    books: Books,
    findings: Findings,
    last: Option<Checkpoint>,
    count: u64,
}

impl Run<'_> {
    /// Goes from checkpoint to checkpoint, and with each lane as far as it says.
    fn checkpoints(&mut self) -> io::Result<()> {
        let file = match File::open(checkpoint::path(self.dir)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let (mut reader, mut line, mut number, mut previous) = (BufReader::new(file), Vec::new(), 0, String::new());
        loop {
            line.clear();
            number += 1;
            reader.read_until(b'\n', &mut line)?;
            // half a line is being written, or is cut off and recorded at the next start
            let Some(text) = line.strip_suffix(b"\n") else { return Ok(()) };
            self.count += 1;
            let Ok(checkpoint) = serde_json::from_slice::<Checkpoint>(text) else {
                self.findings.tell(CHECKPOINTS, Some(number), "is no checkpoint".into());
                previous = tree::quote(text);
                continue;
            };
            self.chain(&checkpoint, &previous, number);
            previous = tree::quote(text);
            for (name, head) in &checkpoint.lanes {
                self.lane(name, head, checkpoint.number);
            }
            self.last = Some(checkpoint);
        }
    }

    fn chain(&mut self, checkpoint: &Checkpoint, previous: &str, line: u64) {
        if checkpoint.previous != previous {
            self.findings.tell(
                CHECKPOINTS,
                Some(line),
                "does not quote the line before it: one of the two was altered, removed or inserted".into(),
            );
        }
        let expected = self.last.as_ref().map_or(1, |last| last.number.saturating_add(1));
        if checkpoint.number != expected {
            self.findings.tell(CHECKPOINTS, Some(line), format!("is checkpoint {}, not {expected}", checkpoint.number));
        }
        let shrinks = |name: &String, head: &LaneHead| checkpoint.lanes.get(name).is_none_or(|now| now.size < head.size);
        if let Some(last) = &self.last
            && let Some((name, _)) = last.lanes.iter().find(|(name, head)| shrinks(name, head))
        {
            self.findings.tell(CHECKPOINTS, Some(line), format!("lane {name} is smaller than before"));
        }
    }

    /// The sealer remembers, outside the file, which checkpoint it has set last.
    fn end_of_chain(&mut self) {
        let (kept, last) = (seal::kept_checkpoint(self.dir), self.last.as_ref().map_or(0, |last| last.number));
        if kept > last {
            self.findings.tell(CHECKPOINTS, None, format!("cut short: ends at checkpoint {last}, and {kept} was set"));
        }
    }

    fn lane(&mut self, name: &str, head: &LaneHead, checkpoint: u64) {
        if !self.lanes.contains_key(name) {
            self.lanes.insert(name.to_owned(), VerifiedLane::new(self.dir, name));
        }
        if let Some(lane) = self.lanes.get_mut(name)
            && let Err(error) = lane.hold_against(head, checkpoint, &mut self.books, &mut self.findings)
        {
            self.findings.tell(lane.file(), None, format!("cannot be read: {error}"));
        }
    }

    /// What is newer than the last checkpoint.
    fn rest(&mut self) -> io::Result<()> {
        for name in place::lanes(self.dir)?.into_keys() {
            let lane = self.lanes.entry(name).or_insert_with_key(|name| VerifiedLane::new(self.dir, name));
            if let Err(error) = lane.finish(&mut self.books, &mut self.findings) {
                self.findings.tell(lane.file(), None, format!("cannot be read: {error}"));
            }
        }
        Ok(())
    }
}

impl Findings {
    fn tell(&mut self, file: &str, line: Option<u64>, what: String) {
        let finding = Finding { file: file.to_owned(), line, what };
        if self.told.len() >= TOLD {
            self.more = self.more.saturating_add(1);
        } else if !self.told.contains(&finding) {
            self.told.push(finding);
        }
    }

    fn into_result(mut self, verified: Verified) -> Result<Verified, Vec<Finding>> {
        if self.told.is_empty() {
            return Ok(verified);
        }
        if self.more > 0 {
            self.told.push(Finding { file: ".".into(), line: None, what: format!("{} more findings", self.more) });
        }
        Err(self.told)
    }
}

impl fmt::Display for Finding {
    /// `w0-1.jsonl:17: altered …`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        write!(out, ": {}", self.what)
    }
}
