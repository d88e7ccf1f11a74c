//! What would be answered, and why was it answered so?

mod story;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_books::LimitView;
use tollgate_model::{Amount, Denial, DenialCode, LimitKind, Money, RequestId, Timestamp};
use tollgate_policy::judge::{self, Judged, Supposed};
use tollgate_policy::{Explanation, Policy};
use tollgate_registry::KeyRecord;

use super::audit::unreadable;
use super::keys;
use crate::body::{Body, InPath, named};
use crate::desk::{Desk, json};
use crate::form::instant;
use crate::gate::Whose;
use crate::problem::{Kind, Problem};
use crate::shown;

/// Lines of one request; it has three, settles of repeated ids aside.
const MOST: usize = 32;

/// A request that was not sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    key: String,
    from: IpAddr,
    at: Option<String>,
    method: Option<String>,
}

pub(crate) async fn supposed<A: Send + Sync + 'static>(
    State(desk): State<Arc<Desk<A>>>,
    Body(asked): Body<Asked>,
) -> Result<Response, Problem> {
    let name = named(&asked.key)?;
    let record = keys::record(&desk, &name)?;
    let now = (desk.clock)().wall;
    let at = match &asked.at {
        None => now,
        Some(text) => instant(text, now).map_err(|error| Problem::new(Kind::Malformed, format!("`at`: {error}")))?,
    };
    let mut limits = desk.gate.limits(Whose::Key(&name)).await;
    limits.extend(desk.gate.limits(Whose::Upstream(&record.upstream)).await);
    let explained = explained(&desk, &record, &asked, at, &limits);
    let refusal = explained.refusal();
    let opens = record.terms.hours.as_ref().filter(|hours| !hours.is_open(at)).and_then(|hours| hours.next_opening(at));
    Ok(json(
        200,
        &json!({
            "key": record.name,
            "from": asked.from,
            "at": at.to_string(),
            "method": asked.method,
            "factors": explained.verdict(),
            "decision": if refusal.is_some() { "denied" } else { "allowed" },
            "denied_by": refusal.map(|denial| denial.code.as_str()),
            "reason": refusal.map(|denial| denial.reason.to_string()),
            "opens": opens.map(|at| at.to_string()),
            "limits": shown::limits_with_resets(&limits, at),
        }),
    ))
}

/// The rooms' judgements, each in the factor and the order in which the gate gives it.
fn explained<A: Send + Sync + 'static>(
    desk: &Desk<A>,
    record: &KeyRecord,
    asked: &Asked,
    at: Timestamp,
    limits: &[LimitView],
) -> Explanation {
    let policy = record.terms.policy();
    let last_used = desk.registry.snapshot().last_used(record.name.as_str()).unwrap_or(record.created);
    let supposed = Supposed {
        client: Ok(asked.from),
        at,
        last_used,
        method: asked.method.as_deref(),
        callback: None,
        // an ended key is unknown to the gate, before anything else is asked of it
        identity: identity(desk, record).and(judge::unended(&policy, at, last_used)),
        allowance: priced(desk, record, asked.method.as_deref()).map_or_else(Judged::Denied, |price| allowance(&policy, limits, price, at)),
    };
    let mut explained = judge::explain(&policy, supposed);
    explained.time = paused(desk, record).and(explained.time);
    explained
}

fn identity<A: Send + Sync + 'static>(desk: &Desk<A>, record: &KeyRecord) -> Judged {
    let denied = |code, reason: String| Judged::Denied(Denial::new(code, reason));
    match record.revoked {
        Some(at) => denied(DenialCode::Revoked, format!("the key was revoked at {at}")),
        None if desk.registry.snapshot().key(record.name.as_str()).is_none() => {
            denied(DenialCode::Unauthenticated, format!("the key's upstream `{}` is not configured", record.upstream))
        }
        None => Judged::Agreed,
    }
}

fn paused<A: Send + Sync + 'static>(desk: &Desk<A>, record: &KeyRecord) -> Judged {
    let reason = desk.registry.snapshot().key(record.name.as_str()).and_then(|key| key.paused());
    reason.map_or(Judged::Agreed, |reason| Judged::Denied(Denial::new(DenialCode::Paused, reason)))
}

/// What the task would be held for; without a method the cheapest that the key may submit.
fn priced<A: Send + Sync + 'static>(desk: &Desk<A>, record: &KeyRecord, method: Option<&str>) -> Result<Money, Denial> {
    let denied = |reason: String| Denial::new(DenialCode::OperationDenied, reason);
    let prices = desk.gate.prices(&record.upstream);
    let prices = prices.as_ref().ok_or_else(|| denied(format!("the upstream `{}` has no prices", record.upstream)))?;
    let Some(method) = method else {
        let permitted = prices.iter().filter(|(method, _)| record.terms.methods.hold(method));
        return permitted.map(|(_, price)| price).min().ok_or_else(|| denied("the key may submit no method".to_owned()));
    };
    let account = desk.gate.upstreams().into_iter().find(|upstream| upstream.name == record.upstream);
    if account.is_some_and(|account| account.stopped.iter().any(|stopped| stopped == method)) {
        return Err(denied("the provider charged more than the price table says: the method is stopped".to_owned()));
    }
    prices.worst_case(method).ok_or_else(|| denied(format!("no price is known for the method `{method}`")))
}

/// What the limits would say to one more task at that instant.
fn allowance(policy: &Policy, limits: &[LimitView], price: Money, at: Timestamp) -> Judged {
    // a window that is over by then has given way to an unused one
    let in_force = limits.iter().filter(|view| view.resets_at.is_none_or(|end| at < end));
    in_force.filter(|view| is_full(view, price)).map(|view| used_up(policy, view, at)).fold(Judged::Agreed, Judged::and)
}

const fn is_full(view: &LimitView, price: Money) -> bool {
    match view.limit.kind {
        LimitKind::Cap { amount: Amount::Money(_), .. } => view.left < price.nanos(),
        LimitKind::Cap { amount: Amount::Tasks(_), .. } | LimitKind::Concurrency(_) | LimitKind::Rate(_) => view.left < 1,
    }
}

fn used_up(policy: &Policy, view: &LimitView, at: Timestamp) -> Judged {
    let until = view.resets_at.map_or_else(String::new, |end| format!(" until {end}"));
    let reason = format!("`{}` of the {} is used up{until}", view.limit.kind, view.scope());
    match view.limit.kind {
        LimitKind::Cap { .. } => Judged::Denied(Denial::new(DenialCode::CapReached, reason)),
        LimitKind::Concurrency(_) => Judged::Denied(Denial::new(DenialCode::ConcurrencyLimited, reason)),
        LimitKind::Rate(_) => judge::rated(policy, Denial::new(DenialCode::RateLimited, reason), at),
    }
}

pub(crate) async fn request<A: Send + Sync + 'static>(State(desk): State<Arc<Desk<A>>>, InPath(id): InPath) -> Result<Response, Problem> {
    let id: RequestId = id
        .parse()
        .map_err(|_| Problem::new(Kind::Malformed, format!("`{id}` is no request id")).hint("it is in the header `Tollgate-Request-Id`"))?;
    let gate = desk.gate.clone();
    let found = tokio::task::spawn_blocking(move || tollgate_audit::about(gate.audit(), id)).await;
    let found = found.map_err(|_| unreadable())?.map_err(|_| unreadable())?;
    let too_many = found.len().saturating_sub(MOST);
    let lines: Vec<Value> = found.into_iter().skip(too_many).map(|found| found.value).collect();
    if lines.is_empty() {
        return Err(Problem::new(Kind::NotFound, "no line of the audit log has this id")
            .hint("lines of refused arrivals are written within a second"));
    }
    let story: Vec<String> = lines.iter().map(story::told).collect();
    Ok(json(200, &json!({ "request_id": id.to_string(), "story": story, "lines": lines })))
}

#[cfg(test)]
mod tests;
