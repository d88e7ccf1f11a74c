//! What would the journal still know? Lanes of lines as a worker writes them: buffered, written, on the disk.
//!
//! The rule of the books' mark is the gateway's (`gateway/src/journal.rs`): below the lowest line whose facts are owed, and
//! never past the last written line.

use std::collections::BTreeSet;

use super::random::Random;
use crate::mark::LaneMark;
use crate::port::Fact;

/// One lane, over all the lives of its process.
pub(super) struct Lane {
    pub(super) name: &'static str,
    lines: Vec<(u64, Fact)>,
    /// Lines that the operating system has, of those the ones on the disk.
    written: usize,
    synced: usize,
    last: u64,
    owed: BTreeSet<u64>,
    clear: u64,
    mark: LaneMark,
}

impl Lane {
    pub(super) fn new(name: &'static str) -> Self {
        let (lines, owed, mark) = (Vec::new(), BTreeSet::new(), LaneMark::default());
        Self { name, lines, written: 0, synced: 0, last: 0, owed, clear: 0, mark }
    }

    /// Puts a line into the buffer; its fact is owed to the books until `done`.
    pub(super) fn append(&mut self, fact: Fact) -> u64 {
        self.last += 1;
        self.lines.push((self.last, fact));
        self.owed.insert(self.last);
        self.last
    }

    /// The line's facts are with the books.
    pub(super) fn done(&mut self, number: u64) {
        if self.owed.remove(&number) {
            self.clear = self.owed.first().map_or(self.last, |lowest| lowest - 1).max(self.clear);
        }
        self.tell();
    }

    pub(super) fn flush(&mut self) {
        self.written = self.lines.len();
        self.tell();
    }

    pub(super) fn sync(&mut self) {
        self.synced = self.written;
    }

    fn tell(&self) {
        let written = self.written.checked_sub(1).and_then(|last| self.lines.get(last)).map_or(0, |(number, _)| *number);
        self.mark.pushed(self.clear.min(written));
    }

    /// SIGKILL: what was only buffered is gone.
    pub(super) fn kill(&mut self) {
        self.lines.truncate(self.written);
    }

    /// The plug is pulled: of what was only written, some is gone.
    pub(super) fn unplug(&mut self, random: &mut Random) {
        self.written = self.synced + random.below(self.written - self.synced + 1);
        self.synced = self.written;
        self.kill();
    }

    /// What is read back at a start.
    pub(super) fn read(&self) -> impl Iterator<Item = (String, u64, Fact)> {
        self.lines.iter().map(|(number, fact)| (self.name.to_owned(), *number, fact.clone()))
    }

    /// A new process goes on behind everything that the disk or the book knows of.
    pub(super) fn go_on(&mut self, known: u64, mark: LaneMark) {
        self.last = self.lines.last().map_or(0, |(number, _)| *number).max(known);
        self.owed.clear();
        self.clear = 0;
        self.mark = mark;
    }
}
