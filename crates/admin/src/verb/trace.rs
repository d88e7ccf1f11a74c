//! Whose is this string? Asked about a leak: ours or not, live or not, used from where, what it spent, what to do.

mod story;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};
use tollgate_model::{CredentialHash, Timestamp};
use tollgate_policy::judge::{self, Judged};
use tollgate_registry::KeyRecord;

use self::story::Story;
use super::audit::unreadable;
use crate::body::whole;
use crate::desk::{Desk, json};
use crate::problem::{Kind, Problem};

/// A virtual key's secret that was recognised.
struct Ours {
    record: Arc<KeyRecord>,
    secret: &'static str,
    live: bool,
    /// Since when it opens nothing.
    ended: Option<Timestamp>,
    next: String,
}

pub(crate) async fn trace<A: Send + Sync + 'static>(State(desk): State<Arc<Desk<A>>>, body: Body) -> Result<Response, Problem> {
    let sent = whole(body).await?;
    let string = sent.trim_ascii();
    if string.is_empty() {
        return Err(Problem::new(Kind::Malformed, "nothing was sent").hint("the string is the body, as text"));
    }
    let hash = desk.registry.pepper().hash(string);
    let ours = ours(&desk, hash);
    let (gate, key) = (desk.gate.clone(), ours.as_ref().map(|ours| ours.record.id));
    let story = tokio::task::spawn_blocking(move || Story::read(gate.audit(), hash, key)).await;
    let mut answer = story.map_err(|_| unreadable())?.map_err(|_| unreadable())?.shown();
    answer.extend(match ours {
        Some(ours) => ours.shown(),
        None => foreign(&desk, string),
    });
    Ok(json(200, &Value::Object(answer)))
}

/// Looked for among all records: one whose upstream is configured no more opens nothing, and is still ours.
fn ours<A: Send + Sync + 'static>(desk: &Desk<A>, hash: CredentialHash) -> Option<Ours> {
    let now = (desk.clock)().wall;
    let snapshot = desk.registry.snapshot();
    let (record, place) = snapshot.records().find_map(|record| Some((record, record.secrets.iter().position(|one| one.hash == hash)?)))?;
    let expires = record.secrets.get(place)?.expires;
    let newest = place + 1 == record.secrets.len();
    let unended = judge::unended(&record.terms.policy(), now, snapshot.last_used(record.name.as_str()).unwrap_or(record.created));
    let nothing = || "nothing: it opens nothing any more".to_owned();
    let (secret, live, ended, next) = if let Some(at) = record.revoked {
        ("revoked", false, Some(at), nothing())
    } else if let Some(end) = expires.filter(|end| now >= *end) {
        ("replaced", false, Some(end), nothing())
    } else {
        let secret = if newest { "current" } else { "overlap" };
        let attached = snapshot.key(record.name.as_str()).is_some();
        // a key that has expired can be set to live on, and an upstream can come back: the secret itself must go
        let live = unended == Judged::Agreed && attached;
        (secret, live, None, format!("tollgate key rotate {} --now", record.name))
    };
    Some(Ours { record: record.clone(), secret, live, ended, next })
}

impl Ours {
    fn shown(self) -> Map<String, Value> {
        Map::from_iter([
            ("ours".to_owned(), true.into()),
            ("kind".to_owned(), "virtual".into()),
            ("key".to_owned(), self.record.name.as_str().into()),
            ("upstream".to_owned(), self.record.upstream.as_str().into()),
            ("live".to_owned(), self.live.into()),
            ("secret".to_owned(), self.secret.into()),
            ("ended_at".to_owned(), json!(self.ended.map(|at| at.to_string()))),
            ("next".to_owned(), self.next.into()),
        ])
    }
}

/// No virtual key's: the provider's, or nobody's.
fn foreign<A: Send + Sync + 'static>(desk: &Desk<A>, string: &[u8]) -> Map<String, Value> {
    let Some(real) = desk.gate.recognise(string) else {
        return Map::from_iter([
            ("ours".to_owned(), false.into()),
            ("kind".to_owned(), "unknown".into()),
            ("live".to_owned(), false.into()),
            ("next".to_owned(), "nothing of this gate opens with it".into()),
        ]);
    };
    let next = "replace the key at the provider, and give the new one to its source; then revoke this one";
    Map::from_iter([
        ("ours".to_owned(), true.into()),
        ("kind".to_owned(), "real".into()),
        ("upstream".to_owned(), real.upstream.as_str().into()),
        ("version".to_owned(), real.version.into()),
        ("live".to_owned(), real.live.into()),
        ("next".to_owned(), next.into()),
    ])
}

#[cfg(test)]
mod tests;
