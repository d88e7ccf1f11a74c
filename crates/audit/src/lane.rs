//! How does a worker write? Lines gather in a buffer and go to the operating system in one write; nothing is lost unsaid.

mod file;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_model::{Mono, Now, Timestamp};

use crate::health::LaneHealth;
use crate::journal::Shared;
use crate::line::{Formatter, Seq};
use crate::nameless;
use crate::place;
use crate::record::{Event, Record};
use crate::sync::{PowerSync, Synced};
use file::{LaneFile, Look};

/// Bytes that may wait while the file cannot be written; lines beyond are counted.
const BUFFER: usize = 4 * 1024 * 1024;
/// A file that has reached this size is followed by the next.
const FILE: u64 = 64 * 1024 * 1024;
/// How often the path is looked at.
const LOOK_MS: u64 = 1000;

/// One lane of the journal, owned by the thread that writes it.
#[derive(Debug)]
pub struct Lane {
    dir: PathBuf,
    name: String,
    file: LaneFile,
    buffer: Vec<u8>,
    /// Bytes of the buffer's first line that a short write has already put into the file.
    partial: usize,
    /// Whether a named submission is in the buffer.
    is_named: bool,
    /// The number of the last line, written, waiting or lost.
    last: u64,
    oldest: Option<Timestamp>,
    /// First and last number of the lines that found no room.
    lost: Option<(u64, u64)>,
    recovery: Recovery,
    /// Nobody can find our file any more, and no other could be made: what went into it would be lost.
    orphan: bool,
    looked: Mono,
    formatter: Formatter,
    health: Arc<LaneHealth>,
    power: Option<PowerSync>,
    shared: Arc<Shared>,
}

/// How a failing lane comes back. Two sweeps, so that whoever waits for a line that was lost is refused in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recovery {
    /// Nothing is wrong, or the last try failed.
    None,
    /// The rest and a line about the failure were written; the next sweep says so.
    Written,
}

/// Where a lane begins.
pub(crate) struct Begin<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) name: &'a str,
    /// The number of its newest file.
    pub(crate) file: u64,
    /// The number of its last line.
    pub(crate) last: u64,
    pub(crate) health: Arc<LaneHealth>,
    pub(crate) shared: Arc<Shared>,
}

impl Lane {
    pub(crate) fn open(begin: Begin<'_>) -> io::Result<Self> {
        let file = LaneFile::open(place::path(begin.dir, begin.name, begin.file), begin.file)?;
        nameless::unsay(begin.dir, begin.name, begin.file)?;
        place::sync_folder(begin.dir)?;
        Ok(Self {
            dir: begin.dir.to_owned(),
            name: begin.name.to_owned(),
            file,
            buffer: Vec::with_capacity(64 * 1024),
            partial: 0,
            is_named: false,
            last: begin.last,
            oldest: None,
            lost: None,
            recovery: Recovery::None,
            orphan: false,
            looked: Mono::default(),
            formatter: Formatter::default(),
            health: begin.health,
            power: None,
            shared: begin.shared,
        })
    }

    /// Formats a line into the buffer and gives its number; a line that finds no room is lost, counted, and never flushed.
    pub fn append(&mut self, record: &Record<'_>) -> u64 {
        if let Some(number) = self.next(record.at) {
            self.formatter.record(&mut self.buffer, Seq { lane: &self.name, number }, record);
            self.is_named |= record.idempotency.is_some();
        }
        self.last
    }

    /// The same for a line that is no request's.
    pub fn event(&mut self, event: &Event<'_>) -> u64 {
        if let Some(number) = self.next(event.at) {
            self.formatter.event(&mut self.buffer, Seq { lane: &self.name, number }, event);
        }
        self.last
    }

    /// Leaves out the numbers of lines that a power cut has taken: what the book knows of a number must not be told of another
    /// line. The gap is itself a line; nothing is done where there is none.
    pub fn continue_behind(&mut self, number: u64, now: Now) {
        if self.last < number {
            let gap = json!({ "first": self.last.saturating_add(1), "last": number });
            self.last = number;
            self.note(now, "journal_gap", &gap);
        }
    }

    /// Hands everything that waits to the operating system. An error means that lines still wait or were lost: the lane is
    /// failing until a sweep has written them, or until a restart after a failed fsync.
    pub fn flush(&mut self, now: Now) -> io::Result<()> {
        if self.health.is_failing() && !self.health.is_dead() {
            return Err(failing());
        }
        self.write_out(now)?;
        if self.health.is_dead() { Err(failing()) } else { Ok(()) }
    }

    /// Makes everything that was flushed survive a power cut; blocks. After an error the lane is failing until a restart.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.health.is_dead() {
            return Err(failing());
        }
        self.file.handle().sync_data().inspect_err(|_| self.health.dies())
    }

    /// The lane's round, at least once a second: writes lines older than that, tries a failing file again, looks whether the
    /// path still leads to our file (logrotate, rm), and goes on in a new file behind a full one.
    pub fn sweep(&mut self, now: Now, older_than_ms: u64) {
        if now.mono.millis_since(self.looked) >= LOOK_MS {
            self.looked = now.mono;
            self.look(now);
        }
        // errors are in the health, said aloud when they began
        if self.health.is_write_failing() {
            self.recover(now);
        } else if self.oldest.is_some_and(|oldest| now.wall < oldest || now.wall >= oldest.plus_millis(clamp(older_than_ms))) {
            let _ = self.write_out(now);
        }
    }

    /// Whether lines wait.
    pub fn has_unflushed(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The number of the last line that the operating system has; it stands still while the lane is failing.
    pub fn flushed_upto(&self) -> u64 {
        self.health.flushed_upto()
    }

    /// What other threads may know of this lane.
    pub fn health(&self) -> Arc<LaneHealth> {
        self.health.clone()
    }

    /// Starts the lane's fsync thread, once, and gives the place to wait at.
    pub fn synced(&mut self) -> io::Result<Synced> {
        if let Some(power) = &self.power {
            return Ok(power.synced());
        }
        self.sync()?;
        let power = PowerSync::start(self.health.clone(), self.flushed_upto())?;
        Ok(self.power.insert(power).synced())
    }

    /// Takes a number; nothing if the line finds no room. Behind a lost line all are lost until the gap has been told.
    fn next(&mut self, at: Timestamp) -> Option<u64> {
        self.last = self.last.saturating_add(1);
        if self.buffer.len() >= BUFFER || self.lost.is_some() {
            self.fails("lines wait beyond the bound");
            let first = self.lost.map_or(self.last, |(first, _)| first);
            self.lost = Some((first, self.last));
            return None;
        }
        self.oldest.get_or_insert(at);
        Some(self.last)
    }

    fn write_out(&mut self, now: Now) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        if self.is_named {
            self.file.names();
        }
        self.health.write_begins(now);
        let (written, outcome) = self.file.write(self.buffer.get(self.partial..).unwrap_or_default());
        self.health.write_ends();
        if let Err(error) = outcome {
            self.keep_from(self.partial.saturating_add(written));
            self.fails(&error.to_string());
            return Err(error);
        }
        self.buffer.clear();
        self.partial = 0;
        self.is_named = false;
        self.oldest = None;
        if !self.health.is_write_failing() {
            self.tell_flushed(now);
        }
        Ok(())
    }

    fn tell_flushed(&self, now: Now) {
        if let Some(power) = &self.power {
            power.written(self.file.handle(), self.last, now.mono);
        }
        self.health.flushed(self.last);
    }

    /// Drops the whole lines before `written`; the line that was cut in two stays, for it may have to begin anew elsewhere.
    fn keep_from(&mut self, written: usize) {
        let whole = self.buffer.get(..written).unwrap_or_default().iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.buffer.drain(..whole);
        self.partial = written.saturating_sub(whole);
    }

    fn fails(&mut self, why: &str) {
        if !self.health.is_write_failing() {
            tracing::error!(lane = self.name, why, "the audit log cannot be written: paid calls are refused until it can");
        }
        self.recovery = Recovery::None;
        self.health.fails(true);
    }

    /// The old file cannot be written: nothing new may be claimed before the rest is out and the failure is itself a line.
    fn recover(&mut self, now: Now) {
        if self.orphan {
            return;
        }
        if self.recovery == Recovery::Written {
            if self.write_out(now).is_ok() {
                self.recovery = Recovery::None;
                self.health.fails(false);
                self.tell_flushed(now);
                tracing::info!(lane = self.name, "the audit log is written again");
            }
            return;
        }
        if self.write_out(now).is_err() {
            return;
        }
        match self.lost.take() {
            Some((first, last)) => self.note(now, "journal_gap", &json!({ "first": first, "last": last })),
            None => self.note(now, "journal_recovered", &json!({})),
        }
        if self.write_out(now).is_ok() {
            self.recovery = Recovery::Written;
        }
    }

    fn look(&mut self, now: Now) {
        let what = match self.file.look() {
            Look::Ours => {
                self.orphan = false;
                if self.file.size() >= FILE
                    && let Err(error) = self.next_file()
                {
                    tracing::warn!(lane = self.name, %error, "a full file of the audit log has no successor yet");
                }
                return;
            }
            Look::Gone => "journal_file_gone",
            Look::Cut => "journal_file_cut",
        };
        let detail = json!({ "file": place::name(self.file.path()) });
        tracing::error!(lane = self.name, what, file = %self.file.path().display(), "the audit log was touched by somebody else");
        self.orphan = true;
        if let Err(error) = self.next_file() {
            self.fails(&error.to_string());
        } else {
            self.note(now, what, &detail);
            if !self.health.is_write_failing() {
                let _ = self.write_out(now);
            }
        }
    }

    fn note(&mut self, now: Now, action: &str, detail: &Value) {
        self.event(&Event {
            at: now.wall,
            kind: "alert",
            action,
            outcome: "failure",
            subject: Some(&self.name.clone()),
            detail: Some(detail),
        });
    }

    /// Goes on in the next file; a line of which half went into the old one begins anew.
    fn next_file(&mut self) -> io::Result<()> {
        let next = LaneFile::next(&self.dir, &self.name, self.file.number())?;
        nameless::unsay(&self.dir, &self.name, next.number())?;
        let full = std::mem::replace(&mut self.file, next);
        // who cannot say it is read at the next start, and that is all
        if !full.is_named() && full.look() == Look::Ours {
            let _ = nameless::say(&self.dir, &self.name, full.number(), full.size());
        }
        self.partial = 0;
        self.orphan = false;
        Ok(())
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.shared.release(&self.name);
    }
}

fn failing() -> io::Error {
    io::Error::other("the lane is failing")
}

fn clamp(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}
