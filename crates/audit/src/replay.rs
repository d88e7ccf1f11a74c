//! What does the journal know that the books do not? The facts of every line behind what they have, in the order of their time.

use std::collections::HashMap;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use tollgate_model::{KeyId, Money, Name, RequestId, TaskId, Timestamp};

use crate::checkpoint::{self, Checkpoint};
use crate::correction::{CORRECTION, Correction};
use crate::entry::Entry;
use crate::place::{self, Head, Place};
use crate::reader::{LaneReader, Position, Step};

/// What was read back.
#[derive(Debug)]
pub struct Replayed {
    /// Lane, line number and fact; by time, and within a lane by number.
    pub lines: Vec<(String, u64, Happened)>,
    /// Whether the journal holds every line that was ever known to be fsynced, and every line about money can be read.
    pub whole: bool,
}

/// What happened to a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It was about to be sent.
    Held {
        /// The hold.
        request: RequestId,
        /// Whose.
        key: KeyId,
        /// The key's team.
        team: Option<Name>,
        /// The account.
        upstream: Name,
        /// The priced method.
        method: String,
        /// The admission instant.
        at: Timestamp,
        /// The worst case.
        held: Money,
    },
    /// The provider named a task.
    Opened {
        /// The hold.
        request: RequestId,
        /// The task.
        task: TaskId,
        /// When.
        at: Timestamp,
    },
    /// The price is known.
    Settled {
        /// The hold.
        request: RequestId,
        /// What it cost.
        cost: Money,
        /// Without the provider's word.
        assumed: bool,
        /// When.
        at: Timestamp,
    },
    /// The provider did no work.
    Voided {
        /// The hold.
        request: RequestId,
        /// When.
        at: Timestamp,
    },
    /// Sent, and nobody knows.
    Unknown {
        /// The hold.
        request: RequestId,
        /// When.
        at: Timestamp,
    },
    /// An operator corrected what a key has spent.
    Corrected(Correction),
}

/// The journal cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The folder cannot be read.
    #[error("the audit folder cannot be read")]
    Folder(#[source] io::Error),
    /// A lane's files cannot be read.
    #[error("the audit files of lane `{lane}` cannot be read")]
    Lane {
        /// The lane.
        lane: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// Reads every lane behind the line that `from` names for it (a lane that it does not name: from its first line). A damaged
/// line about money is no error: it is said aloud, and the journal is not whole.
pub fn replay<S: BuildHasher>(dir: &Path, from: &HashMap<String, u64, S>) -> Result<Replayed, ReplayError> {
    let mut timed = Vec::new();
    let mark = fsynced(dir).map_err(ReplayError::Folder)?;
    let mut whole = mark.is_some();
    let mut mark = mark.unwrap_or_default();
    for (lane, places) in place::lanes(dir).map_err(ReplayError::Folder)? {
        let failed = |source| ReplayError::Lane { lane: lane.clone(), source };
        let from = from.get(&lane).copied().unwrap_or(0);
        let first = first_file(&places, from).map_err(failed)?;
        let mut reader = LaneReader::at(dir, &lane, Position { file: first, ..Position::default() }).map_err(failed)?;
        let read = Lane { name: &lane, from, whole: &mut whole, timed: &mut timed }.read(&mut reader).map_err(failed)?;
        whole &= mark.remove(&lane).is_none_or(|fsynced| fsynced <= read);
    }
    // a lane that is in the mark and not on disk is lost
    whole &= mark.values().all(|size| *size == 0);
    // stable: lines of one instant stay in their lane's order
    timed.sort_by_key(|(at, ..)| *at);
    Ok(Replayed { lines: timed.into_iter().map(|(_, lane, number, happened)| (lane, number, happened)).collect(), whole })
}

/// One lane being read.
struct Lane<'r> {
    name: &'r str,
    from: u64,
    whole: &'r mut bool,
    timed: &'r mut Vec<(Timestamp, String, u64, Happened)>,
}

impl Lane<'_> {
    /// Gives the number of the last line.
    fn read(self, reader: &mut LaneReader) -> io::Result<u64> {
        let (mut last, mut latest) = (0, Timestamp::default());
        loop {
            match reader.step()? {
                Step::End => return Ok(last),
                Step::Half => *self.whole = false,
                Step::Line => match Head::of(reader.line()).filter(|head| head.lane == self.name) {
                    Some(head) => {
                        last = last.max(head.number);
                        if head.number <= self.from {
                            continue;
                        }
                        match happened(reader.line(), &head) {
                            Ok(None) => {}
                            Ok(Some((at, happened))) => {
                                // a clock that stepped back must not put an outcome before its intent
                                latest = latest.max(at);
                                self.timed.push((latest, self.name.to_owned(), head.number, happened));
                            }
                            Err(Damaged) => *self.whole = damaged(reader),
                        }
                    }
                    None => *self.whole = damaged(reader),
                },
            }
        }
    }
}

/// A line of ours that cannot be read back.
struct Damaged;

fn damaged(reader: &LaneReader) -> bool {
    let file = reader.place().map(|place| place.path.display().to_string()).unwrap_or_default();
    tracing::error!(file, line = reader.position().line, "a line of the audit log is damaged: `tollgate audit verify` says more");
    false
}

fn happened(line: &[u8], begin: &Head<'_>) -> Result<Option<(Timestamp, Happened)>, Damaged> {
    let Entry { event, tollgate: facts } = Entry::of(line).ok_or(Damaged)?;
    let ends = match &*event.action {
        "intent" => false,
        "outcome" | "settle" => true,
        CORRECTION => {
            let correction = serde_json::from_slice(line).ok().and_then(|line| Correction::of(&line)).ok_or(Damaged)?;
            return Ok(Some((begin.time().ok_or(Damaged)?, Happened::Corrected(correction))));
        }
        _ => return Ok(None),
    };
    let at = begin.time().ok_or(Damaged)?;
    let request = facts.request_id.ok_or(Damaged)?;
    let happened = if ends {
        match facts.hold.as_deref() {
            None => return Ok(None),
            Some("opened") => Happened::Opened { request, task: facts.task.ok_or(Damaged)?, at },
            Some(settled @ ("settled" | "assumed")) => {
                Happened::Settled { request, cost: facts.cost.settled.ok_or(Damaged)?, assumed: settled == "assumed", at }
            }
            Some("voided") => Happened::Voided { request, at },
            Some("unknown") => Happened::Unknown { request, at },
            Some(_) => return Err(Damaged),
        }
    } else {
        let key = facts.key.ok_or(Damaged)?.id;
        let method = facts.method.unwrap_or_default().into_owned();
        let held = facts.cost.held.ok_or(Damaged)?;
        Happened::Held { request, key, team: facts.team, upstream: facts.upstream.ok_or(Damaged)?, method, at, held }
    };
    Ok(Some((at, happened)))
}

/// The file to begin with: the last one whose first line is not behind `from`. The newest is never skipped: its end is the
/// lane's last line.
fn first_file(places: &[Place], from: u64) -> io::Result<u64> {
    let mut found = places.first().map_or(1, |place| place.number);
    for place in places.iter().skip(1) {
        let mut line = Vec::new();
        BufReader::new(File::open(&place.path)?).read_until(b'\n', &mut line)?;
        match Head::of(&line) {
            Some(head) if head.number <= from.saturating_add(1) => found = place.number,
            Some(_) => break,
            None => {}
        }
    }
    Ok(found)
}

/// How far each lane is known to have been fsynced: the last checkpoint. Nothing if that cannot be told.
fn fsynced(dir: &Path) -> io::Result<Option<HashMap<String, u64>>> {
    let Some(line) = checkpoint::last(dir)?.and_then(|(_, line)| line) else { return Ok(Some(HashMap::new())) };
    let checkpoint = serde_json::from_slice::<Checkpoint>(&line).ok();
    Ok(checkpoint.map(|checkpoint| checkpoint.lanes.into_iter().map(|(lane, head)| (lane, head.size)).collect()))
}

#[cfg(test)]
mod tests;
