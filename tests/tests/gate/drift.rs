//! The provider's balance beside our books: what was spent around the gate is noticed, said once, and never mended by itself.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Setup, Stand, call, poll, submission};

fn watched(every: &str) -> Result<Stand> {
    Stand::with(Setup { upstream: &format!("balance_every = \"{every}\""), ..Setup::default() })
}

/// Alarms about the account so far.
fn alarms(stand: &Stand) -> Result<Vec<String>> {
    let lines = stand.lines("\"drift\"")?;
    Ok(lines.iter().filter_map(|line| line.pointer("/tollgate/detail/what")?.as_str().map(str::to_owned)).collect())
}

fn balances(stand: &Stand) -> Result<usize> {
    Ok(stand.received()?.iter().filter(|request| request.to_string().contains("getbalance")).count())
}

#[test]
fn bu_32_what_is_spent_around_the_gate_raises_one_alarm_and_what_is_bought_here_none() -> Result<()> {
    let stand = watched("1s")?;
    let key = stand.key("shop", json!({ "caps": ["5/day"] }))?;
    for _ in 0..5 {
        let task = call(stand.at, &submission(&key))?.task().context("refused")?.to_owned();
        assert!(call(stand.at, &poll(&key, &task))?.body.starts_with("OK|"));
    }
    // unknown money is not taken for another's
    stand.mode(&json!({ "drop": "mid_answer" }))?;
    call(stand.at, &submission(&key))?;
    stand.mode(&json!({ "drop": "none" }))?;
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(alarms(&stand)?, Vec::<String>::new());
    // the real key, used by somebody else: 0.30, of which the unknown purchase may hide its own 0.10
    for _ in 0..3 {
        assert!(call(stand.provider, &submission(&stand.real_key))?.task().is_some());
    }
    std::thread::sleep(Duration::from_millis(3_500));
    let said = alarms(&stand)?;
    let [one] = said.as_slice() else { panic!("{said:?}") };
    assert!(one.contains("fell by 0.300000000") || one.contains("fell by 0.200000000"), "{one}");
    let findings = stand.ask("GET", "/v1/doctor", None)?.to_string();
    assert!(findings.contains("were spent around the gate"), "{findings}");
    // nothing was mended by itself, and a top-up is no alarm
    let usage = stand.ask("GET", "/v1/usage?by=key&since=1d", None)?;
    assert_eq!(usage.pointer("/total/settled").and_then(Value::as_str), Some("0.500000000"));
    stand.mode(&json!({ "balance": "1000000" }))?;
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(alarms(&stand)?.len(), 1);
    Ok(())
}

#[test]
fn the_balance_is_asked_for_at_the_accounts_pace_and_not_at_all_on_loopback_unless_said() -> Result<()> {
    let quiet = Stand::new()?;
    let stand = watched("1h")?;
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!((balances(&quiet)?, balances(&stand)?), (0, 1));
    Ok(())
}
