//! Room 9: what did it cost, and who owns the task? Written down before the client learns of it.

use tollgate_audit::HoldEnd;
use tollgate_books::{Closed, Ending, Sent};
use tollgate_dialect::{Answering, Charged, Operation, Part, Profile, Reading, Refused, Said, Shown, WordClass};
use tollgate_model::{Failure, FailureCode, Money, Retry, Side, TaskId};
use tollgate_secrets::VersionId;

use super::arm::Armed;
use super::intend::Intended;
use super::pace::Paced;
use super::record::{self, Line};
use super::send::Answered;
use crate::fault::{self, Place, Point};
use crate::gate::Upstream;
use crate::refusal::{Refusal, Reply};
use crate::worker::Worker;

/// A submission whose outcome is written: the only thing that a paid answer is made from.
pub struct Settled(Reply);

/// RFC 9110 §15.5.2: the credential is missing or not taken.
const UNAUTHORIZED: u16 = 401;

/// What the provider's answer to a submission means for its hold.
#[derive(Clone, Copy)]
enum Outcome {
    /// A task was named.
    Opened(TaskId),
    /// A task was named and answered at once, at this price if one was said.
    Answered(TaskId, Option<Money>),
    /// It is paid for.
    Paid(Money),
    /// The provider did no work.
    Free,
    /// Nobody knows.
    Unknown,
}

/// Reads the answer, writes the outcome, tells the books, and only then makes the client's answer.
pub(crate) async fn submission(answered: Answered<Intended<'_>>, worker: &Worker, line: &mut Line<'_>) -> Result<Settled, Refusal> {
    fault::at(Place::Settle);
    let Answered { stage: Intended { timely, sent, held, entry, .. }, answer, .. } = answered;
    let identified = &timely.located.identified;
    let upstream = identified.arrival.upstream;
    let reading = tollgate_dialect::read(identified.operation, &upstream.profile, answer.status, answer.body());
    let outcome = outcome(&reading, held);
    judge_key(worker, upstream, entry.version(), answer.status, &reading);
    if let Reading::Refused(refused) = &reading {
        refusal(refused, line);
        if refused.class == WordClass::CallerFault {
            line.hopeless();
        }
        if refused.class == WordClass::NoSlot {
            upstream.crowd.said(worker.gate.clock.now().mono);
        }
    }
    let (ended, cost) = match &outcome {
        // a task that is answered at once is opened first: it has an id, by which its owner may ask and report
        Outcome::Opened(task) | Outcome::Answered(task, _) => {
            line.task(*task);
            upstream.governor.opened(*task, worker.lately().mono);
            (HoldEnd::Opened, None)
        }
        Outcome::Paid(cost) => (HoldEnd::Settled, Some(*cost)),
        Outcome::Free => (HoldEnd::Voided, None),
        Outcome::Unknown => {
            line.failed(unknown("the provider's answer cannot be relied on"));
            (HoldEnd::Unknown, None)
        }
    };
    fault::point(Point::BeforeOutcome);
    let written = line.outcome(ended, cost);
    let durable = written.durable().await;
    fault::point(Point::OutcomeWritten);
    let told = tell(sent, outcome, upstream, worker);
    if let (Ok(()), Outcome::Answered(task, price)) = (&told, outcome) {
        end(worker, upstream, line, task, Ending::Answered(price));
    }
    drop(written);
    // an id that is not written down could not be proved to be this key's after a crash: it is not given out
    durable.map_err(|_| Refusal::from(unknown("the outcome could not be written down")))?;
    told?;
    // the next call about it may come to another gate
    if worker.gate.is_one_of_several() && matches!(outcome, Outcome::Opened(_) | Outcome::Answered(..)) {
        worker.gate.books.tell_others().await;
    }
    fault::point(Point::BeforeAnswer);
    let mut body = worker.body();
    let answering = Answering { profile: &upstream.profile, form: line.form, id: identified.arrival.id };
    answering.reading(identified.operation, &reading, &mut body);
    drop(reading);
    answer.give_back(worker);
    Ok(Settled(Reply::dialect(identified.arrival.id, line.form, body)))
}

impl Settled {
    pub(crate) fn reply(self) -> Reply {
        self.0
    }
}

fn outcome(reading: &Reading<'_>, held: Money) -> Outcome {
    match reading {
        Reading::Submitted { task, .. } => Outcome::Opened(*task),
        Reading::Solved { task, price, .. } => Outcome::Answered(*task, *price),
        Reading::SolvedNow { price, .. } => Outcome::Paid(price.unwrap_or(held)),
        Reading::Refused(refused) => match refused.charged {
            Charged::No => Outcome::Free,
            Charged::Yes => Outcome::Paid(held),
            Charged::Unknown => Outcome::Unknown,
        },
        Reading::NotReady
        | Reading::Answer { .. }
        | Reading::Many(_)
        | Reading::Balance(_)
        | Reading::Threads { .. }
        | Reading::ReportTaken
        | Reading::Unusable(_) => Outcome::Unknown,
    }
}

fn tell(sent: Sent, outcome: Outcome, upstream: &Upstream, worker: &Worker) -> Result<(), Refusal> {
    let now = worker.lately();
    match outcome {
        Outcome::Opened(task) | Outcome::Answered(task, _) => match sent.opened(task, now, upstream.profile.task_deadline_ms()) {
            Ok(before) => {
                // its task had the id before, and nobody has fetched it by its deadline
                if let Some(closed) = before {
                    record::settled(worker, &upstream.name, None, task, &closed);
                }
                Ok(())
            }
            Err(twice) => {
                worker.alarm("task_id_twice", &upstream.name, &twice.to_string());
                Err(unknown("the provider gave the id of an open task a second time: both are withheld").into())
            }
        },
        Outcome::Paid(cost) => {
            if let Some(closed) = sent.settle(cost, now) {
                stop_if_exceeded(worker, upstream, &closed);
            }
            Ok(())
        }
        Outcome::Free => {
            sent.void(now);
            Ok(())
        }
        Outcome::Unknown => {
            sent.unknown();
            Ok(())
        }
    }
}

/// Not a byte was sent: the money returns, and the outcome says so.
pub(crate) async fn void(intended: Intended<'_>, worker: &Worker, line: &mut Line<'_>, failure: &Failure) {
    line.failed(failure.clone());
    let written = line.outcome(HoldEnd::Voided, None);
    // what the book knows before the journal would be an intent without an outcome after a crash
    let _ = written.durable().await;
    intended.sent.void(worker.lately());
    drop(written);
}

/// It may have been worked on: the money stays spent, and the outcome says so.
pub(crate) async fn lost(intended: Intended<'_>, line: &mut Line<'_>, failure: &Failure) {
    line.failed(failure.clone());
    let written = line.outcome(HoldEnd::Unknown, None);
    let _ = written.durable().await;
    intended.sent.unknown();
    drop(written);
}

/// Reads the answer to a free read, ends the holds of tasks that have ended, and makes the client's answer.
pub(crate) fn read(answered: Answered<Armed<Paced<'_>>>, worker: &Worker, line: &mut Line<'_>) -> Reply {
    fault::at(Place::Settle);
    let Answered { stage: Armed { stage, entry, .. }, answer, .. } = answered;
    let identified = &stage.located.identified;
    let upstream = identified.arrival.upstream;
    let reading = tollgate_dialect::read(identified.operation, &upstream.profile, answer.status, answer.body());
    judge_key(worker, upstream, entry.version(), answer.status, &reading);
    match (identified.operation, &reading) {
        (Operation::Poll { task, .. }, reading) => {
            if let Some(ending) = ending(reading) {
                end(worker, upstream, line, *task, ending);
            }
        }
        (Operation::PollMany { tasks }, Reading::Many(said)) => {
            for (task, ending) in endings(said, tasks, &upstream.profile) {
                end(worker, upstream, line, task, ending);
            }
        }
        _ => {}
    }
    if let Reading::Refused(refused) = &reading {
        refusal(refused, line);
    }
    let mut body = worker.body();
    let answering = Answering { profile: &upstream.profile, form: line.form, id: identified.arrival.id };
    answering.reading(identified.operation, &reading, &mut body);
    drop(reading);
    answer.give_back(worker);
    Reply::dialect(identified.arrival.id, line.form, body)
}

fn end(worker: &Worker, upstream: &Upstream, line: &Line<'_>, task: TaskId, ending: Ending) {
    if let Some(closed) = upstream.account.end(task, ending, worker.lately()) {
        line.settle(task, &closed);
        fault::point(Point::TaskEnded);
        stop_if_exceeded(worker, upstream, &closed);
    }
}

/// How a task ended, by its answer; nothing while it is at work, or when the answer says nothing about it.
pub(crate) fn ending(reading: &Reading<'_>) -> Option<Ending> {
    match reading {
        Reading::Answer { price, .. } => Some(Ending::Answered(*price)),
        Reading::Refused(Refused { ends_task: true, charged, .. }) => match charged {
            Charged::No => Some(Ending::Refunded),
            Charged::Yes => Some(Ending::Charged),
            // it is over, and nobody says what it cost: the late poll at its deadline asks again
            Charged::Unknown => None,
        },
        _ => None,
    }
}

fn endings(said: &Said<'_>, tasks: &[TaskId], profile: &Profile) -> Vec<(TaskId, Ending)> {
    let Some(parts) = said.parts(tasks.len()) else { return Vec::new() };
    let one = |(task, text): (&TaskId, &[u8])| match Part::read(text) {
        Part::Answered => Some((*task, Ending::Answered(None))),
        Part::Refused(_, WordClass::Unsolvable) if profile.refunds_unsolvable() => Some((*task, Ending::Refunded)),
        Part::Refused(_, WordClass::Unsolvable) => Some((*task, Ending::Charged)),
        Part::NotReady | Part::Refused(..) => None,
    };
    tasks.iter().zip(parts).filter_map(one).collect()
}

/// The table's worst case was none: the method is stopped until the operator prices it anew.
pub(crate) fn stop_if_exceeded(worker: &Worker, upstream: &Upstream, closed: &Closed) {
    if closed.excess > Money::ZERO {
        upstream.stop(&closed.method);
        let what = format!(
            "`{}` cost {} where at most {} was expected: it is stopped until its price is raised",
            closed.method, closed.settled, closed.held
        );
        worker.alarm("price_exceeded", &upstream.name, &what);
    }
}

/// What the answer says about the key that it was sent with; 401 says it whatever stands below.
pub(crate) fn judge_key(worker: &Worker, upstream: &Upstream, version: &VersionId, status: u16, reading: &Reading<'_>) {
    let refused = || upstream.breaker.refused(version, worker.lately().mono);
    match reading {
        Reading::Refused(word) if word.class == WordClass::Auth => refused(),
        Reading::Unusable(_) if status == UNAUTHORIZED => refused(),
        Reading::Unusable(_) => {}
        _ => upstream.breaker.accepted(),
    }
}

fn refusal(refused: &Refused<'_>, line: &mut Line<'_>) {
    line.provider_error(refused.word);
    if refused.shown() == Shown::UpstreamAccount {
        line.alarm("upstream_account");
        line.failed(Failure {
            code: FailureCode::UpstreamAccount,
            side: Side::Upstream,
            retry: Retry::Safe,
            detail: "the provider refused the account's key, address or balance".into(),
        });
    }
}

pub(crate) fn unknown(detail: &'static str) -> Failure {
    Failure { code: FailureCode::OutcomeUnknown, side: Side::Upstream, retry: Retry::Never, detail: detail.into() }
}

#[cfg(test)]
mod tests;
