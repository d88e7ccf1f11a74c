//! Keys: made, shown, changed, rotated, withdrawn, paused.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_model::{Name, Timestamp};
use tollgate_policy::{PriceTable, duration};
use tollgate_registry::{Change, Created, KeyRecord, KeyTerms, Subject};

use crate::access::Door;
use crate::body::{Body, Named};
use crate::desk::{Desk, json, whole};
use crate::etag::etag;
use crate::form::{KeyForm, Mistakes};
use crate::gate::Whose;
use crate::on_record::{OnRecord, Turn};
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

pub(crate) async fn show<A: Send + Sync + 'static>(State(desk): Shared<A>, Named(name): Named) -> Result<Response, Problem> {
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
    let now = (desk.clock)().wall;
    let Wanted { name, upstream, prices, terms } = wanted(&desk, form, now)?;
    let asked = json!({ "upstream": upstream, "terms": terms });
    let work = desk.registry.create_key(name.clone(), upstream, terms, &prices, now);
    let created = desk.act("key_create", name.as_str(), by, asked, work, |created| whole(&created.change)).await?;
    Ok(made(201, &created))
}

pub(crate) async fn set<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    asked: OnRecord,
    Body(form): Body<KeyForm>,
) -> Result<Response, Problem> {
    if form.name.is_some() || form.upstream.is_some() || form.like.is_some() {
        return Err(Problem::new(Kind::Refused, "a key's name and upstream stay as they are").hint("make another key with `like`"));
    }
    let Turn { before, .. } = &asked.turn(|name| record(&desk, name)).await?;
    let now = (desk.clock)().wall;
    let mut terms: KeyTerms = before.terms.clone();
    let mut mistakes = Mistakes::default();
    form.onto(&mut terms, now, &|name| desk.gate.set(name), &mut mistakes);
    let prices = mistakes.note("upstream", prices(&desk, &before.upstream));
    let prices = mistakes.end(prices)?;
    let work = desk.registry.set_key(&asked.name, terms.clone(), &prices, Some(before.version), now);
    let change = desk.act("key_set", asked.name.as_str(), asked.by, json!({ "terms": terms }), work, whole).await?;
    Ok(changed(&desk, &change))
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
    asked: OnRecord,
    Body(rotation): Body<Rotation>,
) -> Result<Response, Problem> {
    let _turn = asked.turn(|name| record(&desk, name)).await?;
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
    let work = desk.registry.rotate_key(&asked.name, overlap, now);
    let created = desk
        .act("key_rotate", asked.name.as_str(), asked.by, json!({ "overlap_ms": overlap }), work, |created| whole(&created.change))
        .await?;
    Ok(made(200, &created))
}

pub(crate) async fn revoke<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    asked: OnRecord,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Response, Problem> {
    let _turn = asked.turn(|name| record(&desk, name)).await?;
    let work = desk.registry.revoke_key(&asked.name, (desk.clock)().wall);
    let change = desk.act("key_revoke", asked.name.as_str(), asked.by, json!({}), work, whole).await?;
    Ok(changed(&desk, &change))
}

/// Why a key is paused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Pausing {
    reason: String,
}

pub(crate) async fn pause<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    asked: OnRecord,
    Body(Pausing { reason }): Body<Pausing>,
) -> Result<Response, Problem> {
    let _turn = asked.turn(|name| record(&desk, name)).await?;
    let work = desk.registry.pause_key(&asked.name, &reason, (desk.clock)().wall);
    let change = desk.act("key_pause", asked.name.as_str(), asked.by, json!({ "reason": reason }), work, whole).await?;
    Ok(changed(&desk, &change))
}

/// An act that needs no words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

pub(crate) async fn resume<A: Send + Sync + 'static>(
    State(desk): Shared<A>,
    asked: OnRecord,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Response, Problem> {
    let _turn = asked.turn(|name| record(&desk, name)).await?;
    let work = desk.registry.resume_key(&asked.name, (desk.clock)().wall);
    let change = desk.act("key_resume", asked.name.as_str(), asked.by, json!({}), work, whole).await?;
    Ok(changed(&desk, &change))
}

/// A key that is to be made.
pub(super) struct Wanted {
    pub(super) name: Name,
    pub(super) upstream: Name,
    pub(super) prices: PriceTable,
    pub(super) terms: KeyTerms,
}

pub(super) fn wanted<A: Send + Sync + 'static>(desk: &Desk<A>, form: KeyForm, now: Timestamp) -> Result<Wanted, Problem> {
    let mut mistakes = Mistakes::default();
    let name = mistakes.name(form.name.as_deref());
    let like = form.like.as_deref().map(|like| mistakes.note("like", existing(desk, like)));
    let account = match (&form.upstream, &like) {
        // which upstream is not known, and the mistake is told already
        (None, Some(None)) => None,
        (named, like) => mistakes.note("upstream", account(desk, named.as_deref(), like.as_ref().and_then(Option::as_deref))),
    };
    let mut terms = like.flatten().map(|like| like.terms.clone()).unwrap_or_default();
    form.onto(&mut terms, now, &|name| desk.gate.set(name), &mut mistakes);
    let (name, (upstream, prices)) = mistakes.end(name.zip(account))?;
    Ok(Wanted { name, upstream, prices, terms })
}

fn existing<A: Send + Sync + 'static>(desk: &Desk<A>, text: &str) -> Result<Arc<KeyRecord>, String> {
    desk.registry.snapshot().record(text).cloned().ok_or_else(|| format!("there is no key `{text}`"))
}

/// The account of a new key: the one named, that of the key it is like, or the only one.
fn account<A: Send + Sync + 'static>(desk: &Desk<A>, named: Option<&str>, like: Option<&KeyRecord>) -> Result<(Name, PriceTable), String> {
    let name = match (named, like) {
        (Some(text), _) => Name::parse(text).map_err(|error| error.to_string())?,
        (None, Some(like)) => like.upstream.clone(),
        (None, None) => {
            let mut all = desk.gate.upstreams();
            let only = all.pop().filter(|_| all.is_empty());
            only.map(|only| only.name).ok_or_else(|| "is missing, and there is not just one: `GET /v1/upstreams` names all".to_owned())?
        }
    };
    prices(desk, &name).map(|prices| (name, prices))
}

pub(super) fn prices<A: Send + Sync + 'static>(desk: &Desk<A>, upstream: &Name) -> Result<PriceTable, String> {
    desk.gate.prices(upstream).ok_or_else(|| format!("there is no upstream `{upstream}`: `GET /v1/upstreams` names all"))
}

/// The one answer that holds a key's secret.
fn made(status: u16, created: &Created) -> Response {
    let (version, id, record) = match &created.change.subject {
        Subject::Key { after, .. } => (after.version, Some(after.id), shown::record(after)),
        Subject::Team { .. } => (created.change.generation, None, Value::Null),
    };
    let answer = json!({ "key": created.secret.expose(), "name": created.change.name(), "id": id, "record": record });
    ([etag(version)], json(status, &answer)).into_response()
}

/// The key as the change has left it.
pub(super) fn changed<A: Send + Sync + 'static>(desk: &Desk<A>, change: &Change) -> Response {
    let record = match &change.subject {
        Subject::Key { after, .. } => with_use(desk, after),
        Subject::Team { .. } => Value::Null,
    };
    ([etag(change.generation)], json(200, &record)).into_response()
}

fn with_use<A: Send + Sync + 'static>(desk: &Desk<A>, record: &KeyRecord) -> Value {
    let mut shown = shown::record(record);
    // a key that was never used has its creation there
    let used = desk.registry.snapshot().last_used(record.name.as_str()).filter(|at| *at > record.created);
    if let (Some(members), Some(at)) = (shown.as_object_mut(), used) {
        members.insert("last_used".to_owned(), at.to_string().into());
    }
    shown
}

pub(crate) fn record<A: Send + Sync + 'static>(desk: &Desk<A>, name: &Name) -> Result<Arc<KeyRecord>, Problem> {
    desk.registry.snapshot().record(name.as_str()).cloned().ok_or_else(|| Problem::no_such("key", name.as_str()))
}

#[cfg(test)]
mod tests;
