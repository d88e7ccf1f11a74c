//! Does what was shown: one step after the other, each whole or not at all. The first that is refused ends the run, which can be repeated.

use std::collections::HashMap;
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
    let (mut kept, mut versions) = (Vec::new(), HashMap::new());
    for (done, step) in plan.steps.iter().enumerate() {
        let outcome = one(step, desk, folder, &mut kept, &mut versions);
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

/// A team that is changed in two steps has the version of the first one's answer in the second.
fn one<'p>(
    step: &'p Step,
    desk: &Desk,
    folder: Option<&Folder>,
    kept: &mut Vec<Kept>,
    versions: &mut HashMap<(Kind, &'p str), u64>,
) -> Outcome {
    let Step { kind, name, what, .. } = step;
    match (what, folder) {
        (What::Change { version, fields }, _) => {
            let version = versions.get(&(*kind, name.as_str())).copied().unwrap_or(*version);
            let beside = Beside { version: Some(version), once: None };
            let answer = desk.write("PATCH", &format!("{}/{name}", kind.path()), fields, beside)?.map_err(told)?;
            if let Some(version) = answer.get("version").and_then(Value::as_u64) {
                versions.insert((*kind, name), version);
            }
        }
        (What::Make(form), _) if *kind == Kind::Team => {
            desk.write("POST", kind.path(), form, Beside::default())?.map_err(told)?;
        }
        (What::Make(form), Some(folder)) => {
            // noted before it is asked for: whatever is cut from here on, the next run asks under the same text
            let begun = folder.begin(name, form)?;
            let answer = desk.write("POST", kind.path(), form, Beside { version: None, once: Some(&begun.once) })?;
            if answer.as_ref().is_err_and(is_final) {
                folder.clear(name)?;
            }
            kept.push((name.clone(), keep(folder, name, &answer.map_err(told)?)?));
        }
        (What::Fetch(begun), Some(folder)) => {
            let answer = desk.write("POST", kind.path(), &begun.body, Beside { version: None, once: Some(&begun.once) })?;
            let answer = answer.map_err(|error| lost(error, name))?;
            is_in_force(&answer, &desk.call("GET", &format!("{}/{name}", kind.path()), None)?, name)?;
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

/// Whether a key was surely not made: then nothing is to be fetched by the next run, which may find another's key of that name.
fn is_final(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { status, .. } if *status < 500) && !is_still_answered(error)
}

/// The gate is at work on the same request.
fn is_still_answered(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { status: 409, detail, .. } if detail.contains("still being answered"))
}

/// An answer that is told again is of that time: the key may have another secret since.
fn is_in_force(answer: &Value, shown: &Value, name: &str) -> Outcome {
    let secret = answer.get("key").and_then(Value::as_str).unwrap_or_default();
    let secrets = shown.get("secrets").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_it =
        |kept: &Value| kept.get("hint").and_then(Value::as_str).is_some_and(|hint| secret.ends_with(hint)) && kept.get("expires").is_none();
    if secrets.iter().any(is_it) {
        return Ok(());
    }
    Err(Failed::new("it was rotated since a cut run asked for its secret, which is no longer in force; nothing was written")
        .hint(format!("who rotated `{name}` has the new one; remove its `.key.pending`")))
}

/// The gate has forgotten its answer: it was started anew, or a day has passed. Whose the key is cannot be known, so it stays as it is.
fn lost(error: ClientError, name: &str) -> Failed {
    match error {
        error if is_still_answered(&error) => told(error),
        ClientError::Refused { status: 409, .. } => Failed::new(
            "it is there: somebody else has made it, or a run that was cut, whose secret the gate no longer knows",
        )
        .hint(format!("remove its `.key.pending`; only if nobody uses the key, `tollgate key rotate {name} --now` prints a new secret")),
        error => told(error),
    }
}
