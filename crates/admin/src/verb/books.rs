//! Money of unknown outcome: shown, and resolved on an operator's word.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use tollgate_model::{Money, RequestId};

use crate::access::Door;
use crate::act::{AdminAct, Stage};
use crate::body::{Body, InPath};
use crate::desk::{Desk, json};
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
    let line = |stage, detail| AdminAct { action: "books_resolve", stage, subject: request.to_string(), by, detail };
    let unwritten = |_| Problem::new(Kind::AuditUnavailable, "the audit log cannot be written, and what is not written down is not done");
    let asked = json!({ "cost": cost.map_or_else(|| "0".to_owned(), |cost| cost.to_string()), "reason": resolution.reason });
    desk.acts.write(line(Stage::Intent, asked)).await.map_err(unwritten)?;
    let Some(resolved) = desk.gate.resolve(request, cost, &resolution.reason) else {
        let _ = desk.acts.write(line(Stage::Refused, "no such purchase is of unknown outcome".into())).await;
        return Err(Problem::no_such("unknown purchase", &id).hint("`tollgate books unknown` lists them; what is known is not said again"));
    };
    // it is done: a log that fails here is the lane's own alarm
    let _ = desk.acts.write(line(Stage::Done, json!(resolved))).await;
    Ok(json(200, &json!(resolved)))
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
