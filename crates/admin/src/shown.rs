//! How are limits and records shown? Money in decimal dollars, instants in RFC 3339.

use serde::Serialize;
use serde_json::{Value, json};
use tollgate_books::LimitView;
use tollgate_model::{Amount, LimitKind, Money, Scope, Timestamp};

/// One limit and what is left of it.
pub(crate) fn limit(view: &LimitView) -> Value {
    let money = matches!(view.limit.kind, LimitKind::Cap { amount: Amount::Money(_), .. });
    let amount = |units: i64| if money { Value::from(Money::from_nanos(units).to_string()) } else { Value::from(units) };
    let unit = match view.limit.kind {
        LimitKind::Cap { amount: Amount::Money(_), .. } => "usd",
        LimitKind::Cap { amount: Amount::Tasks(_), .. } => "tasks",
        LimitKind::Rate(_) => "requests",
        LimitKind::Concurrency(_) => "open",
    };
    json!({
        "limit": view.limit.kind.to_string(),
        "scope": scope(view),
        "used": amount(view.used),
        "left": amount(view.left),
        "unit": unit,
        "resets_at": view.resets_at.map(|at| at.to_string()),
        "raised_until": view.raised_until.map(|at| at.to_string()),
        "known": view.known,
    })
}

/// All of them, each with its next resets.
pub(crate) fn limits_with_resets(views: &[LimitView], now: Timestamp) -> Value {
    let with_resets = |view: &LimitView| {
        let mut shown = limit(view);
        if let Some(members) = shown.as_object_mut() {
            let resets = view.next_resets(now);
            let resets = resets.iter().map(|reset| json!({ "at": reset.at.to_string(), "odd_hours": reset.odd_hours() }));
            members.insert("next_resets".to_owned(), resets.collect());
        }
        shown
    };
    views.iter().map(with_resets).collect()
}

/// Whose limit it is.
pub(crate) const fn scope(view: &LimitView) -> &'static str {
    match view.limit.scope {
        Scope::Key(_) => "key",
        Scope::Team(_) => "team",
        Scope::Upstream(_) => "upstream",
    }
}

/// All of them.
pub(crate) fn limits(views: &[LimitView]) -> Value {
    views.iter().map(limit).collect()
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
