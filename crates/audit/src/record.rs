//! What does a line of the journal say? One typed record; every field that may stand in a line is named here.

use std::net::IpAddr;

use serde_json::Value;
use tollgate_model::{CredentialHash, Fingerprint, KeyId, Money, Name, RequestId, TaskId, Timestamp, Verdict};

/// Which line of a request this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Before the first upstream byte of a call that can cost money.
    Intent,
    /// What became of it, before the client sees its task.
    Outcome,
    /// A task's hold was ended by an answer, a refusal or its deadline.
    Settle,
    /// Any other arrival: its one line.
    Request,
}

/// What the gate decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Let through.
    Allowed,
    /// Refused by us.
    Denied,
    /// Let through, and something broke.
    Failed,
}

/// What happened to the hold of the request, for people and for the replay after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldEnd {
    /// A task was named; the hold stays open.
    Opened,
    /// Paid for: `settled` is the cost.
    Settled,
    /// Settled at the hold without the provider's word.
    Assumed,
    /// The provider did no work: the money returned.
    Voided,
    /// Sent, and nobody knows: spent until reconciled.
    Unknown,
}

/// An `Idempotency-Key` and the submission that came with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The header's value with the virtual key's id, hashed.
    pub key: Fingerprint,
    /// The submission as it was understood, hashed.
    pub body: Fingerprint,
}

/// One line of a request, borrowed from where its facts live; formatted once, into the lane's buffer.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// When; of an intent the admission instant, which decides the windows that its hold counts in.
    pub at: Timestamp,
    /// Which line.
    pub kind: Kind,
    /// The request; the same in all its lines. In a settle line: the submission that is settled.
    pub request: RequestId,
    /// Whose, once known.
    pub key: Option<(KeyId, &'a Name)>,
    /// The key's team.
    pub team: Option<&'a Name>,
    /// The account.
    pub upstream: Option<&'a Name>,
    /// The operation: `submit`, `poll`, …
    pub operation: Option<&'static str>,
    /// The priced method.
    pub method: Option<&'a str>,
    /// The provider's task.
    pub task: Option<TaskId>,
    /// What was decided.
    pub decision: Decision,
    /// The code of a denial or failure.
    pub denied_by: Option<&'static str>,
    /// The reason in words; never a credential.
    pub reason: Option<&'a str>,
    /// Checks that would have denied an observed key.
    pub would_deny: &'a [&'static str],
    /// What the four factors said.
    pub factors: Verdict,
    /// The worst case held.
    pub held: Option<Money>,
    /// What it cost.
    pub settled: Option<Money>,
    /// What happened to the hold.
    pub hold: Option<HoldEnd>,
    /// Which version of the real key was used.
    pub secret_version: Option<&'a str>,
    /// The keyed hash of what was presented.
    pub credential: Option<CredentialHash>,
    /// The provider's own word of refusal, from the known list.
    pub provider_error: Option<&'a str>,
    /// The registry's generation that judged it.
    pub generation: u64,
    /// Microseconds in the gate and at the provider.
    pub gate_us: u64,
    /// Microseconds at the provider.
    pub upstream_us: Option<u64>,
    /// The true client behind trusted proxies.
    pub client: Option<IpAddr>,
    /// The socket's peer.
    pub source: Option<IpAddr>,
    /// The client's own word for itself, cut to 256 bytes; control and non-UTF-8 bytes are escaped.
    pub user_agent: Option<&'a [u8]>,
    /// HTTP method and status of the answer.
    pub http: Option<(&'static str, u16)>,
    /// What the caller called the submission, and what it was, hashed: a restart finds by them what was answered.
    pub idempotency: Option<Idempotency>,
    /// A finding that wakes a person: `real_key_presented`, `leak_withheld`, …
    pub alarm: Option<&'static str>,
}

/// A line that is no request's: an administrative act, an alarm, a start, a drain, a cut-off last line.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// When.
    pub at: Timestamp,
    /// `event.kind`: `event` or `alert`.
    pub kind: &'static str,
    /// `event.action`: `key_create`, `process_start`, `unauthenticated_many`, …
    pub action: &'a str,
    /// `event.outcome`: `success`, `failure`, `unknown`.
    pub outcome: &'static str,
    /// What it was done to, where that has a name.
    pub subject: Option<&'a str>,
    /// The rest, as an object under `tollgate.detail`; never a key, a token, an answer.
    pub detail: Option<&'a Value>,
}

impl Record<'_> {
    /// A line of which nothing but its place is known yet.
    pub fn new(at: Timestamp, kind: Kind, request: RequestId) -> Self {
        Self {
            at,
            kind,
            request,
            key: None,
            team: None,
            upstream: None,
            operation: None,
            method: None,
            task: None,
            decision: Decision::Allowed,
            denied_by: None,
            reason: None,
            would_deny: &[],
            factors: Verdict::default(),
            held: None,
            settled: None,
            hold: None,
            secret_version: None,
            credential: None,
            provider_error: None,
            generation: 0,
            gate_us: 0,
            upstream_us: None,
            client: None,
            source: None,
            user_agent: None,
            http: None,
            idempotency: None,
            alarm: None,
        }
    }
}
