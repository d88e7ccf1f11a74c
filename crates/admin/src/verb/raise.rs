//! More of a cap for a while: with an end and a reason, of a key or a team.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use tollgate_model::Timestamp;
use tollgate_registry::{Cap, LimitTerms, RaiseTerms, RaisedTo, TaskCap};

use super::{keys, teams};
use crate::body::Body;
use crate::desk::{Desk, whole};
use crate::form::instant;
use crate::on_record::{OnRecord, Turn};
use crate::problem::{Kind, Problem};

type Shared<A> = State<Arc<Desk<A>>>;

/// What is asked.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Raising {
    cap: Option<String>,
    tasks: Option<String>,
    until: Option<String>,
    reason: String,
    end: bool,
}

pub(crate) async fn key<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    asked: OnRecord,
    Body(raising): Body<Raising>,
) -> Result<Response, Problem> {
    let Turn { before, .. } = &asked.turn(|name| keys::record(&desk, name)).await?;
    let now = (desk.clock)().wall;
    let mut terms = before.terms.clone();
    raising.onto(&mut terms.limits, now)?;
    let prices = keys::prices(&desk, &before.upstream).map_err(|why| Problem::new(Kind::Refused, why))?;
    let raises = json!({ "raises": terms.limits.raises, "reason": raising.reason });
    let work = desk.registry.set_key(&asked.name, terms, &prices, Some(before.version), now);
    let change = desk.act("key_raise", asked.name.as_str(), asked.by, raises, work, whole).await?;
    Ok(keys::changed(&desk, &change))
}

pub(crate) async fn team<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    asked: OnRecord,
    Body(raising): Body<Raising>,
) -> Result<Response, Problem> {
    let Turn { before, .. } = &asked.turn(|name| teams::record(&desk, name)).await?;
    let now = (desk.clock)().wall;
    let mut terms = before.terms.clone();
    raising.onto(&mut terms.limits, now)?;
    let raises = json!({ "raises": terms.limits.raises, "reason": raising.reason });
    let work = desk.registry.set_team(&asked.name, terms, Some(before.version), now);
    let change = desk.act("team_raise", asked.name.as_str(), asked.by, raises, work, whole).await?;
    Ok(teams::changed(200, &change))
}

impl Raising {
    fn onto(&self, limits: &mut LimitTerms, now: Timestamp) -> Result<(), Problem> {
        let refused = |why: String| Problem::new(Kind::Refused, why);
        let to = self.to()?;
        let said = self.cap.as_ref().or(self.tasks.as_ref()).cloned().unwrap_or_default();
        if self.end {
            return if limits.lower(&to) { Ok(()) } else { Err(refused(format!("no raise of the cap that `{said}` names is in force"))) };
        }
        if self.reason.trim().is_empty() {
            return Err(refused("a raise has a `reason`: it is what the log tells a year later".to_owned()));
        }
        let until = self.until.as_deref().ok_or_else(|| {
            refused("a raise has an end: `until`".to_owned()).hint("such as `4h`, or `2026-12-31T18:00:00Z`; for good, set the cap itself")
        })?;
        let until = instant(until, now).map_err(|error| refused(format!("`until`: {error}")))?;
        if until <= now {
            return Err(refused(format!("`until`: {until} is over")));
        }
        if limits.raise(RaiseTerms { to, until, reason: self.reason.clone() }, now) {
            return Ok(());
        }
        let why = format!("there is no lower cap of the same unit, period and zone that `{said}` would raise");
        Err(refused(why).hint("`show` lists the limits"))
    }

    fn to(&self) -> Result<RaisedTo, Problem> {
        let refused = |field: &str, error: String| Problem::new(Kind::Refused, format!("`{field}`: {error}"));
        match (&self.cap, &self.tasks) {
            (Some(text), None) => Cap::parse(text).map(RaisedTo::Cap).map_err(|error| refused("cap", error.to_string())),
            (None, Some(text)) => TaskCap::parse(text).map(RaisedTo::Tasks).map_err(|error| refused("tasks", error.to_string())),
            _ => Err(Problem::new(Kind::Refused, "which cap is meant: `cap` in dollars, or `tasks`").hint("such as `50/day`")),
        }
    }
}

#[cfg(test)]
mod tests;
