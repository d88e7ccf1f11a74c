//! `tollgate team`: teams and the limits that their keys share.

use serde_json::Value;

use super::key::limits;
use crate::args::Team;
use crate::desk::{Desk, in_path};
use crate::exit::Outcome;
use crate::print;

/// Runs one of the verbs.
pub(crate) fn run(team: Team, desk: &Desk, json: bool) -> Outcome {
    match team {
        Team::Create { name, limits: said } => {
            let mut body = limits(said);
            body.insert("name".to_owned(), name.clone().into());
            done(&desk.call("POST", "/v1/teams", Some(&Value::Object(body)))?, json, &name, "made")
        }
        Team::Set { name, limits: said } => {
            let body = Value::Object(limits(said));
            done(&desk.call("PATCH", &format!("/v1/teams/{}", in_path(&name)?), Some(&body))?, json, &name, "changed")
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
    let (name, keys) = (print::text(answer, "/name"), print::words(answer, "/keys"));
    print::lines(&format!("team  {name}\nkeys  {keys}\n\n{}", print::limits(answer)))
}
