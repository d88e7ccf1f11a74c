//! Is this lane what was written? Its numbers without a gap, its lines as noted beside them, its root as each checkpoint says.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::Findings;
use super::books::Books;
use crate::checkpoint::LaneHead;
use crate::entry::Entry;
use crate::place::{self, Head};
use crate::reader::{LaneReader, Position, Step};
use crate::sidecar::{self, Prefixes};
use crate::tree::{self, Follows, Hash, Tree};

/// Lines that differ from what is noted beside them, kept until the next root decides who is right.
const SUSPECTS: usize = 100;

/// One lane under verification.
#[derive(Debug)]
pub(super) struct VerifiedLane {
    dir: PathBuf,
    name: String,
    reader: LaneReader,
    tree: Tree,
    next: Option<Next>,
    file: String,
    prefixes: Option<(u64, Prefixes)>,
    /// File and line.
    suspects: Vec<(String, u64)>,
    sealed: u64,
    lines: u64,
    /// A checkpoint's root was not ours: later ones cannot be either.
    broken: bool,
    /// Something was told since the last root that was ours.
    told: bool,
    at: String,
}

/// A line that was read and does not belong to the tree yet.
#[derive(Debug)]
struct Next {
    number: u64,
    leaf: Hash,
}

impl VerifiedLane {
    pub(super) fn new(dir: &Path, name: &str) -> Self {
        Self {
            dir: dir.to_owned(),
            name: name.to_owned(),
            reader: LaneReader::new(dir, name),
            tree: Tree::default(),
            next: None,
            file: name.to_owned(),
            prefixes: None,
            suspects: Vec::new(),
            sealed: 0,
            lines: 0,
            broken: false,
            told: false,
            at: String::new(),
        }
    }

    pub(super) const fn lines(&self) -> u64 {
        self.lines
    }

    pub(super) const fn unsealed(&self) -> u64 {
        self.tree.size().saturating_sub(self.sealed)
    }

    pub(super) fn at(&self) -> &str {
        &self.at
    }

    /// The name of the file being read; the lane's before the first.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Takes in lines up to the checkpoint's size and compares roots.
    pub(super) fn hold_against(&mut self, head: &LaneHead, checkpoint: u64, books: &mut Books, findings: &mut Findings) -> io::Result<()> {
        let from = self.sealed.saturating_add(1);
        // a size that goes back was told by the chain
        self.sealed = self.sealed.max(head.size);
        while self.tree.size() < head.size {
            if !self.advance(books, findings)? {
                if !self.broken {
                    let (first, last) = (self.tree.size().saturating_add(1), head.size);
                    findings.tell(
                        &self.file,
                        None,
                        format!(
                            "cut short: lines {first} to {last} of lane {} are sealed by checkpoint {checkpoint} and missing",
                            self.name
                        ),
                    );
                }
                self.broken = true;
                self.accuse(findings);
                return Ok(());
            }
        }
        if self.broken || self.tree.size() != head.size {
            self.accuse(findings);
        } else if LaneHead::of(&self.tree) == *head {
            for (file, _) in self.suspects.drain(..) {
                let sidecar = file.replace(".jsonl", ".leaves");
                findings.tell(&sidecar, None, format!("does not belong to {file}, whose lines are as they were sealed"));
            }
            self.told = false;
        } else {
            self.broken = true;
            if self.suspects.is_empty() && !self.told {
                let what = format!("lines {from} to {} of lane {} are not those that checkpoint {checkpoint} sealed", head.size, self.name);
                findings.tell(&self.file, None, what);
            }
            self.accuse(findings);
        }
        Ok(())
    }

    /// Takes in what no checkpoint seals.
    pub(super) fn finish(&mut self, books: &mut Books, findings: &mut Findings) -> io::Result<()> {
        // what is noted beside these lines vouches for nothing: a machine may have died before their checkpoint
        while self.advance(books, findings)? {}
        Ok(())
    }

    /// Adds one leaf; false at the end of the lane.
    fn advance(&mut self, books: &mut Books, findings: &mut Findings) -> io::Result<bool> {
        let next = match self.next.take() {
            Some(next) => next,
            None => match self.read(books, findings)? {
                Some(next) => next,
                None => return Ok(false),
            },
        };
        if self.tree.follows(next.number) == Follows::Next {
            self.tree.push(next.leaf);
        } else {
            // a line that was never written, or is missing: the root tells which
            self.tree.push(tree::leaf(b""));
            self.next = Some(next);
        }
        Ok(true)
    }

    /// Reads on to the next line that can belong to the lane.
    fn read(&mut self, books: &mut Books, findings: &mut Findings) -> io::Result<Option<Next>> {
        loop {
            match self.reader.step()? {
                Step::End => return Ok(None),
                Step::Half => {
                    let Position { file, line, .. } = self.reader.position();
                    let line = line.saturating_add(1);
                    self.open(file)?;
                    self.tell(findings, line, "the file ends in the midst of a line".into());
                }
                Step::Line => {
                    self.lines = self.lines.saturating_add(1);
                    if let Some(next) = self.look(books, findings)? {
                        return Ok(Some(next));
                    }
                }
            }
        }
    }

    /// Looks at the line that was read; nothing if it has no place in the lane.
    fn look(&mut self, books: &mut Books, findings: &mut Findings) -> io::Result<Option<Next>> {
        let (file, line) = (self.reader.position().file, self.reader.position().line);
        self.open(file)?;
        let Some(head) = Head::of(self.reader.line()).filter(|head| head.lane == self.name) else {
            self.tell(findings, line, "altered or inserted: not a line of this lane".into());
            return Ok(None);
        };
        let (number, expected) = (head.number, self.tree.size().saturating_add(1));
        let follows = self.tree.follows(number);
        if follows == Follows::Never {
            self.tell(findings, line, format!("altered, inserted or out of order: number {number} where {expected} belongs"));
            return Ok(None);
        }
        head.at.clone_into(&mut self.at);
        let leaf = tree::leaf(self.reader.line());
        let entry = Entry::of(self.reader.line());
        let (readable, gap_told) = (entry.is_some(), tells_of_gap(entry.as_ref(), expected, number));
        if let Some(entry) = &entry {
            books.take(entry, &self.file, line, findings);
        }
        if !readable {
            self.tell(findings, line, "altered: not the JSON that a line is".into());
        }
        if follows == Follows::Behind && !gap_told {
            let what = format!("removed: lines {expected} to {} of lane {} belong before this one", number.saturating_sub(1), self.name);
            self.tell(findings, line, what);
        }
        let noted = self.prefixes.as_ref().and_then(|(_, prefixes)| prefixes.noted(number));
        if noted.is_some_and(|noted| noted != sidecar::prefix(&leaf)) && self.suspects.len() < SUSPECTS {
            self.suspects.push((self.file.clone(), line));
        }
        Ok(Some(Next { number, leaf }))
    }

    /// Has the name and the sidecar of the file that is being read at hand.
    fn open(&mut self, file: u64) -> io::Result<()> {
        if self.prefixes.as_ref().is_none_or(|(of, _)| *of != file) {
            self.prefixes = Some((file, Prefixes::of(&self.dir, &self.name, file)?));
            self.file = place::name(&place::path(&self.dir, &self.name, file));
        }
        Ok(())
    }

    fn accuse(&mut self, findings: &mut Findings) {
        for (file, line) in self.suspects.drain(..) {
            findings.tell(&file, Some(line), "altered: not the line that was sealed".into());
        }
    }

    fn tell(&mut self, findings: &mut Findings, line: u64, what: String) {
        self.told = true;
        findings.tell(&self.file, Some(line), what);
    }
}

/// Whether the line behind missing numbers is the one in which the lane itself told of them.
fn tells_of_gap(entry: Option<&Entry<'_>>, expected: u64, number: u64) -> bool {
    entry.is_some_and(|entry| {
        let detail = entry.tollgate.detail.as_ref();
        entry.event.action == "journal_gap" && detail.is_some_and(|gap| (gap.first, gap.last) == (Some(expected), number.checked_sub(1)))
    })
}
