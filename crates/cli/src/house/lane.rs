//! The desk's own lane of the journal: starts, drains, secrets, administrative acts.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{future, io};

use serde_json::{Value, json};
use tollgate_admin::{Acts, AdminAct, Door, Stage, Unwritten, Writing};
use tollgate_audit::{CORRECTION, Correction, Event, Lane, Record};
use tollgate_gateway::Runaway;
use tollgate_gateway::clock::Clock;
use tollgate_model::RequestId;
use tollgate_registry::Change;

/// A lane that many tasks share; none of them is on the hot path.
pub(crate) struct DeskLane {
    lane: Mutex<Lane>,
    clock: Clock,
}

/// Lines that nobody waits for are written within this time.
const LINES_MS: u64 = 500;

impl DeskLane {
    pub(crate) const fn new(lane: Lane, clock: Clock) -> Self {
        Self { lane: Mutex::new(lane), clock }
    }

    /// Appends a line that nobody waits for.
    pub(crate) fn event(&self, action: &str, outcome: &'static str, detail: &Value) {
        self.append("event", action, outcome, None, detail);
    }

    /// Appends what became of a hold.
    pub(crate) fn settled(&self, record: &Record<'_>) {
        self.lock().append(record);
    }

    /// Appends a correction that survives a power cut. After an error its line stays in the lane: `written` tells when it is out.
    pub(crate) fn correction(&self, id: RequestId, correction: &Correction) -> io::Result<()> {
        let detail = serde_json::to_value(correction).unwrap_or_default();
        self.append("event", CORRECTION, "success", Some(&id.to_string()), &detail);
        self.written()
    }

    /// A key that the brake has paused: the change whole, as a person's has it, and what was seen.
    pub(crate) fn runaway(&self, runaway: &Runaway, change: &Change) {
        let detail = json!({ "stage": "done", "by": { "door": "brake" }, "why": runaway.reason, "what": change });
        self.append("alert", change.action(), "success", Some(runaway.key.as_str()), &detail);
    }

    /// Writes what waits, and looks after the file.
    pub(crate) fn sweep(&self) {
        self.lock().sweep(self.clock.now(), LINES_MS);
    }

    /// Writes everything that waits.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.lock().flush(self.clock.now())
    }

    /// The same, and it survives a power cut; blocks.
    pub(crate) fn written(&self) -> io::Result<()> {
        self.flush()?;
        self.lock().sync()
    }

    fn append(&self, kind: &'static str, action: &str, outcome: &'static str, subject: Option<&str>, detail: &Value) {
        let at = self.clock.now().wall;
        self.lock().event(&Event { at, kind, action, outcome, subject, detail: Some(detail) });
    }

    fn lock(&self) -> MutexGuard<'_, Lane> {
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
