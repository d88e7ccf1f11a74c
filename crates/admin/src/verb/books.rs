//! Money of unknown outcome, shown and resolved; and what a key has spent, corrected: both on an operator's word.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use tollgate_model::{Money, RequestId, Timestamp};
use tollgate_registry::KeyRecord;

use super::keys;
use crate::access::Door;
use crate::body::{Body, InPath, named};
use crate::day::Day;
use crate::desk::{Desk, json};
use crate::gate::Adjusting;
use crate::problem::{Kind, Problem};

type Shared<A> = State<Arc<Desk<A>>>;

/// What became of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Resolution {
    cost: Option<String>,
    reason: String,
}

pub(crate) async fn unknown<A: Send + Sync + 'static>(State(desk): Shared<A>) -> Response {
    json(200, &json!({ "unknown": desk.gate.unknowns() }))
}

pub(crate) async fn resolve<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    InPath(id): InPath,
    Extension(by): Extension<Door>,
    Body(resolution): Body<Resolution>,
) -> Result<Response, Problem> {
    let request: RequestId = id.parse().map_err(|_| Problem::no_such("unknown purchase", &id))?;
    let cost = resolution.cost()?;
    let asked = json!({ "cost": cost.map_or_else(|| "0".to_owned(), |cost| cost.to_string()), "reason": resolution.reason });
    let none = || Problem::no_such("unknown purchase", &id).hint("`tollgate books unknown` lists them; what is known is not said again");
    let work = async { desk.gate.resolve(request, cost, &resolution.reason).ok_or_else(none) };
    let resolved = desk.act("books_resolve", &request.to_string(), by, asked, work, |resolved| json!(resolved)).await?;
    Ok(json(200, &json!(resolved)))
}

/// What a key has spent more, or less.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Adjustment {
    key: String,
    up: Option<String>,
    down: Option<String>,
    on: Option<String>,
    reason: String,
    id: Option<String>,
}

pub(crate) async fn adjust<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    Extension(by): Extension<Door>,
    Body(adjustment): Body<Adjustment>,
) -> Result<Response, Problem> {
    let record = keys::record(&desk, &named(&adjustment.key)?)?;
    let adjusting = adjustment.read(record.clone(), (desk.clock)().wall)?;
    let asked = json!({
        "id": adjusting.id.map(|id| id.to_string()),
        "amount": adjusting.amount.to_string(),
        "on": adjusting.on.to_string(),
        "reason": adjusting.reason,
    });
    let work = desk.gate.adjust(adjusting);
    let adjusted = desk.act("books_adjust", record.name.as_str(), by, asked, work, |adjusted| json!(adjusted)).await?;
    Ok(json(200, &json!(adjusted)))
}

/// Windows that ended before are kept by nobody (`prune` of the stores).
const OLDEST_DAYS: i64 = 89;

impl Adjustment {
    fn read(self, record: Arc<KeyRecord>, now: Timestamp) -> Result<Adjusting, Problem> {
        let refused = |why: String| Problem::new(Kind::Refused, why);
        if self.reason.trim().is_empty() {
            return Err(refused("a correction has a `reason`: it is what the log tells a year later".to_owned()));
        }
        let amount = |field: &str, text: &str| match Money::parse(text) {
            Ok(Money::ZERO) => Err(refused(format!("`{field}`: nothing is no correction"))),
            read => read.map_err(|error| refused(format!("`{field}`: {error}"))),
        };
        let amount = match (&self.up, &self.down) {
            (Some(text), None) => amount("up", text)?,
            (None, Some(text)) => Money::from_nanos(-amount("down", text)?.nanos()),
            _ => return Err(refused("by how much: `up` or `down`".to_owned()).hint("dollars such as `0.25`: what was spent more, or less")),
        };
        let today = Day::of(now);
        let on = self.on.map_or(Ok(today), |text| {
            Day::parse(&text).ok_or_else(|| refused(format!("`on`: `{text}` is no day")).hint("a UTC day such as `2026-11-23`"))
        })?;
        if on.begins() > now || on.begins() < today.begins().plus_millis(-OLDEST_DAYS * 86_400_000) {
            let why = format!("`on`: {on} is not one of the last {OLDEST_DAYS} days: the books keep no window of it");
            return Err(refused(why));
        }
        let id = self.id.map(|text| text.parse().map_err(|_| refused(format!("`id`: `{text}` is no id")).hint("a UUID, drawn anew")));
        Ok(Adjusting { id: id.transpose()?, record, on, amount, reason: self.reason })
    }
}

impl Resolution {
    /// A cost of nothing is that the provider did no work.
    fn cost(&self) -> Result<Option<Money>, Problem> {
        let refused = |why: String| Problem::new(Kind::Refused, why);
        if self.reason.trim().is_empty() {
            return Err(refused("a resolution has a `reason`: it is what the log tells a year later".to_owned()));
        }
        let text = self.cost.as_deref().ok_or_else(|| {
            refused("what it cost is missing: `cost`".to_owned()).hint("dollars such as `0.0029`; `0` if the provider did no work")
        })?;
        let cost = Money::parse(text).map_err(|error| refused(format!("`cost`: {error}")))?;
        Ok((cost > Money::ZERO).then_some(cost))
    }
}

#[cfg(test)]
mod tests;
