//! A key that runs away is paused, alone, with one line that says what was seen; one command lets it go on.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Stand, call, instant, poll, submission};

#[test]
fn a_key_that_runs_away_is_paused_alone_and_resumed_with_a_fresh_measure() -> Result<()> {
    let stand = Stand::new()?;
    let looping = stand.key("looping", json!({ "caps": ["100/day"], "brake": "5x/1s" }))?;
    let free = stand.key("free", json!({ "caps": ["100/day"], "brake": "off" }))?;
    let steady = stand.key("steady", json!({ "caps": ["100/day"] }))?;
    let mut task = String::new();
    // eleven seconds with a call or two of each
    for _ in 0..22 {
        for key in [&looping, &free] {
            task = call(stand.at, &submission(key))?.task().context("no task")?.to_owned();
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    let first = call(stand.at, &submission(&looping))?.task().context("no task")?.to_owned();
    let mut stopped = None;
    for number in 0..2_000 {
        call(stand.at, &submission(&free))?;
        if call(stand.at, &submission(&looping))?.denied() == Some("paused") {
            stopped = Some(number);
            break;
        }
    }
    assert!(stopped.is_some_and(|number| number >= 10), "{stopped:?}");
    assert!(call(stand.at, &submission(&steady))?.task().is_some(), "another key goes on");
    assert!(call(stand.at, &submission(&free))?.task().is_some(), "so does one without a brake");
    assert!(call(stand.at, &poll(&looping, &first))?.body.starts_with("OK|"), "what is paid for is fetched");
    assert_eq!(call(stand.at, &poll(&looping, &task))?.denied(), Some("not_owner"));
    let lines = stand.lines("\"door\":\"brake\"")?;
    let [line] = lines.as_slice() else { anyhow::bail!("{} lines", lines.len()) };
    assert_eq!((line.pointer("/event/action"), line.pointer("/event/kind")), (Some(&json!("key_pause")), Some(&json!("alert"))));
    let why = line.pointer("/tollgate/detail/why").and_then(Value::as_str).context("no reason")?;
    assert!(why.contains("more than 5 times the key's own pace"), "{why}");
    let shown = stand.ask("GET", "/v1/keys/looping", None)?;
    assert_eq!(shown.pointer("/paused/reason").and_then(Value::as_str), Some(why));
    stand.ask("POST", "/v1/keys/looping/resume", None)?;
    for _ in 0..40 {
        assert!(call(stand.at, &submission(&looping))?.task().is_some(), "a fresh measure");
    }
    Ok(())
}

#[test]
fn a_runaways_pause_outlives_a_restart() -> Result<()> {
    let mut stand = Stand::new()?;
    let key = stand.key("looping", json!({ "caps": ["100/day"], "brake": "2x/1s" }))?;
    for _ in 0..22 {
        call(stand.at, &submission(&key))?;
        std::thread::sleep(Duration::from_millis(500));
    }
    let began = instant();
    while call(stand.at, &submission(&key))?.denied().is_none() {
        anyhow::ensure!(began.elapsed() < Duration::from_secs(20), "it is never stopped");
    }
    std::thread::sleep(Duration::from_millis(500));
    stand.kill_and_restart()?;
    assert_eq!(call(stand.at, &submission(&key))?.denied(), Some("paused"));
    Ok(())
}
