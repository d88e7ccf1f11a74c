//! What is to be done? The file held against the gate, which judges every word of it; with one mistake there is no plan.

use serde_json::{Value, json};
use tollgate_admin::client::{Beside, ClientError};
use tollgate_config::{Declared, Manifest, Mistake, Mistakes, Said};

use super::difference::{self, Line};
use super::form::{self, Kind};
use super::secrets::{Begun, Folder, Found, taken};
use crate::desk::{Desk, told};
use crate::exit::Failed;
use crate::print;

/// Everything that is to be done, and what is not.
pub(super) struct Plan {
    /// What is made and given first, then keys, then what is taken from teams: cut anywhere, a limit that moves between a team and its keys
    /// is in force at both, never at neither.
    pub(super) steps: Vec<Step>,
    /// What is as the file says.
    pub(super) untouched: Vec<(Kind, String)>,
    /// What the gate has and the file has not.
    pub(super) elsewhere: Vec<(Kind, String)>,
    /// Keys whose secret an earlier run has kept, its note still beside it.
    pub(super) kept: Vec<String>,
}

/// One thing to do.
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) what: What,
    pub(super) lines: Vec<Line>,
}

/// What it is.
pub(super) enum What {
    /// To be made of this form.
    Make(Value),
    /// To be changed by these fields, if it is still what was read.
    Change { version: u64, fields: Value },
    /// Made by a run that was cut: its secret is still to be had.
    Fetch(Begun),
}

impl Plan {
    /// Asks the gate about everything; changes nothing.
    pub(super) fn made(manifest: &Manifest, desk: &Desk, folder: Option<&Folder>) -> Result<Self, Failed> {
        let there = There::read(desk)?;
        let mut plan = Self { steps: Vec::new(), untouched: Vec::new(), elsewhere: there.beside(manifest), kept: Vec::new() };
        let mut mistakes = Vec::new();
        let all = manifest.teams.iter().map(|team| (Kind::Team, team)).chain(manifest.keys.iter().map(|key| (Kind::Key, key)));
        for (kind, declared) in all {
            if let Some(mistake) = there.unknown_team(manifest, declared) {
                mistakes.push(mistake);
            }
            match planned(kind, declared, desk)? {
                Ok(answer) => plan.add(kind, declared, &answer, folder)?,
                Err(problem) => mistakes.extend(placed(manifest, declared, &problem)),
            }
        }
        // sorting keeps the file's order within each
        plan.steps.sort_by_key(Step::turn);
        Mistakes::of(mistakes).map_or(Ok(plan), |mistakes| Err(Failed::usage(mistakes)))
    }

    /// Whether something of it makes a secret.
    pub(super) fn makes_secrets(&self) -> bool {
        self.steps.iter().any(|step| step.kind == Kind::Key && matches!(step.what, What::Make(_)))
    }

    fn add(&mut self, kind: Kind, declared: &Declared, answer: &Value, folder: Option<&Folder>) -> Result<(), Failed> {
        let name = declared.name.to_string();
        let form = form::form(kind, declared);
        let after = answer.get("after").unwrap_or(&Value::Null);
        let lines = difference::between(kind, answer.get("before"), after);
        let found = folder.filter(|_| kind == Kind::Key).map_or(Ok(Found::Nothing), |folder| folder.find(&name))?;
        let is_there = answer.get("version").and_then(Value::as_u64);
        match (is_there, found) {
            (None, Found::Taken(path)) => return Err(taken(&path)),
            (Some(_), Found::Begun(begun)) => {
                self.steps.push(Step { kind, name: name.clone(), what: What::Fetch(begun), lines: Vec::new() });
            }
            (Some(_), Found::Kept) => self.kept.push(name.clone()),
            (_, Found::Nothing | Found::Begun(_) | Found::Taken(_) | Found::Kept) => {}
        }
        let what = match is_there {
            None => What::Make(form.into()),
            Some(_) if lines.is_empty() => {
                self.untouched.push((kind, name));
                return Ok(());
            }
            Some(version) => {
                let (given, other): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| kind == Kind::Team && line.gives());
                for lines in [given, other].into_iter().filter(|lines| !lines.is_empty()) {
                    let changed: Vec<_> = lines.iter().map(|line| line.field).collect();
                    let what = What::Change { version, fields: ends(form::of(&form, &changed), after) };
                    self.steps.push(Step { kind, name: name.clone(), what, lines });
                }
                return Ok(());
            }
        };
        self.steps.push(Step { kind, name, what, lines });
        Ok(())
    }
}

/// Times count from the key's making here, and from now at the gate: an instant is the same to both.
fn ends(mut fields: Value, after: &Value) -> Value {
    for name in ["not_before", "expires"] {
        if let (Some(field), Some(instant)) = (fields.get_mut(name), after.get(name)) {
            *field = instant.clone();
        }
    }
    fields
}

/// What the gate would make of it; or why it would refuse.
fn planned(kind: Kind, declared: &Declared, desk: &Desk) -> Result<Result<Value, Value>, Failed> {
    let form = Value::Object(form::form(kind, declared));
    match desk.write("POST", &format!("/v1/plan/{}", kind.as_str()), &form, Beside::default())? {
        Ok(answer) => Ok(Ok(answer)),
        Err(ClientError::Refused { status: 422, problem, .. }) => Ok(Err(problem)),
        Err(error) => Err(told(error)),
    }
}

/// The gate's mistakes at their places in the file.
fn placed(manifest: &Manifest, declared: &Declared, problem: &Value) -> Vec<Mistake> {
    let empty = Vec::new();
    let mistakes = problem.get("mistakes").and_then(Value::as_array).unwrap_or(&empty);
    let one = |told: &Value| {
        let text = |name: &str| told.get(name).and_then(Value::as_str);
        let what = text("what").unwrap_or("is refused");
        let (what, hint) = what.split_once(": ").map_or((what, None), |(what, hint)| (what, Some(hint.to_owned())));
        let what = text("field").map_or_else(|| format!("`{}`: {what}", declared.name), |field| format!("`{field}`: {what}"));
        manifest.mistake(declared, text("field"), text("word"), what, hint)
    };
    mistakes.iter().map(one).collect()
}

/// What the gate has.
struct There {
    teams: Vec<String>,
    keys: Vec<String>,
}

impl There {
    fn read(desk: &Desk) -> Result<Self, Failed> {
        let names = |kind: Kind, list: &str| -> Result<Vec<String>, Failed> {
            let answer = desk.call("GET", kind.path(), None)?;
            let all = answer.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
            Ok(all.iter().filter(|one| one.get("revoked").is_none()).map(|one| print::text(one, "/name")).collect())
        };
        Ok(Self { teams: names(Kind::Team, "teams")?, keys: names(Kind::Key, "keys")? })
    }

    fn beside(&self, manifest: &Manifest) -> Vec<(Kind, String)> {
        let beside = |kind: Kind, there: &[String], declared: &[Declared]| -> Vec<(Kind, String)> {
            let unsaid = there.iter().filter(|name| !declared.iter().any(|one| one.name.as_str() == *name));
            unsaid.map(|name| (kind, name.clone())).collect()
        };
        [beside(Kind::Team, &self.teams, &manifest.teams), beside(Kind::Key, &self.keys, &manifest.keys)].concat()
    }

    /// A team that is neither in the file nor at the gate: the gate itself would say so when the key is made, half way.
    fn unknown_team(&self, manifest: &Manifest, declared: &Declared) -> Option<Mistake> {
        let Some(Said::Text(team)) = declared.field("team").map(|field| &field.said) else { return None };
        let known = team.is_empty()
            || team == "none"
            || self.teams.contains(team)
            || manifest.teams.iter().any(|declared| declared.name.as_str() == team);
        let hint = "a `[[team]]` of that name makes it".to_owned();
        (!known).then(|| manifest.mistake(declared, Some("team"), None, format!("there is no team `{team}`"), Some(hint)))
    }
}

/// What a step is, for programs.
impl What {
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Make(_) => "make",
            Self::Change { .. } => "change",
            Self::Fetch(_) => "fetch",
        }
    }
}

impl Step {
    fn turn(&self) -> u8 {
        match (self.kind, &self.what) {
            (Kind::Team, What::Change { .. }) if !self.lines.iter().all(Line::gives) => 2,
            (Kind::Team, _) => 0,
            (Kind::Key, _) => 1,
        }
    }

    /// The step, for programs.
    pub(super) fn json(&self) -> Value {
        let fields = self.lines.iter().map(|Line { field, from, to }| json!({ "field": field, "from": from, "to": to }));
        json!({ "do": self.what.as_str(), "kind": self.kind.as_str(), "name": self.name, "fields": fields.collect::<Vec<_>>() })
    }
}
