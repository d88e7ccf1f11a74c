//! What may this caller do, and why was it refused? `GET /v1/me`: its own key's view of itself.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_audit::{Decision, Kind, Record};
use tollgate_books::LimitView;
use tollgate_model::{Amount, CredentialHash, Denial, DenialCode, LimitKind, Money, Now, RequestId, Scope, Timestamp};
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
    let presented = presented(&asking);
    let hash = (!presented.is_empty()).then(|| worker.gate.hash(presented));
    let judged = known(worker, &asking, hash);
    record(worker, &asking, hash, &judged);
    match judged {
        Ok(key) => {
            let shown = shown(worker, &key).await;
            worker.gate.tally.count(Some("me"), None, None);
            Reply::json(asking.id, 200, &shown)
        }
        Err(denial) => {
            worker.gate.tally.count(None, Some(denial.code), None);
            let known = denial.code == DenialCode::NetworkDenied;
            let source = asking.client.unwrap_or(asking.source);
            let wait_ms = if known { None } else { worker.strangers.failed(source, asking.now.mono) };
            match wait_ms {
                None => refusal(asking.id, denial.code),
                Some(wait_ms) => slowed(asking.id, wait_ms),
            }
        }
    }
}

/// The key as bearer or as `key=`; the same word only, where both stand.
fn presented<'a>(asking: &Asking<'a>) -> &'a [u8] {
    let bearer = asking.authorization.and_then(|value| {
        let (scheme, rest) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(rest)
    });
    let named = asking.query.split(|byte| *byte == b'&').find_map(|pair| pair.strip_prefix(b"key="));
    match (bearer, named) {
        (Some(bearer), Some(named)) if bearer != named => b"",
        (Some(one), _) | (None, Some(one)) => one,
        (None, None) => b"",
    }
}

fn known(worker: &Worker, asking: &Asking<'_>, hash: Option<CredentialHash>) -> Result<Arc<Key<Bound>>, Denial> {
    let unknown = || Denial::new(DenialCode::Unauthenticated, "no key of ours");
    let snapshot = worker.gate.registry.snapshot();
    let found = hash.and_then(|hash| snapshot.find(&hash, asking.now.wall)).ok_or_else(unknown)?;
    if found.standing != Standing::Live {
        return Err(unknown());
    }
    judge::unended(&found.key.policy, asking.now.wall, found.key.last_used()).passed()?;
    judge::locate(&found.key.policy, asking.client, asking.now.wall).passed()?;
    Ok(found.key)
}

async fn shown(worker: &Worker, key: &Key<Bound>) -> Value {
    let views = worker.gate.books.view(&key.attachment.upstream.account, &key.attachment.limits).await;
    let refusals = worker.gate.recent.of(key.id);
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
        "limits": views.iter().filter(|view| !matches!(view.limit.scope, Scope::Upstream(_))).map(limit).collect::<Vec<_>>(),
        "refusals": refusals.iter().map(|refused| json!({
            "at": instant(refused.at),
            "code": refused.code.as_str(),
            "reason": refused.reason,
        })).collect::<Vec<_>>(),
    })
}

fn limit(view: &LimitView) -> Value {
    let money = matches!(view.limit.kind, LimitKind::Cap { amount: Amount::Money(_), .. });
    let amount = |units: i64| if money { Value::from(Money::from_nanos(units).to_string()) } else { Value::from(units) };
    json!({
        "limit": view.limit.kind.to_string(),
        "scope": match view.limit.scope { Scope::Key(_) => "key", Scope::Team(_) => "team", Scope::Upstream(_) => "upstream" },
        "used": amount(view.used),
        "left": amount(view.left),
        "unit": match view.limit.kind {
            LimitKind::Cap { amount: Amount::Money(_), .. } => "usd",
            LimitKind::Cap { amount: Amount::Tasks(_), .. } => "tasks",
            LimitKind::Rate(_) => "requests",
            LimitKind::Concurrency(_) => "open",
        },
        "resets_at": view.resets_at.map(instant),
        "known": view.known,
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

fn record(worker: &Worker, asking: &Asking<'_>, hash: Option<CredentialHash>, judged: &Result<Arc<Key<Bound>>, Denial>) {
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
        credential: hash,
        client: asking.client.ok(),
        source: Some(asking.source),
        user_agent: asking.user_agent,
        http: Some(("GET", if denial.is_some() { 401 } else { 200 })),
        ..Record::new(asking.now.wall, Kind::Request, asking.id)
    };
    worker.journal.append(&record).needs_no_waiting();
}
