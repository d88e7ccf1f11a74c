//! What does the gate ask on its own account? Free calls only: the late poll of a task that nobody fetched.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tollgate_books::Ending;
use tollgate_dialect::{FreeOperation, Operation, read, usual_form};
use tollgate_model::TaskId;

use crate::gate::Upstream;
use crate::room::{record, send, settle};
use crate::worker::Worker;

/// How often overdue tasks are looked for.
const EVERY: Duration = Duration::from_millis(500);
/// Overdue tasks taken at a time from one account.
const AT_ONCE: usize = 32;

/// Polls overdue tasks until the gate drains. The answer is dropped: nobody asked for it.
pub(crate) async fn late_polls(worker: Rc<Worker>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let upstreams: Vec<Arc<Upstream>> = worker.gate.upstreams.iter().cloned().collect();
        for upstream in &upstreams {
            for task in upstream.account.overdue(worker.now(), AT_ONCE) {
                late_poll(&worker, upstream, task).await;
            }
        }
    }
}

/// One poll at the deadline: priced → settled, refundable failure → returned, everything else → settled at the hold and
/// flagged as assumed.
async fn late_poll(worker: &Worker, upstream: &Arc<Upstream>, task: TaskId) {
    let ending = ask(worker, upstream, task).await.unwrap_or(Ending::Assumed);
    if let Some(closed) = upstream.account.end(task, ending, worker.now()) {
        record::settled(worker, &upstream.name, None, task, &closed);
        settle::stop_if_exceeded(worker, upstream, &closed);
    }
}

async fn ask(worker: &Worker, upstream: &Upstream, task: TaskId) -> Option<Ending> {
    let entry = upstream.keyring.current()?;
    if !upstream.breaker.permits(entry.version(), worker.now().mono) {
        return None;
    }
    // counted in the task's pace and never held back: it is the task's last
    let _ = upstream.governor.poll(&[task], worker.now().mono);
    let operation = Operation::from(FreeOperation::Poll { task });
    let answer = send::transmit(worker, upstream, &entry, &operation, usual_form(&upstream.profile)).await.answer.ok()?;
    settle::ending(&read(&operation, &upstream.profile, answer.status, answer.body()))
}

#[cfg(test)]
mod tests;
