//! What may this caller do, and why was it refused? `GET /v1/me`: its own key's view of itself.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_audit::{Decision, Kind, Record};
use tollgate_dialect::{Incoming, Method, Presented, presented as credential};
use tollgate_model::{CredentialHash, Denial, DenialCode, Now, RequestId, Scope, Timestamp};
use tollgate_policy::Untold;
use tollgate_policy::judge;
use tollgate_registry::{Key, Standing};

use crate::gate::Bound;
use crate::refusal::Reply;
use crate::worker::Worker;

/// A caller that asks about itself.
pub(crate) struct Asking<'a> {
    pub(crate) id: RequestId,
    pub(crate) now: Now,
    pub(crate) source: IpAddr,
    pub(crate) client: Result<IpAddr, Untold>,
    pub(crate) query: &'a [u8],
    pub(crate) authorization: Option<&'a [u8]>,
    pub(crate) user_agent: Option<&'a [u8]>,
}

/// Answers a caller that proves its key and comes from an allowed address; nobody learns about another.
pub(crate) async fn answer(worker: &Worker, asking: Asking<'_>) -> Reply {
    let mut seen = Seen::default();
    let judged = known(worker, &asking, &mut seen);
    let reply = match &judged {
        Ok(key) => Reply::json(asking.id, 200, &shown(worker, key).await),
        Err(denial) if denial.code == DenialCode::NetworkDenied => refusal(asking.id, denial.code),
        Err(denial) => {
            let source = asking.client.unwrap_or(asking.source);
            match worker.gate.strangers.failed(source, asking.now.mono) {
                None => refusal(asking.id, denial.code),
                Some(wait_ms) => slowed(asking.id, wait_ms),
            }
        }
    };
    worker.gate.tally.count(Some("me"), judged.as_ref().err().map(|denial| denial.code), None);
    record(worker, &asking, &seen, &judged, reply.status);
    reply
}

/// The key in one of its places, read as strictly as a provider's request: two that differ are none.
fn presented<'a>(asking: &Asking<'a>) -> Result<Presented<'a>, Denial> {
    let incoming = Incoming {
        method: Method::Get,
        path: b"/v1/me",
        query: asking.query,
        content_type: None,
        authorization: asking.authorization,
        body: b"",
    };
    credential(&incoming).map_err(|misread| Denial::new(misread.code, misread.reason))
}

fn known(worker: &Worker, asking: &Asking<'_>, seen: &mut Seen) -> Result<Arc<Key<Bound>>, Denial> {
    let presented = presented(asking)?;
    let presented = presented.expose();
    if presented.is_empty() {
        return Err(Denial::new(DenialCode::Unauthenticated, "no credential was presented"));
    }
    let hash = worker.gate.hash(presented);
    seen.hash = Some(hash);
    let snapshot = worker.gate.registry.snapshot();
    let Some(found) = snapshot.find(&hash, asking.now.wall) else {
        if worker.gate.upstreams.iter().any(|upstream| upstream.keyring.recognise(presented).is_some()) {
            seen.alarm = Some("real_key_presented");
        }
        return Err(Denial::new(DenialCode::Unauthenticated, "no key of ours"));
    };
    match found.standing {
        Standing::Live => {}
        Standing::Expired => return Err(Denial::new(DenialCode::Expired, "this secret of the key was replaced")),
        Standing::Revoked => return Err(Denial::new(DenialCode::Revoked, "the key was revoked")),
    }
    judge::unended(&found.key.policy, asking.now.wall, found.key.last_used()).passed()?;
    judge::locate(&found.key.policy, asking.client, asking.now.wall).passed()?;
    Ok(found.key)
}

/// What the record says of a caller, known or not.
#[derive(Default)]
struct Seen {
    hash: Option<CredentialHash>,
    alarm: Option<&'static str>,
}

async fn shown(worker: &Worker, key: &Key<Bound>) -> Value {
    let views = worker.gate.books.view(&key.attachment.upstream.account, &key.attachment.limits).await;
    let refusals = worker.gate.recent.of(key.id);
    let now = worker.now().wall;
    json!({
        "key": key.name.as_str(),
        "upstream": key.attachment.upstream.name.as_str(),
        "team": key.team.as_ref().map(tollgate_model::Name::as_str),
        "env": key.terms.env,
        "not_before": key.terms.not_before.map(instant),
        "expires": key.terms.expires.map(instant),
        "opening_hours": key.terms.hours.as_ref().map(|hours| hours.openings().iter().map(ToString::to_string).collect::<Vec<_>>()),
        "paused": key.paused(),
        // what the whole account may do is not this caller's business
        "limits": views.iter().filter(|view| !matches!(view.limit.scope, Scope::Upstream(_))).map(|view| view.shown_with_resets(now)).collect::<Vec<_>>(),
        "refusals": refusals.iter().map(|refused| json!({
            "at": instant(refused.at),
            "code": refused.code.as_str(),
            "reason": refused.reason,
        })).collect::<Vec<_>>(),
    })
}

fn instant(at: Timestamp) -> String {
    at.to_string()
}

/// Whoever fails too often is told to wait.
fn slowed(id: RequestId, wait_ms: u64) -> Reply {
    let code = DenialCode::RateLimited.as_str();
    let problem = json!({ "type": "about:blank", "title": "too many failures from this address", "status": 429, "code": code });
    let mut reply = Reply::json(id, 429, &problem);
    reply.content_type = "application/problem+json";
    reply.denied = Some(code);
    reply.retry_after_s = Some(wait_ms.div_ceil(1_000).max(1));
    reply
}

/// Expired, revoked and unknown look alike.
fn refusal(id: RequestId, code: DenialCode) -> Reply {
    let network = code == DenialCode::NetworkDenied;
    let (status, code) = if network { (403, DenialCode::NetworkDenied) } else { (401, DenialCode::Unauthenticated) };
    let title = if network { "this key may not be used from this address" } else { "no valid key was presented" };
    let problem = json!({ "type": "about:blank", "title": title, "status": status, "code": code.as_str() });
    let mut reply = Reply::json(id, status, &problem);
    reply.content_type = "application/problem+json";
    reply.denied = Some(code.as_str());
    reply
}

fn record(worker: &Worker, asking: &Asking<'_>, seen: &Seen, judged: &Result<Arc<Key<Bound>>, Denial>, status: u16) {
    if judged.is_err() && !worker.journal.admits(asking.source, asking.now.mono) {
        return;
    }
    let denial = judged.as_ref().err();
    let key = judged.as_ref().ok();
    let record = Record {
        operation: Some("me"),
        key: key.map(|key| (key.id, &key.name)),
        upstream: key.map(|key| &key.attachment.upstream.name),
        decision: if denial.is_some() { Decision::Denied } else { Decision::Allowed },
        denied_by: denial.map(|denial| denial.code.as_str()),
        reason: denial.map(|denial| &*denial.reason),
        credential: seen.hash,
        alarm: seen.alarm,
        client: asking.client.ok(),
        source: Some(asking.source),
        user_agent: asking.user_agent,
        http: Some(("GET", status)),
        ..Record::new(asking.now.wall, Kind::Request, asking.id)
    };
    worker.journal.append(&record).needs_no_waiting();
}
