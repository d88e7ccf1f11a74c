//! A plan by threads: its threads bind, its price is shared by how long each key kept one at work, and tables have versions.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Setup, Stand, call, poll, submission};

const PLAN: &str = "plan = { monthly = \"90\", threads = 2 }";

fn sold_by_threads() -> Result<Stand> {
    Stand::with(Setup { profile: "captchaai", upstream: PLAN, ..Setup::default() })
}

fn month(stand: &Stand) -> Result<Value> {
    let today = stand.ask("GET", "/v1/usage?by=day&since=1d", None)?;
    let day = today.get("until").and_then(Value::as_str).context("no day")?;
    stand.ask("GET", &format!("/v1/usage?by=key&month={}", day.get(..7).context("no month")?), None)
}

#[test]
fn a_plans_price_is_shared_by_the_seconds_that_its_threads_were_at_work() -> Result<()> {
    let stand = sold_by_threads()?;
    let (slow, quick) = (stand.key("slow", json!({ "tasks": ["9/day"] }))?, stand.key("quick", json!({ "tasks": ["9/day"] }))?);
    let task = call(stand.at, &submission(&slow))?.task().context("refused")?.to_owned();
    for _ in 0..2 {
        let other = call(stand.at, &submission(&quick))?.task().context("refused")?.to_owned();
        std::thread::sleep(Duration::from_millis(500));
        assert!(call(stand.at, &poll(&quick, &other))?.body.contains("OK|"));
    }
    std::thread::sleep(Duration::from_secs(2));
    assert!(call(stand.at, &poll(&slow, &task))?.body.contains("OK|"));
    let usage = month(&stand)?;
    let rows = usage.get("rows").and_then(Value::as_array).context("no rows")?;
    let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let of = |key: &str, name: &str| rows.iter().find(|row| text(row, "key") == key).map(|row| text(row, name)).unwrap_or_default();
    let seconds = |key: &str| of(key, "thread_seconds").parse::<f64>().unwrap_or(0.0);
    let dollars = |key: &str| of(key, "plan").parse::<f64>().unwrap_or(0.0);
    // three seconds beside one, give or take a slow machine
    assert!(seconds("slow") >= 3.0 && seconds("quick") >= 1.0 && seconds("slow") > seconds("quick"), "{usage}");
    assert!((dollars("slow") / dollars("quick") - seconds("slow") / seconds("quick")).abs() < 0.01, "{usage}");
    assert_eq!(usage.pointer("/total/plan"), Some(&json!("90.000000000")), "to the nano-dollar");
    Ok(())
}

#[test]
fn a_plans_threads_are_a_limit_of_the_account_that_the_refusal_names() -> Result<()> {
    let stand = sold_by_threads()?;
    let key = stand.key("shop", json!({ "tasks": ["9/day"] }))?;
    for _ in 0..2 {
        call(stand.at, &submission(&key))?.task().context("refused")?;
    }
    let refused = call(stand.at, &submission(&key))?;
    assert_eq!((refused.denied(), refused.body.as_str()), (Some("concurrency_limited"), "ERROR_ZERO_BALANCE"));
    assert!(refused.header("retry-after").is_some());
    let line = stand.lines(refused.id())?.pop().context("no line")?;
    let reason = line.pointer("/tollgate/reason").and_then(Value::as_str).unwrap_or_default();
    assert!(reason.contains("upstream provider has 2 open tasks"), "{reason}");
    Ok(())
}

#[test]
fn the_price_tables_in_force_are_written_down_with_their_versions_at_each_start() -> Result<()> {
    let stand = Stand::new()?;
    let lines = stand.lines("\"process_start\"")?;
    let prices = lines.first().and_then(|line| line.pointer("/tollgate/detail/prices/provider")).context("no prices")?;
    assert_eq!(prices.pointer("/table/userrecaptcha"), Some(&json!("0.100000000")));
    let shown = stand.ask("GET", "/v1/upstreams", None)?;
    assert_eq!(shown.pointer("/upstreams/0/prices_version"), prices.get("version"));
    let other = Stand::with(Setup { price: "0.11", ..Setup::default() })?;
    assert_ne!(other.ask("GET", "/v1/upstreams", None)?.pointer("/upstreams/0/prices_version"), prices.get("version"));
    Ok(())
}

#[test]
fn where_the_profile_has_it_the_price_is_asked_for_and_settles_less_than_was_held() -> Result<()> {
    let stand = Stand::with(Setup { price: "0.10", ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    stand.mode(&json!({ "price": "0.03" }))?;
    let task = call(stand.at, &submission(&key))?.task().context("refused")?.to_owned();
    // the caller asks without the price, the gate with it
    assert!(call(stand.at, &poll(&key, &task))?.body.starts_with("OK|"));
    let asked = stand.received()?.last().map(ToString::to_string).unwrap_or_default();
    assert!(asked.contains("action=get2"), "{asked}");
    let usage = stand.ask("GET", "/v1/usage?by=key&since=1d", None)?;
    assert_eq!(usage.pointer("/total/settled"), Some(&json!("0.030000000")));
    assert_eq!(stand.charged()?.to_string(), "0.030000000");
    Ok(())
}
