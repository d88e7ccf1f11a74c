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
