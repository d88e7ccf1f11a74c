//! The upstream accounts, with their limits and what is left of them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::desk::{Desk, json};
use crate::gate::Whose;
use crate::shown;

pub(crate) async fn list<A: Send + Sync + 'static>(State(desk): State<Arc<Desk<A>>>) -> Response {
    let mut all = Vec::new();
    for upstream in desk.gate.upstreams() {
        let limits = desk.gate.limits(Whose::Upstream(&upstream.name)).await;
        let mut shown = serde_json::to_value(&upstream).unwrap_or_default();
        if let Some(members) = shown.as_object_mut() {
            let prices: serde_json::Map<_, _> = upstream.prices.iter().map(|(method, price)| (method.clone(), json!(price))).collect();
            members.insert("prices".to_owned(), prices.into());
            members.insert("limits".to_owned(), shown::limits(&limits));
        }
        all.push(shown);
    }
    json(200, &json!({ "upstreams": all }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::fixture::{Fixture, REAL_KEY, cap};

    #[tokio::test]
    async fn an_account_is_shown_with_prices_and_limits_and_without_its_key() {
        let desk = Fixture::new().await;
        *desk.gate.of_upstream.lock() = vec![cap("50/day", 0)];
        let answer = desk.ask("GET", "/v1/upstreams", None).await;
        assert!(!answer.body.contains(REAL_KEY));
        let told = answer.json();
        let first = &told["upstreams"][0];
        assert_eq!((&first["name"], &first["secret_version"]), (&json!("captchaai"), &json!("v7")));
        assert_eq!(first["prices"], json!({ "userrecaptcha": "0.002900000" }));
        assert_eq!(first["limits"][0]["left"], "50.000000000");
        assert_eq!(told["upstreams"].as_array().unwrap().len(), 2);
    }
}
