//! `tollgate key`: virtual keys.

use serde_json::{Map, Value, json};

use crate::args::{Key, Limits, Policy, Raise};
use crate::desk::{Desk, in_path, no_secret};
use crate::exit::{Failed, Outcome};
use crate::print;

/// Runs one of the verbs.
pub(crate) fn run(key: Key, desk: &Desk, json: bool) -> Outcome {
    match key {
        Key::Create { name, upstream, like, policy } => {
            let mut body = terms(*policy);
            body.insert("name".to_owned(), no_secret(&name)?.into());
            put(&mut body, "upstream", upstream);
            put(&mut body, "like", like);
            secret(&desk.call("POST", "/v1/keys", Some(&Value::Object(body)))?, json)
        }
        Key::Rotate { name, overlap, now } => {
            let body = if now { json!({ "now": true }) } else { json!({ "overlap": overlap }) };
            secret(&desk.call("POST", &format!("/v1/keys/{}/rotate", in_path(&name)?), Some(&body))?, json)
        }
        Key::List => list(&desk.call("GET", "/v1/keys", None)?, json),
        Key::Show { name } => show(&desk.call("GET", &format!("/v1/keys/{}", in_path(&name)?), None)?, json),
        Key::Set { name, policy, observe, until } => {
            let mut body = terms(*policy);
            if !observe.is_empty() {
                body.insert("observe".to_owned(), observe.into());
            }
            put(&mut body, "until", until);
            something_in(&body)?;
            changed(&desk.call("PATCH", &format!("/v1/keys/{}", in_path(&name)?), Some(&Value::Object(body)))?, json, &name, "changed")
        }
        Key::Revoke { name } => act(desk, &name, "revoke", None, json, "revoked, for good"),
        Key::Pause { name, reason } => act(desk, &name, "pause", Some(&json!({ "reason": reason })), json, "paused"),
        Key::Resume { name } => act(desk, &name, "resume", None, json, "resumed"),
        Key::Raise { name, raise } => {
            let (body, done) = raised(&raise);
            act(desk, &name, "raise", Some(&body), json, done)
        }
    }
}

/// What is asked, and how its being done is told.
pub(super) fn raised(Raise { cap, tasks, until, reason, end }: &Raise) -> (Value, &'static str) {
    let reason = reason.clone().unwrap_or_default();
    let body = json!({ "cap": cap, "tasks": tasks, "until": until, "reason": reason, "end": end });
    (body, if *end { "back to its own cap" } else { "raised for a while" })
}

/// A change of nothing is a mistyped one.
pub(super) fn something_in(body: &Map<String, Value>) -> Outcome {
    if body.is_empty() { Err(Failed::usage("nothing was said that is to be changed").hint("`--help` names what can be")) } else { Ok(()) }
}

fn act(desk: &Desk, name: &str, verb: &str, body: Option<&Value>, json: bool, done: &str) -> Outcome {
    changed(&desk.call("POST", &format!("/v1/keys/{}/{verb}", in_path(name)?), body)?, json, name, done)
}

fn changed(answer: &Value, json: bool, name: &str, done: &str) -> Outcome {
    if json {
        return print::json(answer);
    }
    print::lines(&format!("`{name}` is {done}\n"))
}

/// The key alone on stdout, so that it can be piped; everything else beside it.
fn secret(answer: &Value, json: bool) -> Outcome {
    if json {
        return print::json(answer);
    }
    eprintln!("the key `{}`; it is shown this once:", print::text(answer, "/name"));
    print::lines(&format!("{}\n", print::text(answer, "/key")))
}

fn list(answer: &Value, json: bool) -> Outcome {
    if json {
        return print::json(answer);
    }
    let empty = Vec::new();
    let rows = answer.get("keys").and_then(Value::as_array).unwrap_or(&empty).iter().map(|key| {
        vec![
            print::text(key, "/name"),
            state(key),
            print::text(key, "/upstream"),
            print::text(key, "/terms/team"),
            print::words(key, "/terms/limits/caps"),
            print::words(key, "/terms/allow"),
            print::instant(key, "/last_used"),
        ]
    });
    let head = ["key", "state", "upstream", "team", "caps", "addresses", "last used"];
    print::lines(&print::table(&head, &rows.collect::<Vec<_>>(), "no keys yet: `tollgate key create NAME --cap 25/day --allow CIDR`"))
}

fn state(key: &Value) -> String {
    let set = |place: &str| key.pointer(place).is_some_and(|value| !value.is_null());
    let state = if set("/revoked") {
        "revoked"
    } else if set("/paused") {
        "paused"
    } else {
        "live"
    };
    state.to_owned()
}

fn show(answer: &Value, json: bool) -> Outcome {
    if json {
        return print::json(answer);
    }
    let mut facts = vec![vec!["state".to_owned(), state(answer)]];
    for (name, place) in [
        ("upstream", "/upstream"),
        ("team", "/terms/team"),
        ("environment", "/terms/env"),
        ("addresses", "/terms/allow"),
        ("methods", "/terms/methods"),
        ("hours", "/terms/hours"),
        ("callbacks", "/terms/callbacks"),
        ("brake", "/terms/brake"),
        ("paused for", "/paused/reason"),
        ("note", "/terms/note"),
    ] {
        facts.push(vec![name.to_owned(), print::words(answer, place)]);
    }
    for (name, place) in [("begins", "/terms/not_before"), ("ends", "/terms/expires"), ("made", "/created"), ("last used", "/last_used")] {
        facts.push(vec![name.to_owned(), print::instant(answer, place)]);
    }
    facts.push(vec!["observed".to_owned(), observed(answer)]);
    facts.extend(answer.get("secrets").and_then(Value::as_array).into_iter().flatten().map(secret_fact));
    facts.retain(|fact| fact.get(1).is_none_or(|said| said != "-"));
    let name = print::text(answer, "/name");
    print::lines(&format!("{}\n{}", print::table(&["key", &name], &facts, ""), print::limits(answer)))
}

/// One of its secrets, by its last four characters.
fn secret_fact(secret: &Value) -> Vec<String> {
    let (hint, since, until) = (print::text(secret, "/hint"), print::instant(secret, "/created"), print::instant(secret, "/expires"));
    let ends = if until == "-" { String::new() } else { format!(", valid until {until}") };
    vec!["secret".to_owned(), format!("…{hint}, made {since}{ends}")]
}

/// Which checks are recorded and let pass, and until when.
fn observed(answer: &Value) -> String {
    let named =
        ["network", "hours", "rate"].into_iter().filter(|check| answer.pointer(&format!("/terms/observe/{check}")) == Some(&json!(true)));
    let checks = named.collect::<Vec<_>>().join(", ");
    if checks.is_empty() { "-".to_owned() } else { format!("{checks}, until {}", print::instant(answer, "/terms/observe/until")) }
}

/// The words of the command line as the API's; what was not said is absent.
fn terms(policy: Policy) -> Map<String, Value> {
    let mut body = limits(policy.limits);
    put(&mut body, "team", policy.team);
    put(&mut body, "env", policy.env);
    put(&mut body, "expires", policy.expires);
    put(&mut body, "not_before", policy.not_before);
    put(&mut body, "brake", policy.brake);
    put(&mut body, "note", policy.note);
    for (name, words) in [("allow", policy.allow), ("hours", policy.hours), ("methods", policy.methods), ("callbacks", policy.callbacks)] {
        if !words.is_empty() {
            body.insert(name.to_owned(), words.into());
        }
    }
    body
}

/// Limits of a key or a team.
pub(crate) fn limits(limits: Limits) -> Map<String, Value> {
    let mut body = Map::new();
    for (name, words) in [("caps", limits.caps), ("tasks", limits.tasks)] {
        if !words.is_empty() {
            body.insert(name.to_owned(), words.into());
        }
    }
    put(&mut body, "rate", limits.rate);
    if let Some(open) = limits.concurrency {
        body.insert("concurrency".to_owned(), open.into());
    }
    body
}

fn put(body: &mut Map<String, Value>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        body.insert(name.to_owned(), value.into());
    }
}
