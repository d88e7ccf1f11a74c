//! The desk's own lane of the journal: starts, drains, secrets, administrative acts.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{future, io};

use serde_json::{Value, json};
use tollgate_admin::{Acts, AdminAct, Door, Stage, Unwritten, Writing};
use tollgate_audit::{CORRECTION, Correction, Event, Journal, JournalError, Lane, Record};
use tollgate_books::{Books, LaneMark};
use tollgate_gateway::Runaway;
use tollgate_gateway::clock::Clock;
use tollgate_model::RequestId;
use tollgate_registry::Change;

/// A lane that many tasks share; none of them is on the hot path.
pub(crate) struct DeskLane {
    lane: Mutex<Told>,
    clock: Clock,
}

/// The lane, and how far the books know of it.
struct Told {
    lane: Lane,
    mark: LaneMark,
    /// Whether the books are still to be told of a correction: its line, and what comes behind it, is replayed until they were.
    owes: bool,
}

impl Told {
    fn push(&self) {
        if !self.owes {
            self.mark.pushed(self.lane.flushed_upto());
        }
    }
}

/// Its name.
const LANE: &str = "desk";
/// Lines that nobody waits for are written within this time.
const LINES_MS: u64 = 500;

impl DeskLane {
    pub(crate) const fn new(lane: Lane, mark: LaneMark, clock: Clock) -> Self {
        Self { lane: Mutex::new(Told { lane, mark, owes: false }), clock }
    }

    /// Opens it behind what the books know of it.
    pub(crate) fn open(journal: &Journal, books: &Books, known: &HashMap<String, u64>, clock: Clock) -> Result<Self, JournalError> {
        let mut lane = journal.lane(LANE)?;
        lane.continue_behind(known.get(LANE).copied().unwrap_or(0), clock.now());
        Ok(Self::new(lane, books.lane(LANE), clock))
    }

    /// Appends a line that nobody waits for.
    pub(crate) fn event(&self, action: &str, outcome: &'static str, detail: &Value) {
        self.append("event", action, outcome, None, detail);
    }

    /// Appends what became of a hold, of which the books were told before.
    pub(crate) fn settled(&self, record: &Record<'_>) {
        self.lock().lane.append(record);
    }

    /// Appends a correction that survives a power cut; then the books are to be told, and `told` to be called. After an error its line
    /// stays in the lane: `written` tells when it is out.
    pub(crate) fn correction(&self, id: RequestId, correction: &Correction) -> io::Result<()> {
        let detail = serde_json::to_value(correction).unwrap_or_default();
        self.lock().owes = true;
        self.append("event", CORRECTION, "success", Some(&id.to_string()), &detail);
        self.written()
    }

    /// The books were told of every correction: no start need read the lines so far again.
    pub(crate) fn told(&self) {
        let mut told = self.lock();
        told.owes = false;
        told.push();
    }

    /// A key that the brake has paused: the change whole, as a person's has it, and what was seen.
    pub(crate) fn runaway(&self, runaway: &Runaway, change: &Change) {
        let detail = json!({ "stage": "done", "by": { "door": "brake" }, "why": runaway.reason, "what": change });
        self.append("alert", change.action(), "success", Some(runaway.key.as_str()), &detail);
    }

    /// Writes what waits, and looks after the file.
    pub(crate) fn sweep(&self) {
        let mut told = self.lock();
        told.lane.sweep(self.clock.now(), LINES_MS);
        told.push();
    }

    /// Writes everything that waits.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.lock().lane.flush(self.clock.now())
    }

    /// The same, and it survives a power cut; blocks.
    pub(crate) fn written(&self) -> io::Result<()> {
        self.flush()?;
        self.lock().lane.sync()
    }

    fn append(&self, kind: &'static str, action: &str, outcome: &'static str, subject: Option<&str>, detail: &Value) {
        let at = self.clock.now().wall;
        self.lock().lane.event(&Event { at, kind, action, outcome, subject, detail: Some(detail) });
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Acts for DeskLane {
    /// An act is rare: it is fsynced before it is done, whatever the durability of requests.
    fn write(&self, act: AdminAct) -> Writing<'_> {
        let by = match act.by {
            Door::Socket { uid } => json!({ "door": "socket", "uid": uid }),
            Door::Port { peer } => json!({ "door": "port", "peer": peer.to_string() }),
        };
        let stage = match act.stage {
            Stage::Intent => "intent",
            Stage::Done => "done",
            Stage::Refused => "refused",
        };
        let detail = json!({ "stage": stage, "by": by, "what": act.detail });
        self.append("event", act.action, act.stage.outcome(), Some(&act.subject), &detail);
        Box::pin(future::ready(self.written().map_err(|_| Unwritten)))
    }
}

#[cfg(test)]
mod tests {
    use tollgate_model::{KeyId, Name};

    use super::*;

    #[test]
    fn bu_15_the_books_mark_stands_still_before_a_correction_until_they_were_told_of_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let clock = Clock::begin();
        let mark = LaneMark::default();
        let lane = Journal::open(folder.path(), clock.now().wall).unwrap().lane("desk").unwrap();
        let lane = DeskLane::new(lane, mark.clone(), clock);
        lane.event("process_start", "success", &json!({}));
        assert_eq!(mark.upto(), 0, "it is not written yet");
        lane.written().unwrap();
        lane.sweep();
        assert_eq!(mark.upto(), 1);
        let name = Name::parse("shop").unwrap();
        let (on, amount, reason) = ("1970-01-01".to_owned(), "0.10".to_owned(), "r".to_owned());
        let correction = Correction { key: KeyId::from_bytes([7; 16]), name, on, amount, reason, entries: Vec::new() };
        lane.correction(RequestId::from_bytes([1; 16]), &correction).unwrap();
        lane.event("process_drain", "success", &json!({}));
        lane.written().unwrap();
        lane.sweep();
        assert_eq!(mark.upto(), 1, "a death now leaves it to the next start");
        lane.told();
        assert_eq!(mark.upto(), 3);
        lane.event("process_stop", "success", &json!({}));
        lane.written().unwrap();
        lane.sweep();
        assert_eq!(mark.upto(), 4);
    }
}
