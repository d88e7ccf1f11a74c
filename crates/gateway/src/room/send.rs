//! Room 8: does the provider answer? Sent once over a connection to the configured place; lost means unknown.

use std::pin::pin;

use smallvec::SmallVec;
use tokio::io::AsyncWriteExt;
use tollgate_dialect::{AnswerForm, Boundary, Method, Operation};
use tollgate_model::{Failure, FailureCode, Now, Retry, Side, wipe};
use tollgate_secrets::Entry;
use tollgate_wire::{FieldName, encode};

use super::arm::{Armed, Sendable};
use super::intend::Intended;
use super::pace::Paced;
use super::record::Line;
use super::settle;
use crate::egress::dial::{DialError, dial};
use crate::egress::exchange::{Lost, Received, Scratch, exchange};
use crate::fault::{self, Place, Point};
use crate::gate::Upstream;
use crate::refusal::Refusal;
use crate::worker::Worker;

const USER_AGENT: FieldName = FieldName::new("User-Agent");
const ACCEPT: FieldName = FieldName::new("Accept");
const ACCEPT_ENCODING: FieldName = FieldName::new("Accept-Encoding");
const AUTHORIZATION: FieldName = FieldName::new("Authorization");
const CONTENT_TYPE: FieldName = FieldName::new("Content-Type");

/// A stage with the provider's whole answer.
pub struct Answered<S> {
    pub(super) stage: S,
    pub(super) answer: Answer,
    /// Private: only this room makes one.
    _proof: (),
}

/// The answer's bytes, in the exchange's own buffers; scanned for the live key before anyone reads them.
pub(crate) struct Answer {
    pub(crate) status: u16,
    scratch: Scratch,
}

impl Answer {
    pub(crate) fn body(&self) -> &[u8] {
        &self.scratch.body
    }

    /// The answer has been read: its buffers serve the next exchange.
    pub(crate) fn give_back(self, worker: &Worker) {
        worker.give_scratch(self.scratch);
    }
}

/// What came of one exchange.
pub(crate) struct Transmitted {
    pub(crate) answer: Result<Answer, NoAnswer>,
    /// How long the provider took, connecting included.
    pub(crate) micros: u64,
}

/// Why there is no answer, by what it means for the money.
pub(crate) enum NoAnswer {
    /// Not a byte was sent.
    NotSent(DialError),
    /// It may have been worked on.
    Lost(Lost),
    /// It held the live key and is withheld.
    Leaked(&'static str),
}

/// Sends a paid call whose intent is written. Its money returns if no byte was sent, and is unknown otherwise.
pub(crate) async fn paid<'a>(intended: Intended<'a>, worker: &Worker, line: &mut Line<'_>) -> Result<Answered<Intended<'a>>, Refusal> {
    let located = &intended.timely.located;
    let transmitted = transmit(worker, intended.upstream(), &intended.entry, located.operation(), located.identified.form).await;
    line.upstream_took(transmitted.micros);
    let failure = match transmitted.answer {
        Ok(answer) => return Ok(Answered { stage: intended, answer, _proof: () }),
        Err(NoAnswer::NotSent(error)) => {
            let failure = unreachable(error);
            settle::void(intended, worker, line, &failure).await;
            return Err(failure.into());
        }
        Err(NoAnswer::Lost(lost)) => unknown(FailureCode::OutcomeUnknown, lost.to_string()),
        Err(NoAnswer::Leaked(place)) => leaked(place, line),
    };
    settle::lost(intended, line, &failure).await;
    Err(failure.into())
}

/// Sends a free read of an owned task. Any trouble reads as "not ready": a fatal word would destroy a paid answer.
pub(crate) async fn free<'a>(armed: Armed<Paced<'a>>, worker: &Worker, line: &mut Line<'_>) -> Result<Answered<Armed<Paced<'a>>>, Refusal> {
    let located = &armed.stage.located;
    let transmitted = transmit(worker, armed.stage.upstream(), &armed.entry, located.operation(), located.identified.form).await;
    line.upstream_took(transmitted.micros);
    match transmitted.answer {
        Ok(answer) => Ok(Answered { stage: armed, answer, _proof: () }),
        Err(NoAnswer::NotSent(error)) => Err(unreachable(error).into()),
        Err(NoAnswer::Lost(lost)) => Err(unknown(FailureCode::UpstreamUnreachable, lost.to_string()).into()),
        Err(NoAnswer::Leaked(place)) => Err(leaked(place, line).into()),
    }
}

/// One exchange with an upstream: encode, connect or reuse, send, read, scan. Shared by the rooms and the errands.
pub(crate) async fn transmit(
    worker: &Worker,
    upstream: &Upstream,
    entry: &Entry,
    operation: &Operation<'_>,
    form: AnswerForm,
) -> Transmitted {
    let began = worker.now();
    let answer = attempt(worker, upstream, entry, operation, form, began).await;
    Transmitted { answer, micros: worker.now().mono.nanos_since(began.mono) / 1000 }
}

async fn attempt(
    worker: &Worker,
    upstream: &Upstream,
    entry: &Entry,
    operation: &Operation<'_>,
    form: AnswerForm,
    began: Now,
) -> Result<Answer, NoAnswer> {
    fault::at(Place::Send);
    let within = worker.gate.settings.within;
    let way = worker.way(&upstream.name);
    let mut connection = match way.pool.take(began.mono) {
        Some(connection) => connection,
        None => dial(&upstream.origin, &way.resolved, worker.deadlines.slot(), began, within).await.map_err(NoAnswer::NotSent)?,
    };
    let mut scratch = worker.scratch();
    write_request(worker, upstream, entry, operation, form, &mut scratch).map_err(|()| NoAnswer::NotSent(DialError::Connect))?;
    fault::point(Point::BeforeFirstByte);
    let received = exchange(&mut connection, &mut scratch, worker.lately().mono, within).await;
    fault::at(Place::Answered);
    fault::point(Point::ResponseRead);
    scratch.wipe();
    let now = worker.lately().mono;
    let Received { head, reusable } = received.map_err(NoAnswer::Lost)?;
    if let Some(place) = leak(entry, &scratch) {
        worker.give_scratch(scratch);
        return Err(NoAnswer::Leaked(place));
    }
    if reusable {
        way.pool.rest(connection, now);
    } else {
        let slot = connection.slot.clone();
        let closing = pin!(connection.stream.shutdown());
        let _ = slot.until(now.plus_millis(100), closing).await;
    }
    Ok(Answer { status: head.status, scratch })
}

/// Where the live key stands in the answer: the head is searched too, since a redirect may carry it.
fn leak(entry: &Entry, scratch: &Scratch) -> Option<&'static str> {
    let head = entry.find(&scratch.head).map(|_| "head");
    head.or_else(|| entry.find(&scratch.body).map(|_| "body"))
}

fn write_request(
    worker: &Worker,
    upstream: &Upstream,
    entry: &Entry,
    operation: &Operation<'_>,
    form: AnswerForm,
    scratch: &mut Scratch,
) -> Result<(), ()> {
    // only what has files is divided into parts
    let divides = operation.submit().is_some_and(|submit| !submit.files().is_empty());
    let random = if divides { worker.random.bytes().map_err(|_| ())? } else { [0; 16] };
    let boundary = Boundary::from_random(random);
    let Scratch { outgoing, request, .. } = scratch;
    tollgate_dialect::encode(operation, form, entry.expose(), &upstream.profile, &boundary, outgoing).map_err(|_| ())?;
    let posts = outgoing.method == Method::Post;
    let mut headers = SmallVec::<[(FieldName, &[u8]); 5]>::new();
    headers.extend([(USER_AGENT, &b"tollgate"[..]), (ACCEPT, b"*/*"), (ACCEPT_ENCODING, b"identity")]);
    headers.extend(posts.then_some((CONTENT_TYPE, &*outgoing.content_type)));
    headers.extend((!outgoing.authorization.is_empty()).then_some((AUTHORIZATION, &*outgoing.authorization)));
    request.clear();
    // sized before the key is written: growth would leave a copy of it behind
    request.reserve(outgoing.target.len() + outgoing.authorization.len() + outgoing.body.len() + 512);
    let body = posts.then_some(outgoing.body.as_slice());
    let written = encode::request(request, outgoing.method.as_str(), &[&outgoing.target], &upstream.origin.host_header, &headers, body);
    drop(headers);
    wipe(&mut outgoing.target);
    wipe(&mut outgoing.authorization);
    wipe(&mut outgoing.body);
    written.map_err(|_| ())
}

fn unreachable(error: DialError) -> Failure {
    Failure { code: FailureCode::UpstreamUnreachable, side: Side::Upstream, retry: Retry::Safe, detail: error.to_string().into() }
}

/// The answer held the live key: it is withheld, and somebody is woken.
fn leaked(place: &str, line: &mut Line<'_>) -> Failure {
    line.alarm("leak_withheld");
    unknown(FailureCode::LeakWithheld, format!("the answer held the live real key ({place}) and was withheld"))
}

fn unknown(code: FailureCode, detail: String) -> Failure {
    Failure { code, side: Side::Upstream, retry: Retry::Never, detail: detail.into() }
}

#[cfg(test)]
mod tests;
