//! The pace that a provider bans accounts for is kept for all tenants together, whoever comes too soon.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Setup, Stand, call, poll, submission};

fn governed() -> Result<Stand> {
    Stand::with(Setup { upstream: "governor = true", ..Setup::default() })
}

#[test]
fn bu_34_a_thousand_polls_of_one_task_reach_the_provider_at_its_own_pace() -> Result<()> {
    let stand = governed()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let task = call(stand.at, &submission(&key))?.task().context("no task")?.to_owned();
    let before = stand.received()?.len();
    let mut said = Vec::new();
    for _ in 0..1_000 {
        said.push(call(stand.at, &poll(&key, &task))?);
    }
    assert!(said.iter().all(|answer| answer.status == 200 && answer.denied().is_none() && answer.body == "CAPCHA_NOT_READY"));
    let asked = stand.received()?.len() - before;
    // a slow machine may need the five seconds after which one poll goes on
    assert!(asked <= 1, "{asked} polls went on");
    std::thread::sleep(Duration::from_millis(5_100));
    let answer = call(stand.at, &poll(&key, &task))?;
    assert!(answer.body.starts_with("OK|"), "{}", answer.body);
    let soon = call(stand.at, &poll(&key, &task))?;
    assert_eq!((soon.body.as_str(), soon.header("retry-after")), ("CAPCHA_NOT_READY", Some("5")));
    assert_eq!(stand.received()?.len() - before, asked + 1);
    assert_eq!(stand.charged()?.to_string(), "0.100000000");
    let line = stand.lines(soon.id())?.pop().context("no line")?;
    assert_eq!(line.pointer("/tollgate/latency_us/upstream"), None, "{line}");
    assert!(line.pointer("/tollgate/reason").and_then(Value::as_str).is_some_and(|reason| reason.contains("answered by the gate")));
    Ok(())
}

#[test]
fn submissions_beyond_the_accounts_rate_are_told_to_wait_and_are_not_held_whoever_is_observed() -> Result<()> {
    let stand = governed()?;
    let one = stand.key("one", json!({ "caps": ["10/day"] }))?;
    let other = stand.key("other", json!({ "caps": ["10/day"], "observe": ["rate"], "until": "1h" }))?;
    let answers = (0..60).map(|number| call(stand.at, &submission(if number % 2 == 0 { &one } else { &other })));
    let answers = answers.collect::<Result<Vec<_>>>()?;
    let bought = answers.iter().filter(|answer| answer.task().is_some()).count();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.denied().is_some()).collect();
    assert_eq!(bought + refused.len(), 60);
    assert!(bought >= 15 && !refused.is_empty(), "{bought} of 60 at once");
    for answer in &refused {
        assert_eq!((answer.denied(), answer.body.as_str()), (Some("rate_limited"), "ERROR_NO_SLOT_AVAILABLE"));
    }
    assert_eq!(stand.received()?.iter().filter(|request| request.to_string().contains("in.php")).count(), bought);
    Ok(())
}

#[test]
fn a_provider_on_loopback_is_a_stand_in_and_is_polled_as_callers_like() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let task = call(stand.at, &submission(&key))?.task().context("no task")?.to_owned();
    let before = stand.received()?.len();
    for _ in 0..3 {
        call(stand.at, &poll(&key, &task))?;
    }
    assert_eq!(stand.received()?.len(), before + 3);
    Ok(())
}
