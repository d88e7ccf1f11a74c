//! What is different, field by field?

use std::time::Duration;

use serde_json::{Value, json};

use super::form::Kind;
use crate::print;

/// One field that changes, in the words of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) field: &'static str,
    pub(super) from: String,
    pub(super) to: String,
}

impl Line {
    /// Whether there was nothing before.
    pub(super) fn gives(&self) -> bool {
        self.from == "-"
    }
}

/// The fields in which terms differ from what they were; from what is there without a word, if there was nothing.
pub(super) fn between(kind: Kind, before: Option<&Value>, after: &Value) -> Vec<Line> {
    let blank = json!({ "methods": "any" });
    let before = before.unwrap_or(&blank);
    let fields = kind.fields().iter().filter_map(|field| {
        let (from, to) = (value(before, field), value(after, field));
        (from != to).then(|| Line { field, from: said(field, &from), to: said(field, &to) })
    });
    fields.collect()
}

/// What terms say in a field; null where nothing, in whatever way.
fn value(terms: &Value, field: &str) -> Value {
    if field == "caps" && terms.pointer("/limits/uncapped") == Some(&json!(true)) {
        return json!("none");
    }
    let found = match field {
        "caps" | "tasks" | "rate" | "concurrency" => terms.get("limits").and_then(|limits| limits.get(field)),
        "idle" => terms.get("idle_ms"),
        _ => terms.get(field),
    };
    match found {
        Some(Value::Array(words)) if words.is_empty() => Value::Null,
        Some(Value::String(text)) if text.is_empty() => Value::Null,
        found => found.cloned().unwrap_or_default(),
    }
}

fn said(field: &str, value: &Value) -> String {
    match (field, value) {
        ("brake", Value::Null) => tollgate_policy::Brake::default().to_string(),
        ("idle", value) if let Some(millis) = value.as_u64() => tollgate_policy::duration::format(Duration::from_millis(millis)),
        ("observe", Value::Object(checks)) => {
            let named = checks.iter().filter(|(_, on)| **on == json!(true)).map(|(check, _)| check.as_str());
            format!("{} until {}", named.collect::<Vec<_>>().join(", "), print::instant(value, "/until"))
        }
        ("not_before" | "expires", value) => print::instant(value, ""),
        (_, value) => print::words(value, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(before: Option<&Value>, after: &Value) -> Vec<String> {
        between(Kind::Key, before, after).iter().map(|line| format!("{}: {} -> {}", line.field, line.from, line.to)).collect()
    }

    #[test]
    fn every_field_that_changes_is_told_and_no_other() {
        let before = json!({
            "allow": ["10.0.0.0/8"], "limits": { "caps": ["25/day"], "tasks": [], "uncapped": false, "raises": [] }, "methods": "any",
            "callbacks": [], "note": "old",
        });
        let after = json!({
            "team": "crew", "allow": "any", "hours": ["Mon 09:00-17:00 UTC"], "idle_ms": 86_400_000, "brake": "off",
            "limits": { "caps": [], "tasks": ["5/day"], "rate": "60/min", "concurrency": 3, "uncapped": true, "raises": [{}] },
            "methods": ["base64", "post"], "callbacks": ["hooks.example"], "expires": "2026-12-01T00:00:00.000Z", "env": "prod",
            "not_before": "2026-11-01T00:00:00.000Z",
            "observe": { "network": true, "hours": false, "rate": true, "until": "2026-12-01T00:00:00.000Z" },
        });
        let told = lines(Some(&before), &after);
        assert_eq!(
            told,
            [
                "team: - -> crew",
                "env: - -> prod",
                "allow: 10.0.0.0/8 -> any",
                "caps: 25/day -> none",
                "tasks: - -> 5/day",
                "rate: - -> 60/min",
                "concurrency: - -> 3",
                "hours: - -> Mon 09:00-17:00 UTC",
                "not_before: - -> 2026-11-01T00:00:00Z",
                "expires: - -> 2026-12-01T00:00:00Z",
                "idle: - -> 1d",
                "methods: any -> base64, post",
                "callbacks: - -> hooks.example",
                "observe: - -> network, rate until 2026-12-01T00:00:00Z",
                "brake: 10x -> off",
                "note: old -> -",
            ]
        );
        assert_eq!(told.len(), Kind::Key.fields().len(), "a field that can be changed is one that is told");
        assert_eq!(lines(Some(&after), &after), [""; 0]);
    }

    #[test]
    fn of_what_is_made_everything_is_told_that_was_said() {
        let made =
            json!({ "allow": "any", "limits": { "caps": ["1/day"], "tasks": [], "uncapped": false }, "methods": "any", "callbacks": [] });
        assert_eq!(lines(None, &made), ["allow: - -> any", "caps: - -> 1/day"]);
    }

    #[test]
    fn a_note_that_is_a_dash_is_a_note() {
        let note = |note: &str| json!({ "methods": "any", "note": note });
        assert_eq!(lines(Some(&note("")), &note("-")), ["note: - -> -"]);
    }
}
