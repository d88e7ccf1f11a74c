//! How is a limit shown? Money in decimal dollars, counts as numbers.

use serde_json::{Value, json};
use tollgate_books::LimitView;
use tollgate_model::{Amount, LimitKind, Money, Scope};

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
    let scope = match view.limit.scope {
        Scope::Key(_) => "key",
        Scope::Team(_) => "team",
        Scope::Upstream(_) => "upstream",
    };
    json!({
        "limit": view.limit.kind.to_string(),
        "scope": scope,
        "used": amount(view.used),
        "left": amount(view.left),
        "unit": unit,
        "resets_at": view.resets_at,
        "known": view.known,
    })
}

/// All of them.
pub(crate) fn limits(views: &[LimitView]) -> Value {
    views.iter().map(limit).collect()
}
