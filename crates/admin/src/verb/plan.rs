//! What would come of it? Terms laid onto what is there and judged as a change is; nothing is changed, and nothing is written down.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::json;
use tollgate_model::Timestamp;
use tollgate_registry::{KeyRecord, TeamTerms};

use super::keys::{self, Wanted};
use crate::body::Body;
use crate::desk::{Desk, json as answer};
use crate::form::{KeyForm, Mistakes, TeamForm};
use crate::problem::Problem;
use crate::shown;

type Shared<A> = State<Arc<Desk<A>>>;

/// A key of that name as it would be. Of one that is there, times such as `90d` count from its making: asked again, it is the same
/// end. Whether its team is there is not asked: it may be about to be made.
pub(crate) async fn key<A: Send + Sync + 'static>(State(desk): Shared<A>, Body(form): Body<KeyForm>) -> Result<Response, Problem> {
    let now = (desk.clock)().wall;
    let known = form.name.as_deref().and_then(|name| desk.registry.snapshot().record(name).cloned());
    if let Some(before) = known {
        return again(&desk, &before, form, now);
    }
    let Wanted { name, upstream, prices, terms } = keys::wanted(&desk, form, now)?;
    let mut mistakes = Mistakes::default();
    mistakes.judged(terms.check(&prices, now));
    mistakes.end(Some(()))?;
    Ok(answer(200, &json!({ "name": name, "upstream": upstream, "after": shown::record(&terms) })))
}

fn again<A: Send + Sync + 'static>(desk: &Desk<A>, before: &KeyRecord, mut form: KeyForm, now: Timestamp) -> Result<Response, Problem> {
    let mut mistakes = Mistakes::default();
    if before.revoked.is_some() {
        mistakes.wrong(
            "name",
            None,
            format!("the key `{}` is revoked, and stays so: a name is given once, so choose another", before.name),
        );
    }
    if form.upstream.take().is_some_and(|upstream| upstream != before.upstream.as_str()) {
        mistakes.wrong("upstream", None, format!("the key is for `{}`, for good: make another key", before.upstream));
    }
    if form.like.take().is_some() {
        mistakes.wrong("like", None, "the key is there, and has terms of its own: leave it out");
    }
    let mut terms = before.terms.clone();
    form.onto(&mut terms, before.created, &|name| desk.gate.set(name), &mut mistakes);
    if terms.observe != before.terms.observe && terms.observe.is_some_and(|observe| observe.until <= now) {
        mistakes.wrong("until", None, "is in the past: nothing would be observed");
    }
    if let Some(prices) = mistakes.note("upstream", keys::prices(desk, &before.upstream)) {
        // as in a change: an end that has passed may stay as it is
        let since = if terms.expires == before.terms.expires { Timestamp::from_millis(i64::MIN) } else { now };
        mistakes.judged(terms.check(&prices, since));
    }
    mistakes.end(Some(()))?;
    let KeyRecord { name, upstream, version, terms: were, .. } = before;
    let (were, after) = (shown::record(were), shown::record(&terms));
    Ok(answer(200, &json!({ "name": name, "upstream": upstream, "version": version, "before": were, "after": after })))
}

/// A team of that name as it would be.
pub(crate) async fn team<A: Send + Sync + 'static>(State(desk): Shared<A>, Body(form): Body<TeamForm>) -> Result<Response, Problem> {
    let mut mistakes = Mistakes::default();
    let name = mistakes.name(form.name.as_deref());
    let before = name.as_ref().and_then(|name| desk.registry.snapshot().team(name.as_str()).cloned());
    let mut terms = before.as_ref().map_or_else(TeamTerms::default, |team| team.terms.clone());
    form.onto(&mut terms, &mut mistakes);
    mistakes.judged(terms.check());
    let name = mistakes.end(name)?;
    let after = shown::record(&terms);
    let told = match before {
        None => json!({ "name": name, "after": after }),
        Some(team) => json!({ "name": name, "version": team.version, "before": shown::record(&team.terms), "after": after }),
    };
    Ok(answer(200, &told))
}

#[cfg(test)]
mod tests;
