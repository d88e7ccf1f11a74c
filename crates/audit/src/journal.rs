//! Where is it all written down? The folder of lanes: opened once, its half-written last lines cut off and the cuts recorded.

#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashSet;
use std::fs::{DirBuilder, File};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tollgate_model::{Mono, Now, Timestamp};

use crate::floor::{self, Floor};
use crate::health::LaneHealth;
use crate::lane::{Begin, Lane};
use crate::place::{self, Head, Place};
use crate::record::Event;

/// The journal's folder, and which of its lanes are being written.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    last_at: Timestamp,
    shared: Arc<Shared>,
}

/// What lanes and the sealer know of one another.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    taken: Mutex<HashSet<String>>,
    health: Mutex<Vec<Arc<LaneHealth>>>,
}

/// Why the journal or one of its lanes cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The folder cannot be made or read.
    #[error("the audit folder cannot be opened")]
    Folder(#[source] io::Error),
    /// A file of the journal cannot be read, cut or written.
    #[error("the audit file `{file}` cannot be opened")]
    File {
        /// Its name.
        file: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A lane's name is 1 to 32 of `a-z`, `0-9`, `_`.
    #[error("`{0}` cannot be the name of a lane")]
    Name(String),
    /// Two owners would write the same numbers.
    #[error("the lane `{0}` is already being written")]
    Taken(String),
}

/// The last line that a lane has on disk.
struct Last {
    number: u64,
    at: Option<Timestamp>,
    /// Bytes behind the newest file's last whole line.
    half: u64,
}

impl Journal {
    /// Opens the folder (the one that holds the files), makes it if there is none, and cuts off half-written last lines; each
    /// cut is a line of its lane. One process may have it open (the state folder's lock).
    pub fn open(dir: &Path, clock_now: Timestamp) -> Result<Self, JournalError> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(JournalError::Folder)?;
        let clock_file = |source| file_error(&dir.join(floor::FILE), source);
        let kept = floor::kept(dir).map_err(clock_file)?;
        let mut journal = Self { dir: dir.to_owned(), last_at: kept, shared: Arc::default() };
        let mut cuts = Vec::new();
        for (lane, places) in place::lanes(dir).map_err(JournalError::Folder)? {
            let last = last(&places)?;
            journal.last_at = journal.last_at.max(last.at.unwrap_or_default());
            if let Some(newest) = places.last().filter(|_| last.half > 0) {
                cuts.push((lane, newest.clone(), last.half));
            }
        }
        // before the first line of a clock that has gone back: it hides the ones before it from the next start
        if clock_now < journal.last_at && kept < journal.last_at {
            floor::keep(dir, journal.last_at).map_err(clock_file)?;
        }
        for (lane, newest, half) in cuts {
            journal.cut(&lane, &newest, half, clock_now)?;
        }
        Ok(journal)
    }

    /// Opens a lane for one thread; its numbers continue after its last line.
    pub fn lane(&self, name: &str) -> Result<Lane, JournalError> {
        if !place::is_lane(name) {
            return Err(JournalError::Name(name.to_owned()));
        }
        let mut lanes = place::lanes(&self.dir).map_err(JournalError::Folder)?;
        let places = lanes.remove(name).unwrap_or_default();
        let last = last(&places)?;
        if !lock(&self.shared.taken).insert(name.to_owned()) {
            return Err(JournalError::Taken(name.to_owned()));
        }
        let newest = places.last().map_or(1, |place| place.number);
        let health = Arc::new(LaneHealth::new(name, last.number));
        let begin = Begin { dir: &self.dir, name, file: newest, last: last.number, health: health.clone(), shared: self.shared.clone() };
        let lane = Lane::open(begin).map_err(|source| file_error(&place::path(&self.dir, name, newest), source));
        match &lane {
            Ok(_) => lock(&self.shared.health).push(health),
            Err(_) => self.shared.release(name),
        }
        lane
    }

    /// An operator's word that the clock is right though later lines were written: the latest is no longer waited for. Each lane
    /// that ends in such a line gets one of now, the first lane if none does, so that the next start finds nothing to doubt. Gives
    /// the time that was waited for; nothing if there was none.
    pub fn accept_clock(&mut self, clock_now: Timestamp) -> Result<Option<Timestamp>, JournalError> {
        let before = self.last_at;
        if before <= clock_now {
            return Ok(None);
        }
        let mut ahead = Vec::new();
        let mut first = None;
        for (name, places) in place::lanes(&self.dir).map_err(JournalError::Folder)? {
            match last(&places)?.at.filter(|at| *at > clock_now) {
                Some(at) => ahead.push((name, at)),
                None => first = first.or(Some((name, before))),
            }
        }
        if ahead.is_empty() {
            ahead.extend(first);
        }
        for (name, at) in ahead {
            let detail = json!({ "last": at.to_string(), "clock": clock_now.to_string() });
            let (action, subject) = ("clock_accepted", Some(&*name));
            let event = Event { at: clock_now, kind: "event", action, outcome: "success", subject, detail: Some(&detail) };
            self.append_alone(&name, &event)?;
        }
        // last: an acceptance that was cut short is asked for again
        floor::forget(&self.dir).map_err(|source| file_error(&self.dir.join(floor::FILE), source))?;
        self.last_at = clock_now;
        Ok(Some(before))
    }

    /// The latest time that the journal knew of when it was opened; the epoch in an empty one.
    pub const fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// What keeps the latest time from here on, for a clock that goes back while the process runs.
    pub fn floor(&self, clock_now: Timestamp) -> Floor {
        let kept = if clock_now < self.last_at { self.last_at } else { Timestamp::default() };
        Floor::new(self.dir.clone(), self.shared(), self.last_at.max(clock_now), kept)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    fn cut(&self, lane: &str, newest: &Place, half: u64, at: Timestamp) -> Result<(), JournalError> {
        let failed = |source| file_error(&newest.path, source);
        let file = place::append(&newest.path, false).map_err(failed)?;
        let whole = file.metadata().map_err(failed)?.len().saturating_sub(half);
        file.set_len(whole).map_err(failed)?;
        let detail = json!({ "file": place::name(&newest.path), "bytes": half });
        let event = Event { at, kind: "event", action: "journal_tail_cut", outcome: "success", subject: Some(lane), detail: Some(&detail) };
        tracing::warn!(file = %newest.path.display(), bytes = half, "a half-written last line was cut off the audit log");
        self.append_alone(lane, &event)
    }

    /// One line of a lane that nobody has open.
    fn append_alone(&self, name: &str, event: &Event<'_>) -> Result<(), JournalError> {
        let mut lane = self.lane(name)?;
        lane.event(event);
        lane.flush(Now { wall: event.at, mono: Mono::default() }).map_err(|source| file_error(&place::path(&self.dir, name, 0), source))
    }
}

impl Shared {
    /// The health of every lane that was ever opened by this process.
    pub(crate) fn health(&self) -> Vec<Arc<LaneHealth>> {
        lock(&self.health).clone()
    }

    /// When one of those lanes was last written, by the wall clock.
    pub(crate) fn latest(&self) -> Timestamp {
        lock(&self.health).iter().map(|health| health.latest()).max().unwrap_or_default()
    }

    pub(crate) fn release(&self, lane: &str) {
        lock(&self.taken).remove(lane);
        lock(&self.health).retain(|health| health.lane() != lane);
    }
}

/// A thread that panicked has left nothing half done behind these locks.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn file_error(path: &Path, source: io::Error) -> JournalError {
    JournalError::File { file: place::name(path), source }
}

/// The last line of a lane: of its newest file that has one.
fn last(places: &[Place]) -> Result<Last, JournalError> {
    let mut found = Last { number: 0, at: None, half: 0 };
    for (age, place) in places.iter().rev().enumerate() {
        let failed = |source| file_error(&place.path, source);
        let mut file = File::open(&place.path).map_err(failed)?;
        let (whole, line) = place::last_line(&mut file).map_err(failed)?;
        if age == 0 {
            found.half = file.metadata().map_err(failed)?.len().saturating_sub(whole);
        }
        let Some(line) = line else { continue };
        let (number, at) = match Head::of(&line) {
            Some(head) => (head.number, head.time()),
            // somebody else wrote here: verification names the line, numbering goes on after the highest of ours
            None => highest(&place.path).map_err(failed)?,
        };
        if number > 0 {
            return Ok(Last { number, at, ..found });
        }
    }
    Ok(found)
}

fn highest(path: &Path) -> io::Result<(u64, Option<Timestamp>)> {
    let mut found = (0, None);
    for line in BufReader::new(File::open(path)?).split(b'\n') {
        if let Some(head) = Head::of(&line?)
            && head.number > found.0
        {
            found = (head.number, head.time());
        }
    }
    Ok(found)
}
