use serde_json::json;

use crate::fixture::{Fixture, cap};

#[tokio::test]
async fn a_team_is_made_shown_with_its_keys_and_changed() {
    let desk = Fixture::new().await;
    let made = desk.ask("POST", "/v1/teams", Some(json!({ "name": "crew", "caps": ["100/day"], "note": "n" }))).await;
    assert_eq!((made.status, made.header("etag")), (201, Some("\"1\"")));
    desk.key("ci", json!({ "team": "crew" })).await;
    desk.key("cd", json!({})).await;
    *desk.gate.limits.lock() = vec![cap("100/day", 40_000_000_000)];
    let shown = desk.ask("GET", "/v1/teams/crew", None).await.json();
    assert_eq!((&shown["keys"], &shown["limits"][0]["left"]), (&json!(["ci"]), &json!("60.000000000")));
    let changed = desk.ask("PATCH", "/v1/teams/crew", Some(json!({ "tasks": ["50/day"] }))).await.json();
    assert_eq!(changed["terms"]["limits"], json!({ "caps": ["100/day"], "tasks": ["50/day"], "uncapped": false }));
    let listed = desk.ask("GET", "/v1/teams", None).await.json();
    assert_eq!(listed["teams"][0]["name"], "crew");
}

#[tokio::test]
async fn ad_11_no_field_of_a_teams_record_can_be_assigned() {
    let desk = Fixture::new().await;
    desk.ask("POST", "/v1/teams", Some(json!({ "name": "crew" }))).await;
    for field in ["role", "spent", "id", "keys", "created", "version", "paused", "allow", "__proto__"] {
        for (method, path) in [("PATCH", "/v1/teams/crew"), ("POST", "/v1/teams")] {
            let (status, _, detail) = desk.ask(method, path, Some(json!({ field: "x" }))).await.problem();
            assert!(status == 400 && detail.contains("unknown field"), "{method} {field}: {detail}");
        }
    }
    assert_eq!(desk.ask("PATCH", "/v1/teams/crew", Some(json!({ "name": "other" }))).await.status, 422);
}

#[tokio::test]
async fn ad_14_a_team_that_has_changed_is_not_changed_blindly() {
    let desk = Fixture::new().await;
    desk.ask("POST", "/v1/teams", Some(json!({ "name": "crew" }))).await;
    let set = async |note: &str| desk.ask_with("PATCH", "/v1/teams/crew", &[("if-match", "\"1\"")], Some(json!({ "note": note }))).await;
    let (one, other) = tokio::join!(set("one"), set("other"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn a_team_is_named_once_and_every_mistake_is_told_at_once() {
    let desk = Fixture::new().await;
    desk.ask("POST", "/v1/teams", Some(json!({ "name": "crew" }))).await;
    assert_eq!(desk.ask("POST", "/v1/teams", Some(json!({ "name": "crew" }))).await.problem().1, "conflict");
    assert_eq!(desk.ask("GET", "/v1/teams/none", None).await.problem().1, "not_found");
    let (status, _, detail) = desk.ask("POST", "/v1/teams", Some(json!({ "caps": "1/fortnight", "rate": "fast" }))).await.problem();
    assert_eq!(status, 422);
    for field in ["`name`", "`caps`", "`rate`"] {
        assert!(detail.contains(field), "{detail}");
    }
}
