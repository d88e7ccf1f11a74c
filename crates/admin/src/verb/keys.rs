//! Keys: made, shown, changed, rotated, withdrawn, paused.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_model::Name;
use tollgate_policy::{PriceTable, duration};
use tollgate_registry::registry::Created;
use tollgate_registry::{Change, KeyRecord, KeyTerms};

use crate::access::Door;
use crate::body::Body;
use crate::desk::{Desk, json, named};
use crate::etag::{IfMatch, etag};
use crate::form::KeyForm;
use crate::gate::Whose;
use crate::problem::{Kind, Problem};
use crate::shown;

type Shared<A> = State<Arc<Desk<A>>>;

/// How long both secrets are valid, unless said otherwise.
const OVERLAP: &str = "24h";

pub(crate) async fn list<A: Send + Sync + 'static>(State(desk): Shared<A>) -> Response {
    let snapshot = desk.registry.snapshot();
    let keys: Vec<Value> = snapshot.records().map(|record| with_use(&desk, record)).collect();
    json(200, &json!({ "keys": keys }))
}

pub(crate) async fn show<A: Send + Sync + 'static>(State(desk): Shared<A>, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = named(&name)?;
    let record = record(&desk, &name)?;
    let limits = desk.gate.limits(Whose::Key(&name)).await;
    let mut shown = with_use(&desk, &record);
    if let Some(members) = shown.as_object_mut() {
        members.insert("limits".to_owned(), shown::limits(&limits));
    }
    Ok(([etag(record.version)], json(200, &shown)).into_response())
}

pub(crate) async fn create<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    Extension(by): Extension<Door>,
    Body(form): Body<KeyForm>,
) -> Result<Response, Problem> {
    let name = named(form.name.as_deref().ok_or_else(|| Problem::new(Kind::Refused, "a key needs a `name`"))?)?;
    let like = form.like.as_deref().map(named).transpose()?.map(|like| record(&desk, &like)).transpose()?;
    let upstream = upstream(&desk, form.upstream.as_deref(), like.as_deref())?;
    let prices = prices(&desk, &upstream)?;
    let now = (desk.clock)().wall;
    let mut terms = like.map(|like| like.terms.clone()).unwrap_or_default();
    form.onto(&mut terms, now)?;
    let asked = json!({ "upstream": upstream, "terms": terms });
    let work = desk.registry.create_key(name.clone(), upstream, terms, &prices, now);
    let created = desk.act("key_create", name.as_str(), by, asked, work, |created| &created.change).await?;
    Ok(json(201, &secret(&created)))
}

pub(crate) async fn set<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    Path(name): Path<String>,
    Extension(by): Extension<Door>,
    unchanged: IfMatch,
    Body(form): Body<KeyForm>,
) -> Result<Response, Problem> {
    let name = named(&name)?;
    if form.name.is_some() || form.upstream.is_some() || form.like.is_some() {
        return Err(Problem::new(Kind::Refused, "a key's name and upstream stay as they are").hint("make another key with `like`"));
    }
    let before = record(&desk, &name)?;
    unchanged.holds(before.version)?;
    let now = (desk.clock)().wall;
    let mut terms: KeyTerms = before.terms.clone();
    form.onto(&mut terms, now)?;
    let prices = prices(&desk, &before.upstream)?;
    let work = desk.registry.set_key(&name, terms.clone(), &prices, Some(before.version), now);
    let change = desk.act("key_set", name.as_str(), by, json!({ "terms": terms }), work, |change| change).await?;
    Ok(changed(&desk, &name, &change))
}

/// How a key is rotated.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rotation {
    overlap: Option<String>,
    now: bool,
}

pub(crate) async fn rotate<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    Path(name): Path<String>,
    Extension(by): Extension<Door>,
    unchanged: IfMatch,
    Body(rotation): Body<Rotation>,
) -> Result<Response, Problem> {
    let name = named(&name)?;
    unchanged.holds(record(&desk, &name)?.version)?;
    let overlap = match (rotation.now, rotation.overlap) {
        (true, Some(_)) => return Err(Problem::new(Kind::Refused, "`now` leaves no overlap").hint("leave one of them out")),
        (true, None) => 0,
        (false, overlap) => {
            let text = overlap.unwrap_or_else(|| OVERLAP.to_owned());
            let time = duration::parse(&text).map_err(|error| Problem::new(Kind::Refused, format!("`overlap`: {error}")))?;
            u32::try_from(time.as_millis()).map_err(|_| Problem::new(Kind::Refused, "`overlap`: at most 49 days"))?
        }
    };
    let now = (desk.clock)().wall;
    let work = desk.registry.rotate_key(&name, overlap, now);
    let asked = json!({ "overlap_ms": overlap });
    let created = desk.act("key_rotate", name.as_str(), by, asked, work, |created| &created.change).await?;
    Ok(json(200, &secret(&created)))
}

pub(crate) async fn revoke<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    Path(name): Path<String>,
    Extension(by): Extension<Door>,
    unchanged: IfMatch,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Response, Problem> {
    let name = named(&name)?;
    unchanged.holds(record(&desk, &name)?.version)?;
    let work = desk.registry.revoke_key(&name, (desk.clock)().wall);
    let change = desk.act("key_revoke", name.as_str(), by, json!({}), work, |change| change).await?;
    Ok(changed(&desk, &name, &change))
}

/// Why a key is paused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Pausing {
    reason: String,
}

pub(crate) async fn pause<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    Path(name): Path<String>,
    Extension(by): Extension<Door>,
    unchanged: IfMatch,
    Body(Pausing { reason }): Body<Pausing>,
) -> Result<Response, Problem> {
    let name = named(&name)?;
    unchanged.holds(record(&desk, &name)?.version)?;
    let work = desk.registry.pause_key(&name, &reason, (desk.clock)().wall);
    let change = desk.act("key_pause", name.as_str(), by, json!({ "reason": reason }), work, |change| change).await?;
    Ok(changed(&desk, &name, &change))
}

/// An act that needs no words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

pub(crate) async fn resume<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    Path(name): Path<String>,
    Extension(by): Extension<Door>,
    unchanged: IfMatch,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Response, Problem> {
    let name = named(&name)?;
    unchanged.holds(record(&desk, &name)?.version)?;
    let work = desk.registry.resume_key(&name, (desk.clock)().wall);
    let change = desk.act("key_resume", name.as_str(), by, json!({}), work, |change| change).await?;
    Ok(changed(&desk, &name, &change))
}

/// The one answer that holds a key's secret.
fn secret(created: &Created) -> Value {
    let record = match &created.change.subject {
        tollgate_registry::Subject::Key { after, .. } => shown::record(after),
        tollgate_registry::Subject::Team { .. } => Value::Null,
    };
    let id = record.get("id").cloned().unwrap_or_default();
    json!({ "key": created.secret.expose(), "name": created.change.name(), "id": id, "record": record })
}

fn changed<A: Send + Sync + 'static>(desk: &Desk<A>, name: &Name, change: &Change) -> Response {
    let shown = desk.registry.snapshot().record(name.as_str()).map(|record| with_use(desk, record)).unwrap_or_default();
    ([etag(change.generation)], json(200, &shown)).into_response()
}

fn with_use<A: Send + Sync + 'static>(desk: &Desk<A>, record: &KeyRecord) -> Value {
    let mut shown = shown::record(record);
    if let (Some(members), Some(at)) = (shown.as_object_mut(), desk.registry.snapshot().last_used(record.name.as_str())) {
        members.insert("last_used".to_owned(), at.to_string().into());
    }
    shown
}

pub(crate) fn record<A: Send + Sync + 'static>(desk: &Desk<A>, name: &Name) -> Result<Arc<KeyRecord>, Problem> {
    desk.registry.snapshot().record(name.as_str()).cloned().ok_or_else(|| Problem::no_such("key", name.as_str()))
}

fn upstream<A: Send + Sync + 'static>(desk: &Desk<A>, named_one: Option<&str>, like: Option<&KeyRecord>) -> Result<Name, Problem> {
    if let Some(name) = named_one {
        return named(name);
    }
    if let Some(like) = like {
        return Ok(like.upstream.clone());
    }
    let mut all = desk.gate.upstreams();
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only.name),
        _ => Err(Problem::new(Kind::Refused, "there are several upstreams").hint("name one with `upstream`")),
    }
}

fn prices<A: Send + Sync + 'static>(desk: &Desk<A>, upstream: &Name) -> Result<PriceTable, Problem> {
    desk.gate
        .prices(upstream)
        .ok_or_else(|| Problem::new(Kind::NotFound, format!("there is no upstream `{upstream}`")).hint("`GET /v1/upstreams` names all"))
}
