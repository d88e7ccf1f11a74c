//! Which lines are no walking request's? The end of a task's hold, and what never came as far as the rooms.

use std::net::IpAddr;

use tollgate_audit::{Decision, HoldEnd, Kind, Record};
use tollgate_books::Closed;
use tollgate_model::{DenialCode, Money, Name, Now, RequestId, TaskId};
use tollgate_registry::Key;

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
