//! How is a plan shown? The difference for people, one line of JSON for programs; never a secret.

use serde_json::{Value, json};

use super::act::Kept;
use super::form::Kind;
use super::plan::{Plan, Step, What};
use crate::exit::Outcome;
use crate::print;

/// Everything of it; with what was done, where it was.
pub(super) fn tell(plan: &Plan, kept: &[Kept], json: bool) -> Outcome {
    if json { print::json(&whole(plan, kept)) } else { print::lines(&page(plan)) }
}

/// That it was done.
pub(super) fn done(plan: &Plan, kept: &[Kept]) -> Outcome {
    let secrets: Vec<_> = kept.iter().map(|(name, path)| format!("the secret of `{name}` is in `{}`\n", path.display())).collect();
    print::lines(&format!("{}{}\n", secrets.concat(), sum(plan, ["made", "changed", "fetched"])))
}

fn whole(plan: &Plan, kept: &[Kept]) -> Value {
    let named = |all: &[(Kind, String)]| all.iter().map(|(kind, name)| json!({ "kind": kind.as_str(), "name": name })).collect::<Vec<_>>();
    let secrets = kept.iter().map(|(name, path)| json!({ "key": name, "file": path.display().to_string() }));
    json!({
        "steps": plan.steps.iter().map(Step::json).collect::<Vec<_>>(),
        "untouched": named(&plan.untouched),
        "not_in_file": named(&plan.elsewhere),
        "secrets": secrets.collect::<Vec<_>>(),
    })
}

fn page(plan: &Plan) -> String {
    let steps: String = plan.steps.iter().map(shown).collect();
    let all: Vec<_> = plan.elsewhere.iter().map(|(kind, name)| format!("{} `{name}`", kind.as_str())).collect();
    let elsewhere = if all.is_empty() { String::new() } else { format!("not in the file, and left alone: {}\n", all.join(", ")) };
    format!("{steps}{}\n{elsewhere}", sum(plan, ["to make", "to change", "to fetch"]))
}

fn shown(step: &Step) -> String {
    let (kind, name) = (step.kind.as_str(), &step.name);
    let line = |field: &str, said: String| format!("    {field:<12}{said}\n");
    match step.what {
        What::Make(_) => {
            let fields = step.lines.iter().map(|told| line(told.field, told.to.clone()));
            format!("make the {kind} `{name}`\n{}", fields.collect::<String>())
        }
        What::Change { .. } => {
            let fields = step.lines.iter().map(|told| line(told.field, format!("{} -> {}", told.from, told.to)));
            format!("change the {kind} `{name}`\n{}", fields.collect::<String>())
        }
        What::Fetch(_) => format!("fetch the secret of the {kind} `{name}`, which a run that was cut has made\n"),
    }
}

fn sum(plan: &Plan, [make, change, fetch]: [&str; 3]) -> String {
    let count = |word: &str| plan.steps.iter().filter(|step| step.what.as_str() == word).count();
    let fetched = if count("fetch") > 0 { format!("{} {fetch}, ", count("fetch")) } else { String::new() };
    format!("{} {make}, {} {change}, {fetched}{} untouched", count("make"), count("change"), plan.untouched.len())
}
