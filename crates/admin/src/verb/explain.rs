//! What would be answered, and why was it answered so?

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_books::LimitView;
use tollgate_model::{Denial, DenialCode, LimitKind, RequestId, Timestamp};
use tollgate_policy::judge::{self, Judged, Supposed};
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
    let limits = desk.gate.limits(Whose::Key(&name)).await;
    let prices = desk.gate.prices(&record.upstream);
    let price = asked.method.as_deref().map(|method| prices.as_ref().and_then(|prices| prices.worst_case(method)));
    let allowance = match price {
        Some(None) => Judged::Denied(Denial::new(DenialCode::OperationDenied, "no price is known for the method")),
        price => judged(&limits, price.flatten().map(tollgate_model::Money::nanos)),
    };
    let supposed = Supposed {
        client: Ok(asked.from),
        at,
        last_used: desk.registry.snapshot().last_used(name.as_str()).unwrap_or(record.created),
        method: asked.method.as_deref(),
        callback: None,
        identity: identity(&record),
        allowance,
    };
    let explained = judge::explain(&record.terms.policy(), supposed);
    let paused = record.paused.as_ref().map(|pause| Denial::new(DenialCode::Paused, format!("the key is paused: {}", pause.reason)));
    let refusal = explained.refusal().cloned().or(paused);
    Ok(json(
        200,
        &json!({
            "key": record.name,
            "from": asked.from,
            "at": at.to_string(),
            "method": asked.method,
            "factors": explained.verdict(),
            "decision": if refusal.is_some() { "denied" } else { "allowed" },
            "denied_by": refusal.as_ref().map(|denial| denial.code.as_str()),
            "reason": refusal.as_ref().map(|denial| denial.reason.to_string()),
            "opens": record.terms.hours.as_ref().filter(|hours| !hours.is_open(at)).and_then(|hours| hours.next_opening(at)).map(|at| at.to_string()),
            "limits": shown::limits(&limits),
        }),
    ))
}

fn identity(record: &KeyRecord) -> Judged {
    match record.revoked {
        Some(at) => Judged::Denied(Denial::new(DenialCode::Revoked, format!("the key was revoked at {at}"))),
        None => Judged::Agreed,
    }
}

/// What the limits would say to one more task.
fn judged(limits: &[LimitView], price: Option<i64>) -> Judged {
    let full = limits.iter().find(|view| match &view.limit.kind {
        LimitKind::Cap { amount: tollgate_model::Amount::Money(_), .. } => view.left < price.unwrap_or(1),
        LimitKind::Cap { .. } | LimitKind::Concurrency(_) | LimitKind::Rate(_) => view.left <= 0,
    });
    let Some(full) = full else { return Judged::Agreed };
    let code = match full.limit.kind {
        LimitKind::Cap { .. } => DenialCode::CapReached,
        LimitKind::Rate(_) => DenialCode::RateLimited,
        LimitKind::Concurrency(_) => DenialCode::ConcurrencyLimited,
    };
    let until = full.resets_at.map_or_else(String::new, |at: Timestamp| format!(" until {at}"));
    Judged::Denied(Denial::new(code, format!("`{}` is used up{until}", full.limit.kind)))
}

pub(crate) async fn request<A: Send + Sync + 'static>(State(desk): State<Arc<Desk<A>>>, InPath(id): InPath) -> Result<Response, Problem> {
    let id: RequestId = id
        .parse()
        .map_err(|_| Problem::new(Kind::Malformed, format!("`{id}` is no request id")).hint("it is in the header `Tollgate-Request-Id`"))?;
    let gate = desk.gate.clone();
    let found = tokio::task::spawn_blocking(move || tollgate_audit::find(gate.audit(), id.to_string().as_bytes(), MOST)).await;
    let found = found.map_err(|_| unreadable())?.map_err(|_| unreadable())?;
    let lines: Vec<Value> = found.into_iter().map(|found| found.value).filter(|line| is_of(line, id)).collect();
    if lines.is_empty() {
        return Err(Problem::new(Kind::NotFound, "no line of the audit log has this id")
            .hint("lines of refused arrivals are written within a second"));
    }
    let story: Vec<String> = lines.iter().map(told).collect();
    Ok(json(200, &json!({ "request_id": id.to_string(), "story": story, "lines": lines })))
}

fn is_of(line: &Value, id: RequestId) -> bool {
    text(line, "/tollgate/request_id").is_some_and(|other| other == id.to_string())
}

fn text<'l>(line: &'l Value, place: &str) -> Option<&'l str> {
    line.pointer(place)?.as_str()
}

/// One line as a sentence.
fn told(line: &Value) -> String {
    let at = text(line, "/@timestamp").unwrap_or("?");
    let key = text(line, "/tollgate/key/name").unwrap_or("an unknown key");
    let operation = text(line, "/tollgate/operation").unwrap_or("something that was not understood");
    let from = text(line, "/client/ip").or_else(|| text(line, "/source/ip")).unwrap_or("an unknown address");
    let reason = text(line, "/tollgate/reason").unwrap_or("no reason was written down");
    match (text(line, "/event/action"), text(line, "/tollgate/denied_by")) {
        (Some("settle"), _) => {
            let hold = text(line, "/tollgate/hold").unwrap_or("?");
            let cost = text(line, "/tollgate/cost/settled").unwrap_or("0");
            format!("{at}: its task ended: {hold} at ${cost}")
        }
        (Some("intent"), _) => {
            let held = text(line, "/tollgate/cost/held").unwrap_or("0");
            format!("{at}: {key} asked for {operation} from {from}; ${held} were held, and it was about to be sent")
        }
        (action, Some(code)) => {
            let what = if action == Some("outcome") { "it ended in" } else { "it was refused:" };
            format!("{at}: {key} asked for {operation} from {from}; {what} `{code}`: {reason}")
        }
        (Some("outcome"), None) => {
            let task = text(line, "/tollgate/task").unwrap_or("no task");
            let hold = text(line, "/tollgate/hold").unwrap_or("?");
            format!("{at}: the provider answered: task {task}, its money {hold}")
        }
        _ => format!("{at}: {key} asked for {operation} from {from}, and was answered"),
    }
}
