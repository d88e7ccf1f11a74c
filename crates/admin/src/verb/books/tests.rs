use serde_json::json;
use tollgate_model::{RequestId, Timestamp};

use crate::fixture::Fixture;

#[tokio::test]
async fn what_is_unknown_is_shown_and_resolved_once_with_a_reason() {
    let desk = Fixture::new().await;
    let request = RequestId::new(Timestamp::from_millis(1_795_424_400_000), [7; 10]);
    *desk.gate.unknown.lock() = Some(request);
    let shown = desk.ask("GET", "/v1/books/unknown", None).await.json();
    assert_eq!(shown["unknown"][0]["request"], json!(request.to_string()));
    let path = format!("/v1/books/{request}/resolve");
    for (body, said) in [
        (json!({ "cost": "0.0029" }), "a resolution has a `reason`"),
        (json!({ "reason": "r" }), "what it cost is missing"),
        (json!({ "cost": "-1", "reason": "r" }), "`cost`"),
        (json!({ "cost": "1.2.3", "reason": "r" }), "`cost`"),
        (json!({ "cost": "NaN", "reason": "r" }), "`cost`"),
        (json!({ "cost": "0.0029 EUR", "reason": "r" }), "`cost`"),
        (json!({ "cost": "99999999999999999999", "reason": "r" }), "`cost`"),
    ] {
        let refused = desk.ask("POST", &path, Some(body.clone())).await;
        assert_eq!((refused.status, refused.body.contains(said)), (422, true), "{body}: {refused:?}");
    }
    let resolution = json!({ "cost": "0.0029", "reason": "stands in the provider's statement" });
    let done = desk.ask("POST", &path, Some(resolution.clone())).await;
    assert_eq!((done.status, &done.json()["settled"]), (200, &json!("0.002900000")), "{done:?}");
    assert_eq!(desk.ask("POST", &path, Some(resolution)).await.status, 404, "once");
    assert_eq!(desk.ask("POST", "/v1/books/nothing/resolve", Some(json!({ "cost": "0", "reason": "r" }))).await.status, 404);
    let acts = format!("{:?}", desk.log.acts.lock());
    assert!(acts.contains("books_resolve") && acts.contains("provider's statement"), "{acts}");
}

#[tokio::test]
async fn what_a_key_has_spent_is_corrected_up_or_down_with_a_reason_and_a_day() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    let id = "019d36ac-13e8-7000-8000-000000000001";
    for (body, said) in [
        (json!({ "key": "ci", "up": "0.5" }), "a correction has a `reason`"),
        (json!({ "key": "ci", "reason": "r" }), "`up` or `down`"),
        (json!({ "key": "ci", "up": "1", "down": "1", "reason": "r" }), "`up` or `down`"),
        (json!({ "key": "ci", "up": "0", "reason": "r" }), "nothing is no correction"),
        (json!({ "key": "ci", "down": "-1", "reason": "r" }), "`down`: expected dollars"),
        (json!({ "key": "ci", "up": "NaN", "reason": "r" }), "`up`: expected dollars"),
        (json!({ "key": "ci", "up": "1.2.3", "reason": "r" }), "`up`: expected dollars"),
        (json!({ "key": "ci", "up": "1 EUR", "reason": "r" }), "`up`: expected dollars"),
        (json!({ "key": "ci", "up": "0.0000000001", "reason": "r" }), "nano-dollar"),
        (json!({ "key": "ci", "up": "99999999999999999999", "reason": "r" }), "too large"),
        (json!({ "key": "ci", "up": "1", "on": "yesterday", "reason": "r" }), "is no day"),
        (json!({ "key": "ci", "up": "1", "on": "2026-11-24", "reason": "r" }), "last 89 days"),
        (json!({ "key": "ci", "up": "1", "on": "2026-08-25", "reason": "r" }), "last 89 days"),
        (json!({ "key": "ci", "up": "1", "id": "7", "reason": "r" }), "is no id"),
        (json!({ "key": "ci", "down": "1.000000001", "reason": "r" }), "less than is to be taken off"),
    ] {
        let refused = desk.ask("POST", "/v1/books/adjust", Some(body.clone())).await;
        assert_eq!((refused.status, refused.body.contains(said)), (422, true), "{body}: {refused:?}");
    }
    assert_eq!(desk.ask("POST", "/v1/books/adjust", Some(json!({ "key": "no", "up": "1", "reason": "r" }))).await.status, 404);
    let asked = json!({ "key": "ci", "down": "0.25", "on": "2026-08-26", "reason": "line 12", "id": id });
    let told = desk.ask("POST", "/v1/books/adjust", Some(asked)).await.json();
    let shown = json!({ "id": id, "key": "ci", "on": "2026-08-26", "amount": "-0.250000000", "entries": 1, "repeated": false });
    assert_eq!(told, shown);
    let acts = format!("{:?}", desk.log.acts.lock());
    assert!(acts.contains("books_adjust") && acts.contains("line 12") && acts.contains("less than is to be taken off"), "{acts}");
}
