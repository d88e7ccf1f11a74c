//! `tollgate team`: teams and the limits that their keys share.

use serde_json::Value;

use super::key::{limits, raised, something_in};
use crate::args::Team;
use crate::desk::{Desk, in_path, no_secret};
use crate::exit::Outcome;
use crate::print;

/// Runs one of the verbs.
pub(crate) fn run(team: Team, desk: &Desk, json: bool) -> Outcome {
    match team {
        Team::Create { name, limits: said } => {
            let mut body = limits(said);
            body.insert("name".to_owned(), no_secret(&name)?.into());
            done(&desk.call("POST", "/v1/teams", Some(&Value::Object(body)))?, json, &name, "made")
        }
        Team::Set { name, limits: said } => {
            let body = limits(said);
            something_in(&body)?;
            let body = Value::Object(body);
            done(&desk.call("PATCH", &format!("/v1/teams/{}", in_path(&name)?), Some(&body))?, json, &name, "changed")
        }
        Team::Raise { name, raise } => {
            let (body, told) = raised(&raise);
            done(&desk.call("POST", &format!("/v1/teams/{}/raise", in_path(&name)?), Some(&body))?, json, &name, told)
        }
        Team::List => list(&desk.call("GET", "/v1/teams", None)?, json),
        Team::Show { name } => show(&desk.call("GET", &format!("/v1/teams/{}", in_path(&name)?), None)?, json),
    }
}

fn done(answer: &Value, json: bool, name: &str, done: &str) -> Outcome {
    if json { print::json(answer) } else { print::lines(&format!("the team `{name}` is {done}\n")) }
}

fn list(answer: &Value, json: bool) -> Outcome {
    if json {
        return print::json(answer);
    }
    let empty = Vec::new();
    let rows =
        answer.get("teams").and_then(Value::as_array).unwrap_or(&empty).iter().map(|team| {
            vec![print::text(team, "/name"), print::words(team, "/terms/limits/caps"), print::words(team, "/terms/limits/tasks")]
        });
    print::lines(&print::table(
        &["team", "caps", "tasks"],
        &rows.collect::<Vec<_>>(),
        "no teams yet: `tollgate team create NAME --cap 100/day`",
    ))
}

fn show(answer: &Value, json: bool) -> Outcome {
    if json {
        return print::json(answer);
    }
    let facts = [
        ("keys", "/keys"),
        ("caps", "/terms/limits/caps"),
        ("tasks", "/terms/limits/tasks"),
        ("rate", "/terms/limits/rate"),
        ("concurrency", "/terms/limits/concurrency"),
        ("note", "/terms/note"),
    ];
    let mut facts: Vec<_> = facts.iter().map(|(name, place)| vec![(*name).to_owned(), print::words(answer, place)]).collect();
    facts.retain(|fact| fact.get(1).is_none_or(|said| said != "-"));
    let name = print::text(answer, "/name");
    // where a limit stands is known once a key counts in it
    let counted = answer.get("limits").and_then(Value::as_array).is_some_and(|limits| !limits.is_empty());
    let limits = if counted { format!("\n{}", print::limits(answer)) } else { String::new() };
    print::lines(&format!("{}{limits}", print::table(&["team", &name], &facts, &format!("team  {name}\nno keys and no limits"))))
}
