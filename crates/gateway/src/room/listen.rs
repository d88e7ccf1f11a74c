//! Room 0: is this a well-formed request within our limits and budgets, and for which upstream?

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tollgate_dialect::{Answering, Incoming, guess_form};
use tollgate_model::{Denial, DenialCode, Now, RequestId};
use tollgate_policy::Untold;
use tollgate_policy::network::client_address;
use tollgate_wire::{Method, Reject, RequestHead};

use crate::fault::{self, Place};
use crate::gate::Upstream;
use crate::me::Asking;
use crate::refusal::{Refusal, Reply};
use crate::room::record;
use crate::worker::Worker;

/// The listener a connection came in by.
pub(crate) struct Entrance {
    /// The upstream at its root.
    pub(crate) root: Option<Arc<Upstream>>,
}

/// A well-formed request for one of our upstreams; times and addresses are sampled once, here.
pub struct Arrival<'a> {
    pub(crate) id: RequestId,
    pub(crate) now: Now,
    /// The socket's peer.
    pub(crate) source: IpAddr,
    /// The true client behind trusted proxies.
    pub(crate) client: Result<IpAddr, Untold>,
    pub(crate) upstream: &'a Arc<Upstream>,
    pub(crate) method: Method,
    /// Without the `/u/<upstream>` prefix.
    pub(crate) path: &'a [u8],
    pub(crate) query: &'a [u8],
    pub(crate) content_type: Option<&'a [u8]>,
    pub(crate) authorization: Option<&'a [u8]>,
    pub(crate) user_agent: Option<&'a [u8]>,
    /// The caller's own name for a submission, as sent.
    pub(crate) idempotency_key: Option<&'a [u8]>,
    pub(crate) body: &'a [u8],
    /// Private: only this room makes one.
    _proof: (),
}

/// Paths whose bodies may be as large as an image; elsewhere 16 KiB (ARCHITECTURE.md, "Bytes").
const SUBMITTING: [&[u8]; 3] = [b"/in.php", b"/solve.php", b"/createTask"];
const SMALL_BODY: u64 = 16 << 10;

/// The body limit of a path.
pub(crate) fn body_limit(path: &[u8], largest: u64) -> u64 {
    if SUBMITTING.iter().any(|submitting| path.ends_with(submitting)) { largest } else { largest.min(SMALL_BODY) }
}

/// A share of the gate's budget for bodies; returned on drop.
pub(crate) struct BodyBudget<'w> {
    worker: &'w Worker,
    bytes: usize,
}

impl<'w> BodyBudget<'w> {
    /// None yet: a budget is taken as bytes arrive, since what is only announced fills no memory.
    pub(crate) const fn new(worker: &'w Worker) -> Self {
        Self { worker, bytes: 0 }
    }

    /// Takes what a body of so many bytes needs; false when the gate has no room. An eighth is kept for small bodies, so that
    /// images cannot shut out everybody else.
    pub(crate) fn cover(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let before = self.worker.gate.body_bytes.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        let whole = self.worker.gate.settings.budgets.body_bytes;
        let room = if bytes as u64 > SMALL_BODY { whole - whole / 8 } else { whole };
        before + more <= room
    }
}

impl Drop for BodyBudget<'_> {
    fn drop(&mut self) {
        self.worker.gate.body_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What came in.
pub(crate) enum Arrived<'a> {
    /// A request for an upstream.
    Call(Arrival<'a>),
    /// A caller that asks about itself (`GET /v1/me`).
    Me(Asking<'a>),
    /// Something that is answered without asking who it is.
    Answered(Reply),
}

/// Tells apart what came in; times and addresses are sampled here, once.
pub(crate) fn arrive<'a>(
    worker: &'a Worker,
    entrance: &'a Entrance,
    peer: IpAddr,
    head: &RequestHead,
    bytes: &'a [u8],
    body: &'a [u8],
) -> Arrived<'a> {
    let now = worker.now();
    let Ok(random) = worker.random.bytes() else {
        return Arrived::Answered(Reply::bare(RequestId::from_bytes([0; 16]), 503, "no randomness: requests cannot be named").closing());
    };
    let id = RequestId::new(now.wall, random);
    let unheard = record::Unheard::new(worker, id, now, peer);
    let arrived = tell_apart(worker, entrance, &Heard { id, now, peer }, head, bytes, body);
    unheard.was_heard();
    arrived
}

/// What was sampled of an arrival.
struct Heard {
    id: RequestId,
    now: Now,
    peer: IpAddr,
}

fn tell_apart<'a>(
    worker: &'a Worker,
    entrance: &'a Entrance,
    heard: &Heard,
    head: &RequestHead,
    bytes: &'a [u8],
    body: &'a [u8],
) -> Arrived<'a> {
    fault::at(Place::Listen);
    let Heard { id, now, peer } = *heard;
    let settings = &worker.gate.settings;
    let forwarded = head.values(bytes, settings.forwarded_header.name());
    let client = client_address(peer, forwarded, settings.forwarded_header, &settings.trusted_proxies);
    let (whole, query) = (head.path.of(bytes), head.query.of(bytes));
    let authorization = head.authorization.map(|span| span.of(bytes));
    let user_agent = head.user_agent.map(|span| span.of(bytes));
    match (head.method, whole) {
        (Method::Get | Method::Head, b"/healthz") => return Arrived::Answered(Reply::bare(id, 200, "ok")),
        (Method::Get | Method::Head, b"/readyz") => return Arrived::Answered(readiness(worker, id)),
        (Method::Get, b"/v1/me") => return Arrived::Me(Asking { id, now, source: peer, client, query, authorization, user_agent }),
        _ => {}
    }
    let nowhere = |status, text| {
        record::turned_away(worker, id, now, peer, DenialCode::Malformed, status, text);
        let mut reply = Reply::bare(id, status, text);
        reply.denied = (status >= 400).then_some(DenialCode::Malformed.as_str());
        Arrived::Answered(reply)
    };
    match head.method {
        Method::Options => return nowhere(204, "OPTIONS"),
        Method::Head => return nowhere(405, "HEAD is served for /healthz and /readyz only"),
        Method::Get | Method::Post => {}
    }
    let (upstream, path) = match route(worker, entrance, head.host.of(bytes), whole) {
        Ok(found) => found,
        Err((status, text)) => return nowhere(status, text),
    };
    let content_type = head.content_type.map(|span| span.of(bytes));
    let method = head.method;
    Arrived::Call(Arrival {
        id,
        now,
        source: peer,
        client,
        upstream,
        method,
        path,
        query,
        content_type,
        authorization,
        user_agent,
        idempotency_key: head.idempotency_key.map(|span| span.of(bytes)),
        body,
        _proof: (),
    })
}

/// Answers a request whose body found no room, in the caller's dialect: nothing was sent, and waiting helps.
pub(crate) fn overloaded(worker: &Worker, entrance: &Entrance, peer: IpAddr, head: &RequestHead, bytes: &[u8]) -> Reply {
    let now = worker.now();
    let id = RequestId::new(now.wall, worker.random.bytes().unwrap_or_default());
    let why = "the gate has no room for more bodies now";
    record::turned_away(worker, id, now, peer, DenialCode::Overloaded, 503, why);
    let mut reply = match route(worker, entrance, head.host.of(bytes), head.path.of(bytes)) {
        Ok((upstream, path)) => {
            let incoming = Incoming {
                method: tollgate_dialect::Method::Post,
                path,
                query: head.query.of(bytes),
                content_type: None,
                authorization: None,
                body: b"",
            };
            let denial = Denial::new(DenialCode::Overloaded, why).retry_after(1_000);
            let form = guess_form(&upstream.profile, &incoming);
            Refusal::Denied(denial).reply(Answering { profile: &upstream.profile, form, id }, false)
        }
        Err((status, text)) => Reply::bare(id, status, text),
    };
    reply.close = true;
    reply
}

/// Answers what was no request, and writes it down.
pub(crate) fn reject(worker: &Worker, peer: IpAddr, reject: Reject) -> Reply {
    let now = worker.now();
    let id = RequestId::new(now.wall, worker.random.bytes().unwrap_or_default());
    record::turned_away(worker, id, now, peer, DenialCode::Malformed, reject.status(), reject.reason());
    let mut reply = Reply::bare(id, reject.status(), reject.reason()).closing();
    reply.denied = Some(DenialCode::Malformed.as_str());
    reply
}

type Elsewhere = (u16, &'static str);

/// `/u/<upstream>/…` on every listener; else the listener's root; else the Host, among exact names only.
fn route<'w, 'a>(
    worker: &'w Worker,
    entrance: &'w Entrance,
    host: &[u8],
    path: &'a [u8],
) -> Result<(&'w Arc<Upstream>, &'a [u8]), Elsewhere> {
    let upstreams = &worker.gate.upstreams;
    if let Some(rest) = path.strip_prefix(b"/u/") {
        let slash = memchr::memchr(b'/', rest).ok_or((404, "no such upstream"))?;
        let (name, path) = rest.split_at(slash);
        let upstream = std::str::from_utf8(name).ok().and_then(|name| upstreams.named(name)).ok_or((404, "no such upstream"))?;
        return Ok((upstream, path));
    }
    if let Some(root) = &entrance.root {
        return Ok((root, path));
    }
    let host = std::str::from_utf8(host).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    upstreams.at_host(&name).map(|upstream| (upstream, path)).ok_or((421, "no upstream has this host name"))
}

fn readiness(worker: &Worker, id: RequestId) -> Reply {
    match worker.gate.unready() {
        None => Reply::bare(id, 200, "ready"),
        Some(why) => Reply::bare(id, 503, why),
    }
}

#[cfg(test)]
mod tests;
