//! Does what was shown: one step after the other, each whole or not at all. The first that is refused ends the run, which can be repeated.

use std::path::PathBuf;

use serde_json::Value;
use tollgate_admin::client::{Beside, ClientError};

use super::form::Kind;
use super::plan::{Plan, Step, What};
use super::secrets::Folder;
use crate::desk::{Desk, told};
use crate::exit::{Failed, Outcome};

/// Where the secret of a key was put.
pub(super) type Kept = (String, PathBuf);

/// Does all of it; says where secrets are.
pub(super) fn run(plan: &Plan, desk: &Desk, folder: Option<&Folder>) -> Result<Vec<Kept>, Failed> {
    let mut kept = Vec::new();
    for (done, step) in plan.steps.iter().enumerate() {
        let outcome = one(step, desk, folder, &mut kept);
        outcome.map_err(|failed| {
            let (kind, name) = (step.kind.as_str(), &step.name);
            failed.during(
                format!("the {kind} `{name}`"),
                format!("{done} of {} steps were done: run it again to see what is left", plan.steps.len()),
            )
        })?;
    }
    folder.map_or(Ok(()), |folder| folder.tidy(plan, false))?;
    Ok(kept)
}

fn one(step: &Step, desk: &Desk, folder: Option<&Folder>, kept: &mut Vec<Kept>) -> Outcome {
    let Step { kind, name, what, .. } = step;
    match (what, folder) {
        (What::Change { version, fields }, _) => {
            let beside = Beside { version: Some(*version), once: None };
            desk.write("PATCH", &format!("{}/{name}", kind.path()), fields, beside)?.map_err(told)?;
        }
        (What::Make(form), _) if *kind == Kind::Team => {
            desk.write("POST", kind.path(), form, Beside::default())?.map_err(told)?;
        }
        (What::Make(form), Some(folder)) => {
            // noted before it is asked for: whatever is cut from here on, the next run asks under the same text
            let begun = folder.begin(name, form)?;
            let answer = desk.write("POST", kind.path(), form, Beside { version: None, once: Some(&begun.once) })?.map_err(told)?;
            kept.push((name.clone(), keep(folder, name, &answer)?));
        }
        (What::Fetch(begun), Some(folder)) => {
            let answer = desk.write("POST", kind.path(), &begun.body, Beside { version: None, once: Some(&begun.once) })?;
            let answer = answer.map_err(|error| lost(error, name))?;
            kept.push((name.clone(), keep(folder, name, &answer)?));
        }
        (What::Make(_) | What::Fetch(_), None) => return Err(Failed::new("there is no folder for its secret")),
    }
    Ok(())
}

fn keep(folder: &Folder, name: &str, answer: &Value) -> Result<PathBuf, Failed> {
    let secret = answer.get("key").and_then(Value::as_str).ok_or_else(|| Failed::new("the gate's answer has no secret"))?;
    folder.keep(name, secret)
}

/// The gate has forgotten its answer: it was started anew, or a day has passed. Whose the key is cannot be known, so it stays as it is.
fn lost(error: ClientError, name: &str) -> Failed {
    match error {
        ClientError::Refused { status: 409, .. } => {
            Failed::new("it is there, and the gate no longer knows the secret that a cut run asked for")
                .hint(format!("if nobody has it, `tollgate key rotate {name} --now` prints a new one; then remove its `.key.pending`"))
        }
        error => told(error),
    }
}
