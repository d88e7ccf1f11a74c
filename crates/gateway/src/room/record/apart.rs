//! Which lines are no walking request's? The end of a task's hold, and what never came as far as the rooms.

use std::net::IpAddr;

use tollgate_audit::{Decision, HoldEnd, Kind, Record};
use tollgate_books::{Closed, Orphan};
use tollgate_model::{DenialCode, Money, Name, Now, RequestId, TaskId};
use tollgate_registry::Key;
use tollgate_wire::Method;

use crate::gate::Bound;
use crate::worker::Worker;

/// Writes down that a task's hold has ended, under the id of the request that bought it.
pub(crate) fn settled(worker: &Worker, upstream: &Name, key: Option<&Key<Bound>>, task: TaskId, closed: &Closed) {
    let now = worker.lately();
    let end = match (closed.voided, closed.assumed) {
        (true, _) => HoldEnd::Voided,
        (false, true) => HoldEnd::Assumed,
        (false, false) => HoldEnd::Settled,
    };
    let record = Record {
        key: key.map(|key| (key.id, &key.name)),
        team: key.and_then(|key| key.team.as_ref()),
        upstream: Some(upstream),
        operation: Some("settle"),
        method: Some(&closed.method),
        task: Some(task),
        held: Some(closed.held),
        settled: Some(closed.settled),
        hold: Some(end),
        alarm: (closed.excess > Money::ZERO).then_some("price_exceeded"),
        ..Record::new(now.wall, Kind::Settle, closed.request)
    };
    // the book has the fact already, or gets it with the next post: nobody waits for this line
    worker.journal.append(&record).needs_no_waiting();
}

/// Writes down that nobody knows what became of a purchase of a gate that is gone.
pub(crate) fn lost(worker: &Worker, upstream: &Name, orphan: &Orphan) {
    let record = Record {
        team: orphan.team.as_ref(),
        upstream: Some(upstream),
        method: Some(&orphan.method),
        decision: Decision::Failed,
        denied_by: Some("outcome_unknown"),
        reason: Some("the gate that sent it is gone, and has not told the provider's answer"),
        held: Some(orphan.held),
        hold: Some(HoldEnd::Unknown),
        ..Record::new(worker.lately().wall, Kind::Outcome, orphan.request)
    };
    worker.journal.append(&record).needs_no_waiting();
}

/// Writes down what did not come as far as the rooms: no request of HTTP, or one for no place of ours.
pub(crate) fn turned_away(worker: &Worker, id: RequestId, now: Now, source: IpAddr, code: DenialCode, status: u16, reason: &str) {
    worker.gate.tally.count(None, Some(code), None);
    if !worker.journal.admits(source, now.mono) {
        return;
    }
    let record = Record {
        decision: Decision::Denied,
        denied_by: Some(code.as_str()),
        reason: Some(reason),
        source: Some(source),
        http: Some(("", status)),
        ..Record::new(now.wall, Kind::Request, id)
    };
    worker.journal.append(&record).needs_no_waiting();
}

/// An arrival of which nothing is known yet: should it break before it has a record, it has a line all the same.
pub(crate) struct Unheard<'w> {
    worker: &'w Worker,
    arrival: Option<(RequestId, Now, IpAddr)>,
}

impl<'w> Unheard<'w> {
    pub(crate) const fn new(worker: &'w Worker, id: RequestId, now: Now, source: IpAddr) -> Self {
        Self { worker, arrival: Some((id, now, source)) }
    }

    /// It goes on in a record of its own, or was turned away with a line.
    pub(crate) fn was_heard(mut self) {
        self.arrival = None;
    }
}

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        if let Some((id, now, source)) = self.arrival.take() {
            turned_away(self.worker, id, now, source, DenialCode::Malformed, 500, "it was interrupted by a fault of the gate's own");
        }
    }
}

pub(crate) const fn http_name(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Head => "HEAD",
        Method::Options => "OPTIONS",
    }
}
