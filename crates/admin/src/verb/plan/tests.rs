use serde_json::{Value, json};

use crate::fixture::Fixture;

async fn key(desk: &Fixture, body: Value) -> Value {
    desk.ask("POST", "/v1/plan/key", Some(body)).await.json()
}

#[tokio::test]
async fn a_plan_says_what_would_be_and_changes_nothing() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({ "caps": ["1/day"], "note": "old" })).await;
    let before = desk.registry.snapshot().generation;
    let acts = desk.log.acts.lock().len();
    let made = key(&desk, json!({ "name": "cd", "upstream": "captchaai", "caps": ["2/day"], "allow": "any", "team": "to-be-made" })).await;
    assert_eq!((&made["after"]["limits"]["caps"], made.get("before"), made.get("version")), (&json!(["2/day"]), None, None));
    let shown = desk.ask("GET", "/v1/keys/ci", None).await.json();
    let set = key(&desk, json!({ "name": "ci", "caps": ["3/day"], "note": "" })).await;
    assert_eq!((&set["before"], &set["version"]), (&shown["terms"], &shown["version"]));
    assert_eq!(
        (&set["before"]["note"], set["after"].get("note"), &set["after"]["limits"]["caps"]),
        (&json!("old"), None, &json!(["3/day"]))
    );
    let team = desk.ask("POST", "/v1/plan/team", Some(json!({ "name": "crew", "caps": ["5/day"] }))).await.json();
    assert_eq!((&team["after"]["limits"]["caps"], team.get("before")), (&json!(["5/day"]), None));
    assert_eq!((desk.registry.snapshot().generation, desk.log.acts.lock().len()), (before, acts));
}

#[tokio::test]
async fn a_time_counts_from_the_keys_making_so_that_a_second_look_finds_no_difference() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({ "expires": "90d", "not_before": "1h" })).await;
    desk.set_clock("2026-11-24T12:00:00Z");
    let again = key(&desk, json!({ "name": "ci", "expires": "90d", "not_before": "1h" })).await;
    assert_eq!(again["before"], again["after"]);
    let over = desk.ask("POST", "/v1/plan/key", Some(json!({ "name": "ci", "not_before": "none", "expires": "12h" }))).await.problem();
    assert!(over.2.contains("`expires`: ") && over.2.contains("in the past"), "{over:?}");
}

#[tokio::test]
async fn what_has_ended_may_stay_as_it_is() {
    let desk = Fixture::new().await;
    let observed = json!({ "name": "ci", "expires": "2d", "observe": ["rate"], "until": "2026-11-24T12:00:00Z" });
    desk.key("ci", json!({ "expires": "2d", "observe": ["rate"], "until": "2026-11-24T12:00:00Z" })).await;
    desk.set_clock("2026-11-26T12:00:00Z");
    let again = key(&desk, observed).await;
    assert_eq!(again["before"], again["after"]);
    let anew = json!({ "name": "ci", "observe": ["rate"], "until": "2026-11-25T12:00:00Z" });
    let (_, _, told) = desk.ask("POST", "/v1/plan/key", Some(anew)).await.problem();
    assert!(told.contains("`until`: is in the past"), "{told}");
}

#[tokio::test]
async fn every_mistake_is_told_with_its_field_and_the_word_that_is_wrong() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    desk.key("gone", json!({})).await;
    desk.ask("POST", "/v1/keys/gone/revoke", None).await;
    let places = async |body: Value| {
        let answer = desk.ask("POST", "/v1/plan/key", Some(body)).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        let mistakes = told["mistakes"].as_array().unwrap().iter();
        mistakes
            .map(|one| (one["field"].as_str().unwrap_or("-").to_owned(), one["word"].as_str().unwrap_or("-").to_owned()))
            .collect::<Vec<_>>()
    };
    let place = |field: &str, word: &str| (field.to_owned(), word.to_owned());
    let words =
        json!({ "name": "x", "upstream": "captchaai", "caps": ["1/day", "1/dya"], "allow": ["10.0.0.0/8", "offices"], "rate": "fast" });
    assert_eq!(places(words).await, [place("allow", "offices"), place("caps", "1/dya"), place("rate", "-")]);
    let sense = json!({ "name": "x", "upstream": "captchaai", "caps": ["1/day"], "allow": "any", "methods": ["userrecaptcha", "nothing"] });
    assert_eq!(places(sense).await, [place("methods", "nothing")]);
    assert_eq!(places(json!({ "name": "x", "upstream": "captchaai", "allow": "any" })).await, [place("-", "-")]);
    assert_eq!(places(json!({ "name": "x", "upstream": "captchaai", "caps": ["1/day"], "allow": [] })).await, [place("allow", "-")]);
    assert_eq!(places(json!({ "name": "ci", "upstream": "other" })).await, [place("upstream", "-")]);
    assert_eq!(places(json!({ "name": "gone" })).await, [place("name", "-")]);
}
