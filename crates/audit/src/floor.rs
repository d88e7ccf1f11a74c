//! Which time must the clock have reached? The latest that was seen, kept where a clock that stands before it writes lines that hide it.
//!
//! A start learns the time from the last line of each lane. A line written under a clock that has gone back is such a last line,
//! and says less than those before it: without this file the second start after a step back would know nothing of it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tollgate_model::Timestamp;

use crate::journal::Shared;
use crate::place;

/// The file: one RFC 3339 time. Once the clock has reached it, it says nothing.
pub(crate) const FILE: &str = "clock";

/// The latest time that this process has seen, and whether the folder knows it.
#[derive(Debug)]
pub struct Floor {
    dir: PathBuf,
    shared: Arc<Shared>,
    seen: Timestamp,
    kept: Timestamp,
}

impl Floor {
    pub(crate) const fn new(dir: PathBuf, shared: Arc<Shared>, seen: Timestamp, kept: Timestamp) -> Self {
        Self { dir, shared, seen, kept }
    }

    /// Sees what the clock says, and when lanes were written; keeps the latest of it, durably, when the clock stands before it.
    pub fn see(&mut self, clock_now: Timestamp) -> io::Result<()> {
        self.seen = self.seen.max(self.shared.latest());
        if clock_now >= self.seen {
            self.seen = clock_now;
        } else if self.kept < self.seen {
            keep(&self.dir, self.seen)?;
            self.kept = self.seen;
        }
        Ok(())
    }
}

/// The time that is kept; the epoch where there is none.
pub(crate) fn kept(dir: &Path) -> io::Result<Timestamp> {
    let text = match fs::read_to_string(dir.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Timestamp::default()),
        Err(error) => return Err(error),
    };
    let not_a_time = || io::Error::new(io::ErrorKind::InvalidData, format!("it holds no time: `{}`", text.trim_end()));
    Timestamp::parse_rfc3339(text.trim_end()).ok_or_else(not_a_time)
}

/// Keeps a time: after a power cut the folder holds it, or what it held before.
pub(crate) fn keep(dir: &Path, at: Timestamp) -> io::Result<()> {
    let fresh = dir.join("clock.new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = place::append(&fresh, true)?;
    writeln!(file, "{at}")?;
    file.sync_all()?;
    fs::rename(fresh, dir.join(FILE))?;
    place::sync_folder(dir)
}

/// Keeps no time any longer.
pub(crate) fn forget(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => place::sync_folder(dir),
    }
}
