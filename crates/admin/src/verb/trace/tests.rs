use serde_json::json;
use tollgate_audit::{Decision, HoldEnd, Kind as LineKind, Record};
use tollgate_model::{KeyId, Money, Name, RequestId};

use super::*;
use crate::fixture::{Fixture, NOON, REAL_KEY, TOKEN, at, requests};

async fn traced(desk: &Fixture, string: &str) -> Value {
    let bearer = format!("Bearer {TOKEN}");
    let lines = [("host", "127.0.0.1"), ("authorization", &*bearer), ("content-type", "text/plain")];
    let answer = desk.send("POST", "/v1/trace", &lines, string.as_bytes()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn state(told: &Value) -> (Option<&str>, Option<bool>, Option<&str>) {
    (told["secret"].as_str(), told["live"].as_bool(), told["ended_at"].as_str())
}

#[tokio::test]
async fn a_virtual_key_is_told_with_which_of_its_secrets_it_is() {
    let desk = Fixture::new().await;
    let first = desk.key("ci", json!({})).await;
    assert_eq!(state(&traced(&desk, &format!(" {first}\n")).await), (Some("current"), Some(true), None));
    let second = desk.ask("POST", "/v1/keys/ci/rotate", Some(json!({ "overlap": "1h" }))).await.json();
    let second = second["key"].as_str().unwrap();
    let told = traced(&desk, &first).await;
    assert_eq!(state(&told), (Some("overlap"), Some(true), None));
    assert_eq!((&told["kind"], &told["key"], &told["next"]), (&json!("virtual"), &json!("ci"), &json!("tollgate key rotate ci --now")));
    desk.set_clock("2026-11-23T13:00:00Z");
    assert_eq!(state(&traced(&desk, &first).await), (Some("replaced"), Some(false), Some("2026-11-23T13:00:00.000Z")));
    assert_eq!(state(&traced(&desk, second).await), (Some("current"), Some(true), None));
    desk.ask("POST", "/v1/keys/ci/revoke", None).await;
    assert_eq!(state(&traced(&desk, second).await), (Some("revoked"), Some(false), Some("2026-11-23T13:00:00.000Z")));
}

#[tokio::test]
async fn a_key_that_has_ended_or_lost_its_upstream_is_ours_and_not_live() {
    let desk = Fixture::new().await;
    let lost = desk.key("lost", json!({ "upstream": "gone" })).await;
    let told = traced(&desk, &lost).await;
    assert_eq!((&told["ours"], &told["live"]), (&json!(true), &json!(false)));
    let short = desk.key("short", json!({ "expires": "1h" })).await;
    assert_eq!(traced(&desk, &short).await["live"], true);
    desk.set_clock("2026-11-23T13:00:00Z");
    assert_eq!(traced(&desk, &short).await["live"], false);
}

#[tokio::test]
async fn a_real_key_is_told_by_its_version_and_a_foreign_string_is_nobodys() {
    let desk = Fixture::new().await;
    let told = traced(&desk, REAL_KEY).await;
    assert_eq!((&told["kind"], &told["upstream"], &told["version"]), (&json!("real"), &json!("captchaai"), &json!("v7")));
    assert!(!told.to_string().contains(REAL_KEY));
    let told = traced(&desk, "hunter2").await;
    assert_eq!((&told["ours"], &told["kind"], &told["spent"]), (&json!(false), &json!("unknown"), &json!("0.000000000")));
    assert!(!told.to_string().contains("hunter2"));
    assert!(desk.log.acts.lock().is_empty(), "a question is not an act, and its string is written nowhere");
    assert_eq!(desk.ask("POST", "/v1/trace", None).await.problem().1, "malformed");
}

#[tokio::test]
async fn what_was_bought_with_it_is_summed_by_what_its_tasks_cost_in_the_end() {
    let desk = Fixture::new().await;
    let secret = desk.key("ci", json!({})).await;
    let hash = desk.registry.pepper().hash(secret.as_bytes());
    let (name, id) = (Name::parse("ci").unwrap(), desk.registry.snapshot().record("ci").unwrap().id);
    let dollars = |cents: i64| Some(Money::from_nanos(cents * 10_000_000));
    let of = |number: u8| RequestId::new(at(NOON), [number; 10]);
    let sent = |number: u8, from: &str| Record {
        key: Some((id, &name)),
        credential: Some(hash),
        client: Some(from.parse().unwrap()),
        held: dollars(5),
        hold: Some(HoldEnd::Opened),
        ..Record::new(at(NOON), LineKind::Outcome, of(number))
    };
    // fetched with the key's other secret: the line of the end has no hash
    let end = |number: u8, id: KeyId, hold, settled| Record {
        key: Some((id, &name)),
        held: dollars(5),
        settled,
        hold: Some(hold),
        ..Record::new(at(NOON), LineKind::Settle, of(number))
    };
    requests(
        &desk,
        &[
            Record { hold: None, ..Record::new(at(NOON), LineKind::Intent, of(1)) },
            sent(1, "192.0.2.7"),
            sent(2, "192.0.2.7"),
            sent(3, "10.0.0.1"),
            Record { credential: None, ..sent(4, "10.0.0.9") },
            end(1, id, HoldEnd::Settled, dollars(4)),
            end(2, id, HoldEnd::Voided, None),
            Record { decision: Decision::Denied, hold: None, held: None, kind: LineKind::Request, ..sent(5, "192.0.2.7") },
        ],
    );
    let told = traced(&desk, &secret).await;
    assert_eq!(told["spent"], "0.090000000", "four cents settled, nothing for the voided one, five still held");
    assert_eq!((&told["refused"], &told["complete"]), (&json!(1), &json!(true)));
    let last = "2026-11-23T12:00:00.000Z";
    assert_eq!(told["used_from"], json!([{ "ip": "10.0.0.1", "count": 1, "last": last }, { "ip": "192.0.2.7", "count": 3, "last": last }]));
    assert_eq!(told["last_seen"], last);
}
