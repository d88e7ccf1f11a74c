//! Observe mode: a check is recorded as `would_deny` and let pass, until its end; never identity, never caps.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Answer, Stand, call, closed_hours, from, submission};

const ABROAD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

/// The lines that judged these requests.
fn lines<const N: usize>(stand: &Stand, answers: [&Answer; N]) -> Result<[Value; N]> {
    let all = stand.lines("\"factors\"")?;
    let of = |answer: &Answer| all.iter().find(|line| line.pointer("/tollgate/request_id") == Some(&json!(answer.id()))).cloned();
    let found = answers.map(|answer| of(answer).unwrap_or_default());
    anyhow::ensure!(found.iter().all(Value::is_object), "a request without a line");
    Ok(found)
}

fn would_deny(line: &Value) -> Option<&Value> {
    line.pointer("/tollgate/would_deny")
}

fn factor<'a>(line: &'a Value, name: &str) -> Option<&'a str> {
    line.pointer(&format!("/tollgate/factors/{name}"))?.as_str()
}

#[test]
fn an_observed_address_is_let_pass_and_recorded_and_refused_after_the_end() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("trial", json!({ "caps": ["10/day"], "observe": ["network"], "until": "1s" }))?;
    let passed = from(stand.at, ABROAD, &submission(&key), &[])?;
    assert!(passed.task().is_some() && passed.denied().is_none(), "{}", passed.body);
    std::thread::sleep(Duration::from_secs(1));
    let refused = from(stand.at, ABROAD, &submission(&key), &[])?;
    assert_eq!(refused.denied(), Some("network_denied"));
    let [written, after] = lines(&stand, [&passed, &refused])?;
    assert_eq!(would_deny(&written), Some(&json!(["network_denied"])), "{written}");
    assert_eq!((factor(&written, "network"), written.pointer("/tollgate/decision")), (Some("would_deny"), Some(&json!("allowed"))));
    assert_eq!((would_deny(&after), factor(&after, "network")), (None, Some("no")), "{after}");
    Ok(())
}

#[test]
fn observed_hours_are_let_pass_and_recorded_and_refused_after_the_end() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("trial", json!({ "caps": ["10/day"] }))?;
    let hours = closed_hours(&call(stand.at, &submission(&key))?)?;
    let change = json!({ "hours": [hours], "observe": ["hours"], "until": "1s" });
    stand.ask("PATCH", "/v1/keys/trial", Some(&change))?;
    let passed = call(stand.at, &submission(&key))?;
    assert!(passed.task().is_some(), "{}", passed.body);
    std::thread::sleep(Duration::from_secs(1));
    let refused = call(stand.at, &submission(&key))?;
    assert_eq!((refused.denied(), refused.body.as_str()), (Some("outside_hours"), "ERROR_TOLLGATE_OUTSIDE_HOURS"));
    let [written] = lines(&stand, [&passed])?;
    assert_eq!(would_deny(&written), Some(&json!(["outside_hours"])), "{written}");
    assert_eq!(factor(&written, "time"), Some("would_deny"));
    Ok(())
}

#[test]
fn an_observed_rate_is_let_pass_and_recorded_and_refused_after_the_end() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("trial", json!({ "caps": ["10/day"], "rate": "1/min burst 1", "observe": ["rate"], "until": "1s" }))?;
    let answers = (0..5).map(|_| call(stand.at, &submission(&key))).collect::<Result<Vec<_>>>()?;
    assert!(answers.iter().all(|answer| answer.task().is_some()), "{answers:?}");
    std::thread::sleep(Duration::from_secs(1));
    let refused = call(stand.at, &submission(&key))?;
    assert_eq!(refused.denied(), Some("rate_limited"), "{}", refused.body);
    let (first, last) = (answers.first().context("none")?, answers.last().context("none")?);
    let [within, written] = lines(&stand, [first, last])?;
    assert_eq!(would_deny(&within), None, "the first is within the rate");
    assert_eq!((would_deny(&written), factor(&written, "allowance")), (Some(&json!(["rate_limited"])), Some("would_deny")), "{written}");
    Ok(())
}

#[test]
fn what_is_observed_together_is_recorded_together_and_caps_bind_all_the_same() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("trial", json!({ "caps": ["0.20/day"], "rate": "1/min burst 1" }))?;
    let hours = closed_hours(&call(stand.at, &submission(&key))?)?;
    let change = json!({ "hours": [hours], "observe": ["network", "hours", "rate"], "until": "7d" });
    stand.ask("PATCH", "/v1/keys/trial", Some(&change))?;
    let passed = from(stand.at, ABROAD, &submission(&key), &[])?;
    assert!(passed.task().is_some(), "{}", passed.body);
    let refused = from(stand.at, ABROAD, &submission(&key), &[])?;
    assert_eq!(refused.denied(), Some("cap_reached"), "{}", refused.body);
    stand.ask("POST", "/v1/keys/trial/pause", Some(&json!({ "reason": "stop" })))?;
    assert_eq!(from(stand.at, ABROAD, &submission(&key), &[])?.denied(), Some("paused"));
    stand.ask("POST", "/v1/keys/trial/revoke", None)?;
    assert_eq!(from(stand.at, ABROAD, &submission(&key), &[])?.denied(), Some("unauthenticated"));
    let [written] = lines(&stand, [&passed])?;
    assert_eq!(would_deny(&written), Some(&json!(["network_denied", "outside_hours", "rate_limited"])), "{written}");
    // explained beforehand in the same words
    let supposed = stand.ask("POST", "/v1/explain", Some(&json!({ "key": "trial", "from": "203.0.113.1" })))?;
    assert_eq!(supposed.pointer("/factors/network"), Some(&json!("would_deny")), "{supposed}");
    Ok(())
}

#[test]
fn observing_has_an_end_and_names_a_check_that_may_be_observed() -> Result<()> {
    let stand = Stand::new()?;
    stand.key("trial", json!({ "caps": ["1/day"] }))?;
    for (change, word) in [
        (json!({ "observe": ["network"] }), "until"),
        (json!({ "observe": ["identity"], "until": "7d" }), "cannot be observed"),
        (json!({ "observe": ["caps"], "until": "7d" }), "cannot be observed"),
        (json!({ "until": "7d" }), "observe"),
        (json!({ "observe": ["network"], "until": "2020-01-01T00:00:00Z" }), "past"),
    ] {
        let answer = stand.admin("PATCH", "/v1/keys/trial", Some(&change))?;
        assert!(answer.status == 422 || answer.status == 400, "{change}: {} {}", answer.status, answer.body);
        assert!(answer.body.contains(word), "{change}: {}", answer.body);
    }
    Ok(())
}
