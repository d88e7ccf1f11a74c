//! What does the gate ask on its own account? Free calls only: the late poll of a task that nobody fetched, and the balance.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tollgate_books::{Ending, Orphan};
use tollgate_dialect::{FreeOperation, Operation, read, usual_form};
use tollgate_model::{Money, TaskId};

use crate::drift::{Drift, Found, Reading};
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
            for orphan in upstream.account.orphans(AT_ONCE) {
                end_orphan(&worker, upstream, &orphan).await;
            }
        }
    }
}

/// Asks for balances at the pace of each account, and holds them against the books, until the gate drains.
pub(crate) async fn balances(worker: Rc<Worker>) {
    loop {
        let upstreams: Vec<Arc<Upstream>> = worker.gate.upstreams.iter().cloned().collect();
        for upstream in &upstreams {
            if let Some(drift) = &upstream.drift
                && upstream.governor.balance(drift.every_ms(), worker.now().mono)
            {
                compare(&worker, upstream, drift).await;
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// One reading, written down as it is, and an alarm if the books do not explain it; nothing is ever corrected by itself.
async fn compare(worker: &Worker, upstream: &Upstream, drift: &Drift) {
    let before = upstream.account.ledger();
    let Some(balance) = balance(worker, upstream).await else { return };
    let after = upstream.account.ledger();
    let found = drift.judge(Reading::new(balance, before, after));
    let (topped_up, outside) = match found {
        Found::Agrees => (None, None),
        Found::ToppedUp(money) => (Some(money.to_string()), None),
        Found::Outside(money) => (None, Some(money.to_string())),
    };
    let detail = json!({
        "balance": balance.to_string(),
        "settled": after.settled.to_string(),
        "held": after.held.to_string(),
        "topped_up": topped_up,
        "outside": outside,
    });
    worker.event("balance", &upstream.name, &detail);
    if let Found::Outside(money) = found {
        let what = format!("the balance fell by {money} dollars more than was bought here: is the real key used around the gate?");
        worker.alarm("drift", &upstream.name, &what);
    }
}

/// The account's balance; whether the key is taken is learned by the way.
async fn balance(worker: &Worker, upstream: &Upstream) -> Option<Money> {
    let entry = upstream.keyring.current()?;
    if !upstream.breaker.permits(entry.version(), worker.now().mono) {
        return None;
    }
    let operation = Operation::from(FreeOperation::Balance);
    let answer = send::transmit(worker, upstream, &entry, &operation, usual_form(&upstream.profile)).await.answer.ok()?;
    let told = {
        let reading = read(&operation, &upstream.profile, answer.status, answer.body());
        settle::judge_key(worker, upstream, entry.version(), answer.status, &reading);
        if let tollgate_dialect::Reading::Balance(balance) = reading { Some(balance) } else { None }
    };
    answer.give_back(worker);
    told
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

/// What a gate that is gone had bought: asked for as at its deadline, which has passed. Without a task it was sent, and nobody knows.
async fn end_orphan(worker: &Worker, upstream: &Arc<Upstream>, orphan: &Orphan) {
    let Some(task) = orphan.task else {
        record::lost(worker, &upstream.name, orphan);
        upstream.account.lose_orphan(orphan.request, worker.now());
        return;
    };
    let ending = ask(worker, upstream, task).await.unwrap_or(Ending::Assumed);
    if let Some(closed) = upstream.account.end_orphan(orphan.request, ending, worker.now()) {
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
