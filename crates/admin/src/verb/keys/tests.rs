use serde_json::json;

use super::*;
use crate::act::Stage;
use crate::fixture::Fixture;

#[tokio::test]
async fn id_17_the_secret_stands_in_the_answer_that_made_it_and_nowhere_else() {
    let desk = Fixture::new().await;
    let first = desk.key("ci", json!({})).await;
    let rotated = desk.ask("POST", "/v1/keys/ci/rotate", None).await.json();
    let second = rotated["key"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    let mut shown = String::new();
    for (method, path, body) in [
        ("GET", "/v1/keys", None),
        ("GET", "/v1/keys/ci", None),
        ("PATCH", "/v1/keys/ci", Some(json!({ "note": "n" }))),
        ("POST", "/v1/keys/ci/pause", Some(json!({ "reason": "r" }))),
        ("POST", "/v1/keys/ci/resume", None),
        ("POST", "/v1/explain", Some(json!({ "key": "ci", "from": "10.0.0.1" }))),
        ("GET", "/v1/usage", None),
        ("GET", "/metrics", None),
        ("GET", "/v1/audit/tail", None),
        ("POST", "/v1/keys/ci/revoke", None),
    ] {
        let answer = desk.ask(method, path, body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        shown.push_str(&answer.body);
    }
    let written = format!("{:?}", desk.log.acts.lock());
    for secret in [&first, &second] {
        let (hidden, hint) = secret.split_at(secret.len() - 4);
        assert!(!shown.contains(hidden) && !written.contains(hidden), "the secret is shown");
        assert!(shown.contains(&format!("\"hint\":\"{hint}\"")));
    }
}

#[tokio::test]
async fn id_17_a_shown_record_has_ids_and_hints_and_no_hash() {
    let desk = Fixture::new().await;
    let secret = desk.key("ci", json!({})).await;
    let hash = desk.registry.pepper().hash(secret.as_bytes()).to_string();
    for path in ["/v1/keys", "/v1/keys/ci"] {
        assert!(!desk.ask("GET", path, None).await.body.contains(&hash), "{path}");
    }
}

#[tokio::test]
async fn a_name_of_blocks_stands_for_the_blocks_that_it_has() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({ "allow": ["office", "10.0.0.0/8"] })).await;
    let shown = desk.ask("GET", "/v1/keys/ci", None).await.json();
    assert_eq!(shown["terms"]["allow"], json!(["203.0.113.0/24", "2001:db8::/32", "10.0.0.0/8"]));
    let unknown = desk.ask("PATCH", "/v1/keys/ci", Some(json!({ "allow": ["offices"] }))).await;
    assert_eq!((unknown.status, unknown.body.contains("offices")), (422, true), "{unknown:?}");
}

#[tokio::test]
async fn every_word_of_the_command_line_is_taken() {
    let desk = Fixture::new().await;
    desk.ask("POST", "/v1/teams", Some(json!({ "name": "crew", "caps": ["100/day"] }))).await;
    let words = json!({
        "team": "crew", "env": "staging", "allow": ["203.0.113.0/24"], "caps": ["25/day Europe/Berlin"], "tasks": "5000/day",
        "rate": "60/min burst 6", "concurrency": 10, "hours": ["Mon-Fri 09:00-17:00 Europe/Berlin"],
        "not_before": "2026-11-24T00:00:00Z", "expires": "90d", "idle": "30d", "methods": ["userrecaptcha"],
        "callbacks": ["hooks.example"], "note": "the checkout",
    });
    desk.key("ci", words).await;
    let shown = desk.ask("GET", "/v1/keys/ci", None).await.json();
    let terms = &shown["terms"];
    assert_eq!(terms["team"], "crew");
    assert_eq!(terms["limits"]["caps"], json!(["25/day Europe/Berlin"]));
    assert_eq!(terms["limits"]["rate"], "60/min burst 6");
    assert_eq!(terms["expires"], "2027-02-21T12:00:00.000Z");
    assert_eq!(terms["idle_ms"], 30 * 86_400_000_i64);
    assert_eq!(terms["methods"], json!(["userrecaptcha"]));
    let copied = desk.ask("POST", "/v1/keys", Some(json!({ "name": "cd", "like": "ci", "note": "the other" }))).await.json();
    assert_eq!(copied["record"]["terms"]["limits"], terms["limits"]);
    assert_eq!((&copied["record"]["terms"]["note"], &copied["record"]["upstream"]), (&json!("the other"), &json!("captchaai")));
}

#[tokio::test]
async fn a_key_without_limit_or_address_is_refused_unless_it_is_said_aloud() {
    let desk = Fixture::new().await;
    let make = async |body: Value| desk.ask("POST", "/v1/keys", Some(body)).await;
    let none = make(json!({ "name": "a", "upstream": "captchaai", "allow": "any" })).await.problem();
    assert!(none.1 == "refused" && none.2.contains("nothing bounds"), "{none:?}");
    let nowhere = make(json!({ "name": "a", "upstream": "captchaai", "caps": ["1/day"] })).await.problem();
    assert!(nowhere.2.contains("nowhere"), "{nowhere:?}");
    for (name, word, value) in [("a", "caps", json!("none")), ("b", "caps", json!(["none"])), ("c", "uncapped", json!(true))] {
        let mut body = json!({ "name": name, "upstream": "captchaai", "allow": "any" });
        body[word] = value;
        assert_eq!(make(body).await.status, 201);
    }
}

#[tokio::test]
async fn every_mistake_is_told_at_once() {
    let desk = Fixture::new().await;
    let body = json!({
        "name": "Not a name", "upstream": "captchaai", "like": "nobody", "caps": ["25/fortnight"], "allow": ["10.0.0.0/99"],
        "rate": "fast", "hours": ["Someday"], "expires": "soon", "callbacks": ["http://hooks.example/path"], "observe": ["network"],
    });
    let (status, _, detail) = desk.ask("POST", "/v1/keys", Some(body)).await.problem();
    assert_eq!(status, 422);
    for field in ["name", "like", "caps", "allow", "rate", "hours", "expires", "callbacks", "observe"] {
        assert!(detail.contains(&format!("`{field}`")), "`{field}` is not in: {detail}");
    }
    assert!(desk.log.acts.lock().is_empty(), "what cannot be read is not an act");
}

#[tokio::test]
async fn ad_11_no_field_of_the_record_can_be_assigned() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    for field in
        ["role", "spent", "cap_used", "id", "tenant", "created", "created_at", "secrets", "version", "revoked", "paused", "__proto__"]
    {
        for (method, path) in
            [("PATCH", "/v1/keys/ci"), ("POST", "/v1/keys"), ("POST", "/v1/keys/ci/rotate"), ("POST", "/v1/keys/ci/revoke")]
        {
            let (status, slug, detail) = desk.ask(method, path, Some(json!({ field: "x" }))).await.problem();
            assert!(status == 400 && slug == "malformed" && detail.contains("unknown field"), "{method} {path} {field}: {detail}");
        }
    }
    for field in ["name", "upstream", "like"] {
        assert_eq!(desk.ask("PATCH", "/v1/keys/ci", Some(json!({ field: "second" }))).await.status, 422, "{field}");
    }
    assert_eq!(desk.registry.snapshot().generation, 1);
}

#[tokio::test]
async fn a_change_touches_what_was_said_and_nothing_else() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({ "rate": "60/min", "concurrency": 4, "note": "old", "expires": "90d" })).await;
    let before = desk.ask("GET", "/v1/keys/ci", None).await.json();
    let changed =
        desk.ask("PATCH", "/v1/keys/ci", Some(json!({ "note": "new", "expires": "none", "rate": "none", "concurrency": "none" }))).await;
    let after = changed.json();
    assert_eq!(after["terms"]["note"], "new");
    for gone in ["/terms/expires", "/terms/limits/rate", "/terms/limits/concurrency"] {
        assert_eq!(after.pointer(gone), None, "{gone}");
    }
    assert_eq!((&after["terms"]["limits"]["caps"], &after["id"]), (&before["terms"]["limits"]["caps"], &before["id"]));
}

#[tokio::test]
async fn checks_are_observed_until_an_end() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    let set = async |body: Value| desk.ask("PATCH", "/v1/keys/ci", Some(body)).await;
    let observed = set(json!({ "observe": ["network", "rate"], "until": "7d" })).await.json();
    assert_eq!(observed["terms"]["observe"], json!({ "network": true, "hours": false, "rate": true, "until": "2026-11-30T12:00:00.000Z" }));
    assert!(set(json!({ "observe": ["network"] })).await.problem().2.contains("until"));
    assert!(set(json!({ "observe": ["identity"], "until": "7d" })).await.problem().2.contains("identity"));
    assert!(set(json!({ "until": "7d" })).await.problem().2.contains("observe"));
    assert_eq!(set(json!({ "observe": "none" })).await.json()["terms"].get("observe"), None);
}

#[tokio::test]
async fn ad_14_of_two_who_read_the_same_only_one_changes_it() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    let etag = desk.ask("GET", "/v1/keys/ci", None).await.header("etag").unwrap().to_owned();
    let lines = [("if-match", &*etag)];
    let (first, second) = tokio::join!(
        desk.ask_with("PATCH", "/v1/keys/ci", &lines, Some(json!({ "caps": ["50/day"] }))),
        desk.ask_with("PATCH", "/v1/keys/ci", &lines, Some(json!({ "note": "mine" }))),
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let won = if first.status == 200 { &first } else { &second };
    assert_eq!(won.header("etag"), Some("\"2\""));
    assert_eq!(desk.ask("GET", "/v1/keys/ci", None).await.header("etag"), Some("\"2\""));
}

#[tokio::test]
async fn ad_14_an_act_on_what_has_changed_is_not_done() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    desk.ask("PATCH", "/v1/keys/ci", Some(json!({ "note": "changed" }))).await;
    for verb in ["rotate", "revoke", "pause", "resume"] {
        let answer = desk.ask_with("POST", &format!("/v1/keys/ci/{verb}"), &[("if-match", "\"1\"")], None).await;
        assert_eq!(answer.problem().0, 412, "{verb}");
    }
    assert_eq!(desk.registry.snapshot().generation, 2);
}

#[tokio::test]
async fn ad_14_of_two_rotations_of_the_same_version_one_makes_a_secret() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    let rotate = || desk.ask_with("POST", "/v1/keys/ci/rotate", &[("if-match", "\"1\"")], None);
    let (first, second) = tokio::join!(rotate(), rotate());
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(desk.registry.snapshot().record("ci").unwrap().secrets.len(), 2);
}

#[tokio::test]
async fn a_repeated_request_makes_no_second_key() {
    let desk = Fixture::new().await;
    let body = json!({ "name": "ci", "upstream": "captchaai", "caps": ["1/day"], "allow": "any" });
    let lines = [("idempotency-key", "4b8c")];
    let first = desk.ask_with("POST", "/v1/keys", &lines, Some(body.clone())).await;
    let again = desk.ask_with("POST", "/v1/keys", &lines, Some(body)).await;
    assert_eq!((first.status, again.status, &first.body), (201, 201, &again.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(desk.log.acts.lock().len(), 2);
    let other = json!({ "name": "cd", "upstream": "captchaai", "caps": ["1/day"], "allow": "any" });
    assert_eq!(desk.ask_with("POST", "/v1/keys", &lines, Some(other)).await.problem().1, "idempotency_key_reused");
}

#[tokio::test]
async fn an_act_is_written_before_and_after_with_the_whole_change() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({ "note": "whole" })).await;
    desk.ask("PATCH", "/v1/keys/ci", Some(json!({ "team": "nobodies" }))).await;
    let acts = desk.log.acts.lock();
    let told: Vec<_> = acts.iter().map(|act| (act.action, act.stage, &*act.subject)).collect();
    assert_eq!(
        told,
        [
            ("key_create", Stage::Intent, "ci"),
            ("key_create", Stage::Done, "ci"),
            ("key_set", Stage::Intent, "ci"),
            ("key_set", Stage::Refused, "ci"),
        ]
    );
    assert_eq!(acts[0].detail["terms"]["note"], "whole");
    assert_eq!(acts[1].detail.pointer("/after/terms/note"), Some(&json!("whole")), "{}", acts[1].detail);
    assert!(matches!(acts[0].by, Door::Port { .. }));
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_done() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    desk.log.broken.store(true, std::sync::atomic::Ordering::Relaxed);
    let make = json!({ "name": "cd", "upstream": "captchaai", "caps": ["1/day"], "allow": "any" });
    for (method, path, body) in [
        ("POST", "/v1/keys", Some(make)),
        ("PATCH", "/v1/keys/ci", Some(json!({ "note": "n" }))),
        ("POST", "/v1/keys/ci/rotate", None),
        ("POST", "/v1/keys/ci/revoke", None),
        ("POST", "/v1/keys/ci/pause", None),
        ("POST", "/v1/keys/ci/resume", None),
        ("POST", "/v1/teams", Some(json!({ "name": "crew" }))),
    ] {
        let (status, slug, _) = desk.ask(method, path, body).await.problem();
        assert_eq!((status, &*slug), (503, "audit_unavailable"), "{method} {path}");
    }
    assert_eq!(desk.registry.snapshot().generation, 1);
}

#[tokio::test]
async fn rotation_leaves_an_overlap_or_none() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    let ends = |desk: &Fixture| desk.registry.snapshot().record("ci").unwrap().secrets[0].expires.unwrap().to_string();
    desk.ask("POST", "/v1/keys/ci/rotate", None).await;
    assert_eq!(ends(&desk), "2026-11-24T12:00:00.000Z");
    desk.ask("POST", "/v1/keys/ci/rotate", Some(json!({ "overlap": "1h" }))).await;
    assert_eq!(ends(&desk), "2026-11-23T13:00:00.000Z");
    desk.ask("POST", "/v1/keys/ci/rotate", Some(json!({ "now": true }))).await;
    assert_eq!(ends(&desk), "2026-11-23T12:00:00.000Z");
    let both = desk.ask("POST", "/v1/keys/ci/rotate", Some(json!({ "now": true, "overlap": "1h" }))).await;
    assert_eq!(both.problem().1, "refused");
}

#[tokio::test]
async fn a_name_is_given_once_and_a_revoked_key_stays_revoked() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    assert_eq!(desk.ask("POST", "/v1/keys/ci/revoke", None).await.json()["revoked"], "2026-11-23T12:00:00.000Z");
    let again = json!({ "name": "ci", "upstream": "captchaai", "caps": ["1/day"], "allow": "any" });
    assert_eq!(desk.ask("POST", "/v1/keys", Some(again)).await.problem().0, 409);
    assert_eq!(desk.ask("POST", "/v1/keys/ci/resume", None).await.problem().0, 409);
    assert_eq!(desk.ask("POST", "/v1/keys/none/revoke", None).await.problem().0, 404);
}

#[tokio::test]
async fn the_upstream_may_be_left_out_when_there_is_one() {
    let desk = Fixture::new().await;
    let body = json!({ "name": "ci", "caps": ["1/day"], "allow": "any" });
    let several = desk.ask("POST", "/v1/keys", Some(body.clone())).await.problem();
    assert!(several.0 == 422 && several.2.contains("upstream"), "{several:?}");
    *desk.gate.upstreams.lock() = vec!["captchaai"];
    assert_eq!(desk.ask("POST", "/v1/keys", Some(body)).await.json()["record"]["upstream"], "captchaai");
    let unknown = json!({ "name": "cd", "upstream": "elsewhere", "caps": ["1/day"], "allow": "any" });
    assert!(desk.ask("POST", "/v1/keys", Some(unknown)).await.problem().2.contains("elsewhere"));
}

#[tokio::test]
async fn a_key_is_shown_with_its_limits_in_dollars() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    *desk.gate.limits.lock() = vec![crate::fixture::cap("25/day", 1_200_000_000)];
    let shown = desk.ask("GET", "/v1/keys/ci", None).await.json();
    let limit = json!({
        "limit": "25/day", "scope": "key", "used": "1.200000000", "left": "23.800000000", "unit": "usd",
        "resets_at": "2026-11-24T00:00:00.000Z", "raised_until": null, "known": true,
    });
    assert_eq!(shown["limits"], json!([limit]));
}
