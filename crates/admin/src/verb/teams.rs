//! Teams and the limits that their keys share.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tollgate_model::Name;
use tollgate_registry::{Change, Subject, TeamRecord, TeamTerms};

use crate::access::Door;
use crate::body::{Body, Named};
use crate::desk::{Desk, json, whole};
use crate::etag::etag;
use crate::form::{Mistakes, TeamForm};
use crate::gate::Whose;
use crate::on_record::{OnRecord, Turn};
use crate::problem::{Kind, Problem};
use crate::shown;

type Shared<A> = State<Arc<Desk<A>>>;

pub(crate) async fn list<A: Send + Sync + 'static>(State(desk): Shared<A>) -> Response {
    let snapshot = desk.registry.snapshot();
    let teams: Vec<_> = snapshot.teams().map(shown::record).collect();
    json(200, &json!({ "teams": teams }))
}

pub(crate) async fn show<A: Send + Sync + 'static>(State(desk): Shared<A>, Named(name): Named) -> Result<Response, Problem> {
    let record = record(&desk, &name)?;
    let limits = desk.gate.limits(Whose::Team(&name)).await;
    let members: Vec<Name> = {
        let snapshot = desk.registry.snapshot();
        snapshot.records().filter(|key| key.terms.team.as_ref() == Some(&name)).map(|key| key.name.clone()).collect()
    };
    let mut shown = shown::record(&record);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("limits".to_owned(), shown::limits(&limits));
        fields.insert("keys".to_owned(), json!(members));
    }
    Ok(([etag(record.version)], json(200, &shown)).into_response())
}

pub(crate) async fn create<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    Extension(by): Extension<Door>,
    Body(form): Body<TeamForm>,
) -> Result<Response, Problem> {
    let mut mistakes = Mistakes::default();
    let name = mistakes.name(form.name.as_deref());
    let mut terms = TeamTerms::default();
    form.onto(&mut terms, &mut mistakes);
    let name = mistakes.end(name)?;
    let asked = json!({ "terms": terms });
    let work = desk.registry.create_team(name.clone(), terms, (desk.clock)().wall);
    let change = desk.act("team_create", name.as_str(), by, asked, work, whole).await?;
    Ok(changed(201, &change))
}

pub(crate) async fn set<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    asked: OnRecord,
    Body(form): Body<TeamForm>,
) -> Result<Response, Problem> {
    if form.name.is_some() {
        return Err(Problem::new(Kind::Refused, "a team's name stays as it is"));
    }
    let Turn { before, .. } = &asked.turn(|name| record(&desk, name)).await?;
    let mut terms = before.terms.clone();
    let mut mistakes = Mistakes::default();
    form.onto(&mut terms, &mut mistakes);
    mistakes.end(Some(()))?;
    let work = desk.registry.set_team(&asked.name, terms.clone(), Some(before.version), (desk.clock)().wall);
    let change = desk.act("team_set", asked.name.as_str(), asked.by, json!({ "terms": terms }), work, whole).await?;
    Ok(changed(200, &change))
}

/// The team as the change has left it.
pub(super) fn changed(status: u16, change: &Change) -> Response {
    let shown = match &change.subject {
        Subject::Team { after, .. } => shown::record(after),
        Subject::Key { .. } => Value::Null,
    };
    ([etag(change.generation)], json(status, &shown)).into_response()
}

pub(super) fn record<A: Send + Sync + 'static>(desk: &Desk<A>, name: &Name) -> Result<Arc<TeamRecord>, Problem> {
    desk.registry.snapshot().team(name.as_str()).cloned().ok_or_else(|| Problem::no_such("team", name.as_str()))
}

#[cfg(test)]
mod tests;
