//! Room 7: is it written down that we are about to spend?

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tollgate_books::Sent;
use tollgate_model::{Denial, DenialCode, Money};
use tollgate_secrets::Entry;

use super::allow::{Flight, Reserved};
use super::arm::Armed;
use super::record::Line;
use super::time::Timely;
use crate::fault::{self, Place, Point};
use crate::gate::Upstream;
use crate::refusal::Refusal;
use crate::worker::Worker;

/// A submission that may leave: its intent is written, and its money counts as spent from here on, whatever happens.
pub struct Intended<'a> {
    pub(super) timely: Timely<'a>,
    pub(super) sent: Sent,
    pub(super) held: Money,
    pub(super) entry: Arc<Entry>,
    _flight: Flight,
    /// Private: only this room makes one.
    _proof: (),
}

impl Intended<'_> {
    pub(super) fn upstream(&self) -> &Arc<Upstream> {
        self.timely.located.identified.arrival.upstream
    }
}

/// Writes the intent. What cannot be written down is not sent: the hold is dropped, and everything returns.
pub(crate) async fn write<'a>(armed: Armed<Reserved<'a>>, worker: &Worker, line: &mut Line<'_>) -> Result<Intended<'a>, Refusal> {
    fault::at(Place::Intend);
    if worker.journal.is_failing() || worker.gate.journal_down.load(Ordering::Relaxed) {
        return Err(unavailable());
    }
    let intent = line.intend(armed.stage.hold.at());
    fault::point(Point::IntentBuffered);
    intent.durable().await.map_err(|_| unavailable())?;
    fault::point(Point::IntentWritten);
    let Armed { stage: Reserved { timely, hold, held, flight, .. }, entry, .. } = armed;
    // the fact is pushed before the line counts as known to the books (`intent` is dropped behind it)
    let sent = hold.send();
    drop(intent);
    Ok(Intended { timely, sent, held, entry, _flight: flight, _proof: () })
}

fn unavailable() -> Refusal {
    Denial::new(DenialCode::AuditUnavailable, "the audit log cannot be written, and what is not written down is not sent")
        .retry_after(1_000)
        .into()
}

#[cfg(test)]
mod tests;
