//! Whose is this string? Asked about a leak: ours or not, live or not, used from where, what it spent, what to do.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use tollgate_model::{CredentialHash, Money};
use tollgate_registry::Standing;

use super::audit::unreadable;
use crate::body::whole;
use crate::desk::{Desk, json};
use crate::problem::{Kind, Problem};

/// Lines looked at; the newest count.
const MOST: usize = 100_000;

/// What the log tells of a credential.
#[derive(Default)]
struct Story {
    from: BTreeMap<String, (u64, String)>,
    spent: i64,
    refused: u64,
    last: String,
}

pub(crate) async fn trace<A: Send + Sync + 'static>(State(desk): State<Arc<Desk<A>>>, body: Body) -> Result<Response, Problem> {
    let sent = whole(body).await?;
    let string = sent.trim_ascii();
    if string.is_empty() {
        return Err(Problem::new(Kind::Malformed, "nothing was sent").hint("the string is the body, as text"));
    }
    let hash = desk.registry.pepper().hash(string);
    let gate = desk.gate.clone();
    let story = tokio::task::spawn_blocking(move || story(&*gate, hash)).await;
    let story = story.map_err(|_| unreadable())?.map_err(|_| unreadable())?;
    Ok(json(200, &told(&desk, string, hash, &story)))
}

fn told<A: Send + Sync + 'static>(desk: &Desk<A>, string: &[u8], hash: CredentialHash, story: &Story) -> Value {
    let mut answer = json!({
        "used_from": story.from.iter().map(|(ip, (count, last))| json!({ "ip": ip, "count": count, "last": last })).collect::<Vec<_>>(),
        "spent": Money::from_nanos(story.spent).to_string(),
        "refused": story.refused,
        "last_seen": (!story.last.is_empty()).then_some(&story.last),
    });
    let mut say = |name: &str, value: Value| {
        if let Some(members) = answer.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    let snapshot = desk.registry.snapshot();
    if let Some(found) = snapshot.find(&hash, (desk.clock)().wall) {
        let newest = found.secret_index + 1 == found.key.secrets.len();
        let secret = match (found.standing, newest) {
            (Standing::Live, true) => "current",
            (Standing::Live, false) => "overlap",
            (Standing::Expired, _) => "replaced",
            (Standing::Revoked, _) => "revoked",
        };
        let live = found.standing == Standing::Live;
        say("ours", true.into());
        say("kind", "virtual".into());
        say("key", found.key.name.as_str().into());
        say("upstream", found.key.upstream.as_str().into());
        say("live", live.into());
        say("secret", secret.into());
        let next =
            if live { format!("tollgate key rotate {} --now", found.key.name) } else { "nothing: it opens nothing any more".to_owned() };
        say("next", next.into());
    } else if let Some(real) = desk.gate.recognise(string) {
        say("ours", true.into());
        say("kind", "real".into());
        say("upstream", real.upstream.as_str().into());
        say("version", real.version.into());
        say("live", real.live.into());
        say("next", "replace the key at the provider, and give the new one to its source; then revoke this one".into());
    } else {
        say("ours", false.into());
        say("kind", "unknown".into());
        say("live", false.into());
        say("next", "nothing of this gate opens with it".into());
    }
    answer
}

fn story(gate: &dyn crate::gate::Gate, hash: CredentialHash) -> std::io::Result<Story> {
    let mut story = Story::default();
    for found in tollgate_audit::find(gate.audit(), hash.to_string().as_bytes(), MOST)? {
        let line = found.value;
        let text = |place: &str| line.pointer(place).and_then(Value::as_str);
        let at = text("/@timestamp").unwrap_or_default().to_owned();
        if text("/event/action") == Some("intent") {
            continue;
        }
        if let Some(ip) = text("/client/ip").or_else(|| text("/source/ip")) {
            let seen = story.from.entry(ip.to_owned()).or_default();
            *seen = (seen.0 + 1, at.clone());
        }
        if text("/tollgate/decision") == Some("denied") {
            story.refused += 1;
        } else if text("/event/action") == Some("outcome") && text("/tollgate/hold") != Some("voided") {
            let cost = text("/tollgate/cost/settled").or_else(|| text("/tollgate/cost/held"));
            let cost = cost.and_then(|cost| Money::parse(cost).ok()).unwrap_or(Money::ZERO);
            story.spent = story.spent.saturating_add(cost.nanos());
        }
        story.last = at;
    }
    Ok(story)
}
