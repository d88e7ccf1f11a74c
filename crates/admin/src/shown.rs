//! How are limits and records shown? Money in decimal dollars, instants in RFC 3339.

use serde::Serialize;
use serde_json::{Value, json};
use tollgate_books::LimitView;
use tollgate_model::Timestamp;

/// All of them, each with its next resets.
pub(crate) fn limits_with_resets(views: &[LimitView], now: Timestamp) -> Value {
    json!(views.iter().map(|view| view.shown_with_resets(now)).collect::<Vec<_>>())
}

/// All of them.
pub(crate) fn limits(views: &[LimitView]) -> Value {
    json!(views.iter().map(LimitView::shown).collect::<Vec<_>>())
}

/// The members of records that are instants; records keep them in milliseconds.
const INSTANTS: [&str; 8] = ["created", "expires", "revoked", "not_before", "at", "until", "last_used", "opens"];

/// A record with its instants as a person reads them, and of its secrets the hints alone.
pub(crate) fn record(record: &impl Serialize) -> Value {
    let mut shown = serde_json::to_value(record).unwrap_or_default();
    let secrets = shown.get_mut("secrets").and_then(Value::as_array_mut).into_iter().flatten();
    for secret in secrets.filter_map(Value::as_object_mut) {
        // it finds lines of the log for who has the log; `trace` finds them for who has the secret
        secret.remove("hash");
    }
    say_instants(&mut shown);
    shown
}

fn say_instants(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(say_instants),
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_i64() {
                    Some(millis) if INSTANTS.contains(&name.as_str()) => *member = Timestamp::from_millis(millis).to_string().into(),
                    _ => say_instants(member),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_by_people_wherever_they_stand() {
        let shown = record(&json!({ "created": 0, "terms": { "observe": { "until": 86_400_000 } }, "version": 7 }));
        let until = "1970-01-02T00:00:00.000Z";
        assert_eq!(shown, json!({ "created": "1970-01-01T00:00:00.000Z", "terms": { "observe": { "until": until } }, "version": 7 }));
    }
}
