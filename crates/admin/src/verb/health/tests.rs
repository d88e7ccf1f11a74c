use serde_json::json;

use crate::fixture::Fixture;

#[tokio::test]
async fn readiness_follows_the_gate_and_needs_no_token() {
    let desk = Fixture::new().await;
    let host = [("host", "127.0.0.1")];
    let ready = desk.send("GET", "/readyz", &host, b"").await;
    assert_eq!((ready.status, &*ready.body), (200, "ready"));
    *desk.gate.unready.lock() = Some("a real key is missing".to_owned());
    let unready = desk.send("GET", "/readyz", &host, b"").await;
    assert_eq!((unready.status, &*unready.body), (503, "a real key is missing"));
    assert_eq!(desk.send("GET", "/healthz", &host, b"").await.body, "ok");
}

#[tokio::test]
async fn ad_19_numbers_name_no_tenant() {
    let desk = Fixture::new().await;
    desk.ask("POST", "/v1/teams", Some(json!({ "name": "crew-of-acme", "caps": ["1/day"] }))).await;
    desk.key("acme-checkout", json!({ "team": "crew-of-acme" })).await;
    let page = desk.ask("GET", "/metrics", None).await;
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "tollgate_allowed_total{operation=\"submit\"} 3",
        "tollgate_denied_total{code=\"cap_reached\"} 2",
        "tollgate_connections 5",
        "tollgate_journal_lanes_failing 1",
        "tollgate_account_waits_total 7",
        "tollgate_rates_shared_total 11",
        "tollgate_rates_alone_total 4",
        "tollgate_rates_lost_total 2",
        "tollgate_rates_away 1",
        "tollgate_ready 1",
        "tollgate_generation 2",
        concat!("tollgate_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
    ] {
        assert!(page.body.lines().any(|other| other == line), "`{line}` is not in:\n{}", page.body);
    }
    assert!(!page.body.contains("acme"), "{}", page.body);
}

#[tokio::test]
async fn every_number_is_described_once_before_it_stands() {
    let desk = Fixture::new().await;
    let page = desk.ask("GET", "/metrics", None).await.body;
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("`{text}` is missing"));
        assert!(at(&format!("# HELP {name} ")) < at(&format!("# TYPE {name} {kind}\n")), "{line}");
        assert!(at(&format!("# TYPE {name} {kind}\n")) < at(line), "{line}");
        assert_eq!(page.matches(&format!("# TYPE {name} ")).count(), 1, "{line}");
    }
}

#[tokio::test]
async fn each_finding_comes_with_its_fix() {
    let desk = Fixture::new().await;
    let told = desk.ask("GET", "/v1/doctor", None).await.json();
    assert_eq!(told, json!({ "findings": [{ "severity": "warning", "what": "little room", "fix": "make room" }] }));
}
