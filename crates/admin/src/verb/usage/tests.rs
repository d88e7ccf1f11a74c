use tollgate_model::{KeyId, Name};

use super::*;
use crate::fixture::Fixture;

fn row(key: KeyId, team: Option<&str>, method: &str, day: &str, cents: i64) -> UsageRow {
    let dollars = |cents: i64| Money::from_nanos(cents * 10_000_000);
    UsageRow {
        key,
        team: team.map(|team| Name::parse(team).unwrap()),
        upstream: Name::parse("captchaai").unwrap(),
        method: method.to_owned(),
        day: day.to_owned(),
        tasks: cents,
        settled: dollars(cents),
        held: dollars(2),
        unknown: dollars(1),
        excess: dollars(0),
        busy_ms: cents * 1_500,
    }
}

#[tokio::test]
async fn the_same_rows_are_summed_by_what_was_asked() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    let ci = desk.registry.snapshot().record("ci").unwrap().id;
    let other = KeyId::from_bytes([9; 16]);
    *desk.gate.usage.lock() = vec![
        row(ci, Some("crew"), "userrecaptcha", "2026-11-22", 10),
        row(ci, Some("crew"), "base64", "2026-11-23", 20),
        row(other, None, "base64", "2026-11-23", 70),
    ];
    let labels = async |by: &str| {
        let told = desk.ask("GET", &format!("/v1/usage?by={by}"), None).await.json();
        assert_eq!((&told["total"]["settled"], &told["total"]["tasks"]), (&json!("1.000000000"), &json!(100)));
        let pair = |row: &Value| (row[by].as_str().unwrap().to_owned(), row["settled"].as_str().unwrap().to_owned());
        told["rows"].as_array().unwrap().iter().map(pair).collect::<Vec<_>>()
    };
    let pairs =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(label, sum)| ((*label).to_owned(), format!("0.{sum}0000000"))).collect::<Vec<_>>();
    assert_eq!(labels("key").await, pairs(&[("ci", "30"), (&other.to_string(), "70")]));
    assert_eq!(labels("team").await, pairs(&[("-", "70"), ("crew", "30")]));
    assert_eq!(labels("method").await, pairs(&[("base64", "90"), ("userrecaptcha", "10")]));
    assert_eq!(labels("day").await, pairs(&[("2026-11-22", "10"), ("2026-11-23", "90")]));
    let told = desk.ask("GET", "/v1/usage?by=day", None).await.json();
    let first = json!({ "day": "2026-11-22", "tasks": 10, "settled": "0.100000000", "held": "0.020000000", "unknown": "0.010000000", "excess": "0.000000000",
        "thread_seconds": "15.000" });
    assert_eq!(told["rows"][0], first);
    // the plan of 90 dollars a month is shared by the time that its threads were at work
    let told = desk.ask("GET", "/v1/usage?by=team&month=2026-11", None).await.json();
    let shares = [&told["rows"][0]["plan"], &told["rows"][1]["plan"], &told["total"]["plan"]];
    assert_eq!(shares, [&json!("63.000000000"), &json!("27.000000000"), &json!("90.000000000")]);
}

#[tokio::test]
async fn a_span_is_days_back_from_now_or_a_month() {
    let desk = Fixture::new().await;
    for query in ["", "?since=24h", "?since=90d", "?month=2026-02"] {
        assert_eq!(desk.ask("GET", &format!("/v1/usage{query}"), None).await.status, 200, "{query}");
    }
    let asked = desk.gate.asked.lock().clone();
    let spans: Vec<_> = asked.iter().map(|(since, until)| (since.as_str(), until.as_str())).collect();
    assert_eq!(
        spans,
        [("2026-11-16", "2026-11-23"), ("2026-11-22", "2026-11-23"), ("2026-08-25", "2026-11-23"), ("2026-02-01", "2026-02-31")]
    );
}

#[tokio::test]
async fn what_is_no_span_or_no_noun_is_refused() {
    let desk = Fixture::new().await;
    for query in
        ["by=secret", "since=forever", "since=", "month=2026", "month=2026-13", "month=2026-2é", "since=7d&month=2026-02", "until=now"]
    {
        let (status, slug, _) = desk.ask("GET", &format!("/v1/usage?{query}"), None).await.problem();
        assert_eq!((status, &*slug), (400, "malformed"), "{query}");
    }
    assert!(desk.gate.asked.lock().is_empty());
}
