//! Room 10: what happened? Each request's lines; a guard writes the last one whatever happened.

mod apart;
mod method;
mod told;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use smallvec::SmallVec;
use tollgate_audit::{Decision, HoldEnd, Kind, Record};
use tollgate_books::Closed;
use tollgate_dialect::{AnswerForm, Answering, usual_form};
use tollgate_model::{CredentialHash, Denial, Factor, Failure, Money, Now, RequestId, TaskId, Timestamp, Verdict};
use tollgate_registry::{Key, Nobody};
use tollgate_secrets::VersionId;

use super::listen::Arrival;
use crate::brake::Runaway;
use crate::fault::{self, Place};
use crate::gate::{Bound, Upstream};
use crate::journal::Written;
use crate::refusal::{Refusal, Reply};
use crate::repeats::Claim;
use crate::worker::Worker;

use method::MethodName;

pub(crate) use apart::{Unheard, http_name, lost, settled, turned_away};

/// A request's record while it walks: closed by its answer, or by being dropped.
pub(crate) struct Line<'a> {
    worker: &'a Worker,
    id: RequestId,
    began: Now,
    source: IpAddr,
    client: Option<IpAddr>,
    http: &'static str,
    user_agent: Option<&'a [u8]>,
    upstream: &'a Arc<Upstream>,
    key: Option<Arc<Key<Bound>>>,
    /// What stands for a key where there is none, held as long as a key would be.
    pub(crate) nobody: Option<Nobody<Bound>>,
    operation: Option<&'static str>,
    method: Option<MethodName>,
    task: Option<TaskId>,
    /// The four answers so far.
    pub(crate) verdict: Verdict,
    /// How the caller wants to be answered.
    pub(crate) form: AnswerForm,
    free_read: bool,
    would_deny: SmallVec<[&'static str; 2]>,
    held: Option<Money>,
    settled: Option<Money>,
    secret: Option<VersionId>,
    credential: Option<CredentialHash>,
    provider_error: Option<Box<str>>,
    generation: u64,
    upstream_us: Option<u64>,
    alarm: Option<&'static str>,
    /// What is worth telling of an answer that is no refusal.
    note: Option<Cow<'static, str>>,
    /// The name that the caller gave it, if it is the first of its name.
    claim: Option<Claim>,
    /// What happened to its hold, once that is said.
    end: Option<HoldEnd>,
    /// The provider has refused the submission itself: it would again.
    hopeless: bool,
    denial: Option<Denial>,
    failure: Option<Failure>,
    stage: Stage,
}

/// Which of its lines a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// None yet.
    Open,
    /// The intent: an outcome is owed.
    Intended,
    /// The last.
    Closed,
}

impl<'a> Line<'a> {
    /// Opens the record of an arrival.
    pub(crate) fn open(worker: &'a Worker, arrival: &Arrival<'a>) -> Self {
        Self {
            worker,
            id: arrival.id,
            began: arrival.now,
            source: arrival.source,
            client: arrival.client.ok(),
            http: http_name(arrival.method),
            user_agent: arrival.user_agent,
            upstream: arrival.upstream,
            key: None,
            nobody: None,
            operation: None,
            method: None,
            task: None,
            verdict: Verdict::default(),
            form: usual_form(&arrival.upstream.profile),
            free_read: false,
            would_deny: SmallVec::new(),
            held: None,
            settled: None,
            secret: None,
            credential: None,
            provider_error: None,
            generation: 0,
            upstream_us: None,
            alarm: None,
            note: None,
            claim: None,
            end: None,
            hopeless: false,
            denial: None,
            failure: None,
            stage: Stage::Open,
        }
    }

    /// Appends the intent, dated by the admission: a replay finds the windows of the hold by it. Written when `Written` says so.
    pub(crate) fn intend(&mut self, admitted: Timestamp) -> Written<'a> {
        self.stage = Stage::Intended;
        self.append(Some(admitted), Kind::Intent, None)
    }

    /// Appends the outcome of a call whose intent is written.
    pub(crate) fn outcome(&mut self, end: HoldEnd, settled: Option<Money>) -> Written<'a> {
        self.stage = Stage::Closed;
        self.settled = settled;
        self.end = Some(end);
        self.append(None, Kind::Outcome, Some(end))
    }

    /// Appends what a poll's answer did to its task's hold.
    pub(crate) fn settle(&self, task: TaskId, closed: &Closed) {
        settled(self.worker, &self.upstream.name, self.key.as_deref(), task, closed);
    }

    /// Closes the record and makes the answer.
    pub(crate) fn close(mut self, walked: Result<Reply, Refusal>) -> Reply {
        fault::at(Place::Record);
        let reply = match walked {
            Ok(reply) => reply,
            Err(refusal) => {
                let answering = Answering { profile: &self.upstream.profile, form: self.form, id: self.id };
                let reply = refusal.reply(answering, self.free_read);
                match refusal {
                    Refusal::Denied(denial) => self.denial = Some(denial),
                    Refusal::Failed(failure) => self.failure = Some(failure),
                    Refusal::NotYet { .. } => self.note("polled before the provider takes it: answered by the gate"),
                }
                reply
            }
        };
        self.finish();
        self.measure();
        self.keep(Some(&reply.body));
        reply
    }

    /// Tells the key's brake of a paid call.
    fn measure(&self) {
        let (Some(key), Some(end), Some(held)) = (&self.key, self.end, self.held) else { return };
        let failed = matches!(end, HoldEnd::Voided | HoldEnd::Unknown);
        if let Some(reason) = key.attachment.pace.count(key.terms.brake, held, failed, self.worker.lately().mono) {
            tracing::error!(key = key.name.as_str(), "{reason}");
            self.worker.gate.runaways.lock().push(Runaway { key: key.name.clone(), reason });
        }
    }

    /// Keeps the answer under the name that the caller gave; the name is free again if the money returned.
    fn keep(&mut self, body: Option<&[u8]>) {
        let Some(claim) = self.claim.take() else { return };
        let bought = self.end.is_some_and(|end| end != HoldEnd::Voided);
        if bought || (self.hopeless && body.is_some()) {
            claim.answered(self.id, self.task, body, self.worker.lately().wall);
        }
    }

    /// Counts the request, and writes the line that it still owes.
    fn finish(&mut self) {
        let gate = &self.worker.gate;
        gate.tally.count(self.operation, self.denial.as_ref().map(|denial| denial.code), self.failure.as_ref().map(|failure| failure.code));
        if let (Some(key), Some(denial), Factor::Ok) = (&self.key, &self.denial, self.verdict.identity) {
            gate.recent.remember(key.id, self.began.wall, denial);
        }
        match self.stage {
            Stage::Closed => {}
            // refused behind its intent: nothing was sent, or the guard of the hold has made it unknown
            Stage::Intended => drop(self.outcome(if self.denial.is_some() { HoldEnd::Voided } else { HoldEnd::Unknown }, None)),
            Stage::Open => {
                self.stage = Stage::Closed;
                // whoever did not prove a key from its own address cannot fill the log: the first ten a second, then a count
                let stranger = self.verdict.identity == Factor::No || self.verdict.network == Factor::No || self.key.is_none();
                if !stranger || self.worker.journal.admits(self.source, self.worker.lately().mono) {
                    drop(self.append(None, Kind::Request, None));
                }
            }
        }
    }

    fn append(&self, at: Option<Timestamp>, kind: Kind, hold: Option<HoldEnd>) -> Written<'a> {
        // what says how long things took looks at the clock
        let now = if kind == Kind::Intent { self.worker.lately() } else { self.worker.now() };
        let total_us = now.mono.nanos_since(self.began.mono) / 1000;
        let reason = self
            .denial
            .as_ref()
            .map(|denial| &*denial.reason)
            .or(self.failure.as_ref().map(|failure| &*failure.detail))
            .or(self.note.as_deref());
        let record = Record {
            key: self.key.as_ref().map(|key| (key.id, &key.name)),
            team: self.key.as_ref().and_then(|key| key.team.as_ref()),
            upstream: Some(&self.upstream.name),
            operation: self.operation,
            method: self.method.as_ref().map(MethodName::as_str),
            task: self.task,
            decision: self.decision(),
            denied_by: self
                .denial
                .as_ref()
                .map(|denial| denial.code.as_str())
                .or(self.failure.as_ref().map(|failure| failure.code.as_str())),
            reason,
            would_deny: &self.would_deny,
            factors: self.verdict,
            held: self.held,
            settled: self.settled,
            hold,
            secret_version: self.secret.as_ref().map(VersionId::as_str),
            credential: self.credential,
            provider_error: self.provider_error.as_deref(),
            generation: self.generation,
            gate_us: total_us.saturating_sub(self.upstream_us.unwrap_or(0)),
            upstream_us: self.upstream_us,
            client: self.client,
            source: Some(self.source),
            user_agent: self.user_agent,
            http: (kind != Kind::Intent).then_some((self.http, 200)),
            alarm: self.alarm,
            // whoever comes again after a restart is answered by it
            idempotency: self.claim.as_ref().filter(|_| hold.is_some() || kind == Kind::Intent).map(Claim::written),
            ..Record::new(at.unwrap_or(now.wall), kind, self.id)
        };
        self.worker.journal.append(&record)
    }

    fn decision(&self) -> Decision {
        match (&self.denial, &self.failure) {
            (Some(_), _) => Decision::Denied,
            (None, Some(_)) => Decision::Failed,
            (None, None) => Decision::Allowed,
        }
    }
}

impl Drop for Line<'_> {
    /// Dropped in the middle: the gate went down, or a room panicked.
    fn drop(&mut self) {
        if self.stage != Stage::Closed {
            self.failure = Some(super::settle::unknown("it was interrupted: the gate went down, or a fault of its own"));
            self.finish();
        }
        self.keep(None);
    }
}

#[cfg(test)]
mod tests;
