//! What stands in a line? One record becomes one JSON object under Elastic Common Schema names, written straight into the lane's buffer.

mod text;

#[cfg(test)]
mod tests;

use crate::record::{Decision, Event, HoldEnd, Idempotency, Kind, Record};
use text::{credential, ip, money, number, raw_text, text, value, word};
use tollgate_model::{Factor, Name, TaskId, Timestamp};

/// A client's word for itself is cut here (PRODUCT.md, "Audit lines").
const USER_AGENT: usize = 256;
/// A reason in words is cut here.
const REASON: usize = 512;
/// Every other text: names, methods and provider words are shorter by their own rules.
const WORD: usize = 256;

/// Bytes of a full line, so that the buffer grows once.
const TYPICAL: usize = 1024;

/// Where a line belongs: its lane and its number there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seq<'a> {
    pub(crate) lane: &'a str,
    pub(crate) number: u64,
}

/// The formatter keeps the last instant's text: the lines of one wake-up share it.
#[derive(Debug, Default)]
pub(crate) struct Formatter {
    at: Option<Timestamp>,
    rfc3339: Vec<u8>,
}

impl Formatter {
    /// Appends the record's line, newline included.
    pub(crate) fn record(&mut self, out: &mut Vec<u8>, seq: Seq<'_>, record: &Record<'_>) {
        out.reserve(TYPICAL);
        self.begin(out, record.at, seq);
        out.extend_from_slice(b",\"request_id\":\"");
        out.extend_from_slice(&record.request.text());
        out.push(b'"');
        who(out, record);
        judgement(out, record);
        cost(out, record);
        if let Some(version) = record.secret_version {
            out.extend_from_slice(b",\"secret\":{\"version\":");
            text(out, version, WORD);
            out.push(b'}');
        }
        if let Some(hash) = record.credential {
            out.extend_from_slice(b",\"credential_hash\":\"");
            credential(out, hash);
            out.push(b'"');
        }
        member(out, ",\"provider_error\":", record.provider_error);
        out.extend_from_slice(b",\"generation\":");
        number(out, record.generation);
        out.extend_from_slice(b",\"latency_us\":{\"gate\":");
        number(out, record.gate_us);
        if let Some(upstream) = record.upstream_us {
            out.extend_from_slice(b",\"upstream\":");
            number(out, upstream);
        }
        out.push(b'}');
        if let Some(Idempotency { key, body }) = record.idempotency {
            out.extend_from_slice(b",\"idempotency\":{\"key\":\"");
            out.extend_from_slice(&key.text());
            out.extend_from_slice(b"\",\"body\":\"");
            out.extend_from_slice(&body.text());
            out.extend_from_slice(b"\"}");
        }
        plain(out, ",\"alarm\":", record.alarm);
        out.push(b'}');
        event(out, if record.alarm.is_some() { "alert" } else { "event" }, |out| word(out, record.kind.as_str()), outcome(record));
        network(out, record);
        out.extend_from_slice(b"}\n");
    }

    /// Appends the event's line, newline included.
    pub(crate) fn event(&mut self, out: &mut Vec<u8>, seq: Seq<'_>, line: &Event<'_>) {
        self.begin(out, line.at, seq);
        member(out, ",\"subject\":", line.subject);
        if let Some(detail) = line.detail {
            out.extend_from_slice(b",\"detail\":");
            value(out, detail);
        }
        out.push(b'}');
        event(out, line.kind, |out| text(out, line.action, WORD), line.outcome);
        out.extend_from_slice(b"}\n");
    }

    /// Time and number stand first and at a fixed place, so that readers can skip and merge without parsing.
    fn begin(&mut self, out: &mut Vec<u8>, at: Timestamp, seq: Seq<'_>) {
        if self.at != Some(at) {
            self.rfc3339.clear();
            at.write_rfc3339(&mut self.rfc3339);
            self.at = Some(at);
        }
        out.extend_from_slice(b"{\"@timestamp\":\"");
        out.extend_from_slice(&self.rfc3339);
        out.extend_from_slice(b"\",\"tollgate\":{\"seq\":\"");
        out.extend_from_slice(seq.lane.as_bytes());
        out.push(b':');
        number(out, seq.number);
        out.push(b'"');
    }
}

impl Kind {
    /// `event.action`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::Settle => "settle",
            Self::Request => "request",
        }
    }
}

impl Decision {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

impl HoldEnd {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Settled => "settled",
            Self::Assumed => "assumed",
            Self::Voided => "voided",
            Self::Unknown => "unknown",
        }
    }
}

/// `event.outcome`: an intent's is not known yet.
fn outcome(record: &Record<'_>) -> &'static str {
    match (record.kind, record.hold, record.decision) {
        (Kind::Intent, _, _) | (_, Some(HoldEnd::Unknown), _) => "unknown",
        (_, _, Decision::Allowed) => "success",
        (_, _, Decision::Denied | Decision::Failed) => "failure",
    }
}

fn who(out: &mut Vec<u8>, record: &Record<'_>) {
    if let Some((id, name)) = record.key {
        out.extend_from_slice(b",\"key\":{\"id\":\"key_");
        out.extend_from_slice(&id.text());
        out.extend_from_slice(b"\",\"name\":");
        word(out, name.as_str());
        out.push(b'}');
    }
    plain(out, ",\"team\":", record.team.map(Name::as_str));
    plain(out, ",\"upstream\":", record.upstream.map(Name::as_str));
    plain(out, ",\"operation\":", record.operation);
    member(out, ",\"method\":", record.method);
    plain(out, ",\"task\":", record.task.as_ref().map(TaskId::as_str));
}

fn judgement(out: &mut Vec<u8>, record: &Record<'_>) {
    out.extend_from_slice(b",\"decision\":\"");
    out.extend_from_slice(record.decision.as_str().as_bytes());
    out.push(b'"');
    plain(out, ",\"denied_by\":", record.denied_by);
    if let Some(reason) = record.reason {
        out.extend_from_slice(b",\"reason\":");
        text(out, reason, REASON);
    }
    if !record.would_deny.is_empty() {
        out.extend_from_slice(b",\"would_deny\":[");
        for (place, check) in record.would_deny.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            word(out, check);
        }
        out.push(b']');
    }
    factors(out, record);
}

/// A settle line asks no factor: its members are absent.
fn factors(out: &mut Vec<u8>, record: &Record<'_>) {
    let factors = [
        (",\"factors\":{\"identity\":\"", record.factors.identity),
        ("\",\"network\":\"", record.factors.network),
        ("\",\"allowance\":\"", record.factors.allowance),
        ("\",\"time\":\"", record.factors.time),
    ];
    if factors.iter().all(|(_, factor)| *factor == Factor::Unasked) {
        return;
    }
    for (name, factor) in factors {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(factor.as_str().as_bytes());
    }
    out.extend_from_slice(b"\"}");
}

fn cost(out: &mut Vec<u8>, record: &Record<'_>) {
    if record.held.is_some() || record.settled.is_some() {
        out.extend_from_slice(b",\"cost\":{");
        if let Some(held) = record.held {
            out.extend_from_slice(b"\"held\":\"");
            money(out, held);
            out.extend_from_slice(b"\",");
        }
        if let Some(settled) = record.settled {
            out.extend_from_slice(b"\"settled\":\"");
            money(out, settled);
            out.extend_from_slice(b"\",");
        }
        out.extend_from_slice(b"\"unit\":\"usd\"}");
    }
    plain(out, ",\"hold\":", record.hold.map(HoldEnd::as_str));
}

fn event(out: &mut Vec<u8>, kind: &'static str, action: impl FnOnce(&mut Vec<u8>), outcome: &'static str) {
    out.extend_from_slice(b",\"event\":{\"kind\":");
    word(out, kind);
    out.extend_from_slice(b",\"action\":");
    action(out);
    out.extend_from_slice(b",\"outcome\":");
    word(out, outcome);
    out.push(b'}');
}

fn network(out: &mut Vec<u8>, record: &Record<'_>) {
    for (name, address) in [(",\"client\":{\"ip\":\"", record.client), (",\"source\":{\"ip\":\"", record.source)] {
        if let Some(address) = address {
            out.extend_from_slice(name.as_bytes());
            ip(out, address);
            out.extend_from_slice(b"\"}");
        }
    }
    if let Some(agent) = record.user_agent {
        out.extend_from_slice(b",\"user_agent\":{\"original\":");
        raw_text(out, agent, USER_AGENT);
        out.push(b'}');
    }
    if let Some((method, status)) = record.http {
        out.extend_from_slice(b",\"http\":{\"request\":{\"method\":");
        word(out, method);
        out.extend_from_slice(b"},\"response\":{\"status_code\":");
        number(out, u64::from(status));
        out.extend_from_slice(b"}}");
    }
}

fn plain(out: &mut Vec<u8>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        out.extend_from_slice(name.as_bytes());
        word(out, value);
    }
}

fn member(out: &mut Vec<u8>, name: &str, word: Option<&str>) {
    if let Some(word) = word {
        out.extend_from_slice(name.as_bytes());
        text(out, word, WORD);
    }
}
