use std::collections::BTreeMap;

use serde_json::json;
use tollgate_audit::{Decision, HoldEnd, Kind as LineKind, Record};
use tollgate_model::Name;

use super::*;
use crate::fixture::{Fixture, NOON, at, cap, requests};

/// What would be answered: the decision's code (or `allowed`), and the factors that do not agree.
async fn asked(desk: &Fixture, words: Value) -> (String, BTreeMap<String, String>) {
    let mut body = json!({ "key": "ci", "from": "10.0.0.1" });
    for (word, value) in words.as_object().unwrap() {
        body[word] = value.clone();
    }
    let answer = desk.ask("POST", "/v1/explain", Some(body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = answer.json();
    let factors = told["factors"].as_object().unwrap().iter();
    let said = factors.map(|(factor, said)| (factor.clone(), said.as_str().unwrap().to_owned())).filter(|(_, said)| said != "ok");
    let code = told["denied_by"].as_str().unwrap_or_else(|| told["decision"].as_str().unwrap()).to_owned();
    (code, said.collect())
}

fn no(factors: &[&str]) -> BTreeMap<String, String> {
    factors.iter().map(|factor| ((*factor).to_owned(), "no".to_owned())).collect()
}

#[tokio::test]
async fn each_factor_says_its_own_no() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({ "hours": ["Mon-Fri 09:00-17:00 UTC"], "methods": ["userrecaptcha"] })).await;
    assert_eq!(asked(&desk, json!({})).await, ("allowed".to_owned(), no(&[])));
    assert_eq!(asked(&desk, json!({ "from": "192.0.2.1" })).await, ("network_denied".to_owned(), no(&["network"])));
    assert_eq!(asked(&desk, json!({ "at": "2026-11-23T03:00:00Z" })).await, ("outside_hours".to_owned(), no(&["time"])));
    assert_eq!(asked(&desk, json!({ "method": "base64" })).await, ("operation_denied".to_owned(), no(&["allowance"])));
    assert_eq!(asked(&desk, json!({ "method": "unheard" })).await, ("operation_denied".to_owned(), no(&["allowance"])));
    let all = asked(&desk, json!({ "from": "192.0.2.1", "at": "2026-11-23T03:00:00Z", "method": "base64" })).await;
    assert_eq!(all, ("network_denied".to_owned(), no(&["network", "time", "allowance"])), "the first room's no, and every no");
}

#[tokio::test]
async fn a_closed_hour_tells_when_it_opens() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({ "hours": ["Mon-Fri 09:00-17:00 UTC"] })).await;
    let body = json!({ "key": "ci", "from": "10.0.0.1", "at": "2026-11-28T12:00:00Z" });
    assert_eq!(desk.ask("POST", "/v1/explain", Some(body)).await.json()["opens"], "2026-11-30T09:00:00.000Z");
}

#[tokio::test]
async fn a_cap_is_judged_by_the_price_of_the_method_and_until_its_window_ends() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    // two tenths of a cent are left: enough for the cheap method
    *desk.gate.limits.lock() = vec![cap("25/day", 24_998_000_000)];
    assert_eq!(asked(&desk, json!({ "method": "userrecaptcha" })).await, ("cap_reached".to_owned(), no(&["allowance"])));
    assert_eq!(asked(&desk, json!({ "method": "base64" })).await.0, "allowed");
    assert_eq!(asked(&desk, json!({})).await.0, "allowed");
    assert_eq!(asked(&desk, json!({ "method": "userrecaptcha", "at": "2026-11-24T00:00:00Z" })).await.0, "allowed");
}

#[tokio::test]
async fn the_accounts_own_limits_are_asked_too() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    let mut account = cap("50/day", 50_000_000_000);
    account.limit.scope = tollgate_model::Scope::Upstream(Name::parse("captchaai").unwrap());
    *desk.gate.of_upstream.lock() = vec![account];
    let told = desk.ask("POST", "/v1/explain", Some(json!({ "key": "ci", "from": "10.0.0.1" }))).await.json();
    assert_eq!((&told["denied_by"], &told["limits"][0]["scope"]), (&json!("cap_reached"), &json!("upstream")));
    assert_eq!(told["reason"], "`50/day` of the upstream is used up until 2026-11-24T00:00:00.000Z");
}

#[tokio::test]
async fn an_observed_rate_would_deny_and_an_observed_key_still_meets_its_cap() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({ "rate": "60/min" })).await;
    *desk.gate.limits.lock() = vec![crate::fixture::rate("60/min", 0)];
    assert_eq!(asked(&desk, json!({})).await, ("rate_limited".to_owned(), no(&["allowance"])));
    desk.ask("PATCH", "/v1/keys/ci", Some(json!({ "observe": ["rate"], "until": "7d" }))).await;
    let (code, factors) = asked(&desk, json!({})).await;
    assert_eq!((&*code, factors["allowance"].as_str()), ("allowed", "would_deny"));
    *desk.gate.limits.lock() = vec![crate::fixture::rate("60/min", 0), cap("25/day", 25_000_000_000)];
    assert_eq!(asked(&desk, json!({})).await, ("cap_reached".to_owned(), no(&["allowance"])));
}

#[tokio::test]
async fn a_key_that_is_paused_ended_revoked_or_without_its_upstream_is_refused_for_that() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({ "expires": "1d" })).await;
    desk.ask("POST", "/v1/keys/ci/pause", Some(json!({ "reason": "stock-taking" }))).await;
    assert_eq!(asked(&desk, json!({})).await, ("paused".to_owned(), no(&["time"])));
    desk.ask("POST", "/v1/keys/ci/resume", None).await;
    assert_eq!(asked(&desk, json!({ "at": "2d" })).await, ("expired".to_owned(), no(&["identity", "time"])));
    desk.ask("POST", "/v1/keys/ci/revoke", None).await;
    assert_eq!(asked(&desk, json!({})).await, ("revoked".to_owned(), no(&["identity"])));
    desk.key("lost", json!({ "upstream": "gone" })).await;
    assert_eq!(asked(&desk, json!({ "key": "lost" })).await, ("unauthenticated".to_owned(), no(&["identity"])));
}

#[tokio::test]
async fn a_stopped_method_is_refused() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    *desk.gate.stopped.lock() = vec!["base64".to_owned()];
    assert_eq!(asked(&desk, json!({ "method": "base64" })).await.0, "operation_denied");
    assert_eq!(asked(&desk, json!({ "method": "userrecaptcha" })).await.0, "allowed");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    for (body, wanted) in [
        (json!({ "key": "none", "from": "10.0.0.1" }), "not_found"),
        (json!({ "key": "ci" }), "malformed"),
        (json!({ "key": "ci", "from": "somewhere" }), "malformed"),
        (json!({ "key": "ci", "from": "10.0.0.1", "at": "noon" }), "malformed"),
        (json!({ "key": "ci", "from": "10.0.0.1", "role": "owner" }), "malformed"),
    ] {
        assert_eq!(desk.ask("POST", "/v1/explain", Some(body.clone())).await.problem().1, wanted, "{body}");
    }
}

#[tokio::test]
async fn a_request_is_told_from_its_lines_and_no_others() {
    let desk = Fixture::new().await;
    let (paid, refused) = (RequestId::new(at(NOON), [1; 10]), RequestId::new(at(NOON), [2; 10]));
    let (id, name) = (tollgate_model::KeyId::from_bytes([7; 16]), Name::parse("ci").unwrap());
    let line = |kind, request| Record {
        key: Some((id, &name)),
        operation: Some("submit"),
        client: Some("10.0.0.1".parse().unwrap()),
        held: Some(Money::from_nanos(2_900_000)),
        ..Record::new(at(NOON), kind, request)
    };
    requests(
        &desk,
        &[
            line(LineKind::Intent, paid),
            Record { hold: Some(HoldEnd::Voided), ..line(LineKind::Outcome, paid) },
            Record {
                decision: Decision::Denied,
                denied_by: Some("cap_reached"),
                reason: Some("the cap is reached"),
                ..line(LineKind::Request, refused)
            },
        ],
    );
    let told = desk.ask("GET", &format!("/v1/explain/{paid}"), None).await.json();
    let story: Vec<_> = told["story"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(
        story,
        [
            "2026-11-23T12:00:00.000Z: ci asked for submit from 10.0.0.1; $0.002900000 were held, and it was about to be sent",
            "2026-11-23T12:00:00.000Z: the provider answered: it cost nothing, and its money returned",
        ]
    );
    let told = desk.ask("GET", &format!("/v1/explain/{refused}"), None).await.json();
    assert_eq!(
        told["story"][0],
        "2026-11-23T12:00:00.000Z: ci asked for submit from 10.0.0.1; it was refused: `cap_reached`: the cap is reached"
    );
    let unknown = RequestId::new(at(NOON), [3; 10]);
    assert_eq!(desk.ask("GET", &format!("/v1/explain/{unknown}"), None).await.problem().1, "not_found");
    assert_eq!(desk.ask("GET", "/v1/explain/17", None).await.problem().1, "malformed");
}
