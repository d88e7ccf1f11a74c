//! An operator's corrections of what a key has spent, by the gate's books and its log.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Answer, Setup, Stand, call, poll, run, submission};

const ID: &str = "019d36ac-13e8-7000-8000-0000000000a1";

fn buy(stand: &Stand, key: &str) -> Result<Answer> {
    let bought = call(stand.at, &submission(key))?;
    if let Some(task) = bought.task() {
        assert!(call(stand.at, &poll(key, task))?.body.starts_with("OK|"));
    }
    Ok(bought)
}

fn adjust(stand: &Stand, body: &Value) -> Result<Answer> {
    stand.admin("POST", "/v1/books/adjust", Some(body))
}

/// What is used of every limit that is shown there, by the limit's words.
fn used(shown: &Value) -> Vec<(String, String)> {
    let text = |limit: &Value, name: &str| limit.get(name).map(|value| value.to_string().replace('"', "")).unwrap_or_default();
    let limits = shown.get("limits").and_then(Value::as_array).cloned().unwrap_or_default();
    limits.iter().map(|limit| (text(limit, "limit"), text(limit, "used"))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(limit, used)| ((*limit).to_owned(), (*used).to_owned())).collect()
}

fn settled(stand: &Stand, key: &str) -> Result<String> {
    let usage = stand.ask("GET", "/v1/usage?by=key&since=1d", None)?;
    let rows = usage.get("rows").and_then(Value::as_array).context("no rows")?;
    let row = rows.iter().find(|row| row.get("key") == Some(&json!(key))).context("the key has no row")?;
    Ok(format!("{} in {}", row["settled"].as_str().unwrap_or_default(), row["tasks"]))
}

#[test]
fn a_correction_counts_in_every_limit_of_the_key_and_survives_a_kill_and_the_replay() -> Result<()> {
    let mut stand = Stand::with(Setup { upstream: "cap = [\"9/day\"]", ..Setup::default() })?;
    stand.ask("POST", "/v1/teams", Some(&json!({ "name": "crew", "caps": ["5/day"] })))?;
    let key = stand.key("shop", json!({ "team": "crew", "caps": ["0.50/day", "0.50/hour"], "tasks": ["10/day"] }))?;
    for _ in 0..3 {
        buy(&stand, &key)?.task().context("refused")?;
    }
    let up = json!({ "key": "shop", "up": "0.150000001", "reason": "bought around the gate", "id": ID });
    assert_eq!(adjust(&stand, &up)?.status, 200);
    // said again it is done once, another under its id is refused
    for _ in 0..20 {
        let again = adjust(&stand, &up)?;
        assert_eq!((again.status, again.body.contains("\"repeated\":true")), (200, true), "{}", again.body);
    }
    let other = json!({ "key": "shop", "up": "0.2", "reason": "another", "id": ID });
    assert_eq!(adjust(&stand, &other)?.status, 409);
    let spent = pairs(&[("0.50/day", "0.450000001"), ("0.50/hour", "0.450000001"), ("10/day tasks", "3"), ("5/day", "0.450000001")]);
    let me = |stand: &Stand| -> Result<Value> { Ok(serde_json::from_str(&call(stand.at, &format!("/v1/me?key={key}"))?.body)?) };
    let of_key = used(&stand.ask("GET", "/v1/keys/shop", None)?);
    assert_eq!(of_key, used(&me(&stand)?), "the caller sees what the operator sees");
    for (limit, amount) in &spent {
        assert!(of_key.iter().any(|(_, used)| used == amount), "{limit} is not used by {amount}: {of_key:?}");
    }
    assert_eq!(buy(&stand, &key)?.denied(), Some("cap_reached"), "0.05 are left");
    assert_eq!(settled(&stand, "shop")?, "0.450000001 in 3");
    stand.kill_and_restart()?;
    assert_eq!(used(&stand.ask("GET", "/v1/keys/shop", None)?), of_key);
    assert!(adjust(&stand, &up)?.body.contains("\"repeated\":true"), "the log remembers the id");
    assert_eq!(buy(&stand, &key)?.denied(), Some("cap_reached"));
    let account = stand.ask("GET", "/v1/upstreams", None)?;
    assert_eq!(account.pointer("/upstreams/0/limits/0/used"), Some(&json!("0.450000001")));
    let story = stand.ask("GET", &format!("/v1/explain/{ID}"), None)?.to_string();
    assert!(story.contains("corrected by $0.150000001: bought around the gate"), "{story}");
    Ok(())
}

#[test]
fn what_is_taken_off_is_taken_off_the_days_purchases_and_never_below_nothing() -> Result<()> {
    let mut stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["0.30/day", "0.30/24h"], "tasks": ["9/day"] }))?;
    for _ in 0..3 {
        buy(&stand, &key)?.task().context("refused")?;
    }
    assert_eq!(buy(&stand, &key)?.denied(), Some("cap_reached"));
    let too_much = adjust(&stand, &json!({ "key": "shop", "down": "0.300000001", "reason": "r" }))?;
    assert_eq!((too_much.status, too_much.body.contains("has $0.300000000 settled on")), (422, true), "{}", too_much.body);
    let elsewhere = adjust(&stand, &json!({ "key": "shop", "down": "0.01", "on": "2026-01-01", "reason": "r" }))?;
    assert_eq!(elsewhere.status, 422);
    let state = stand.state().display().to_string();
    let words = ["books", "adjust", "shop", "--down", "0.20", "--reason", "refunded, line 12", "--state", &state];
    let said = run(&words, "")?;
    let printed = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.status.success() && printed.contains("is corrected by -0.2 dollars"), "{printed} {said:?}");
    // at once, not only after a start: the clerk tells the rolling cap within a second
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    assert_eq!(settled(&stand, "shop")?, "0.100000000 in 3");
    stand.kill_and_restart()?;
    assert_eq!(settled(&stand, "shop")?, "0.100000000 in 3");
    let bought = (0..5).filter(|_| buy(&stand, &key).is_ok_and(|answer| answer.task().is_some())).count();
    assert_eq!(bought, 2, "what was taken off can be spent, and no more");
    assert_eq!(settled(&stand, "shop")?, "0.300000000 in 5");
    stand.gate.stop()?;
    let verified = tollgate_audit::verify(&stand.audit());
    assert!(verified.is_ok(), "{:?}", verified.err());
    Ok(())
}

#[test]
fn a_start_behind_a_correction_that_the_books_have_is_a_clean_one_with_its_bursts() -> Result<()> {
    let mut stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["9/day"], "rate": "1/min burst 3" }))?;
    assert_eq!(adjust(&stand, &json!({ "key": "shop", "up": "0.10", "reason": "r", "id": ID }))?.status, 200);
    for _ in 0..2 {
        stand.gate.stop()?;
        stand.restart()?;
        let bought = (0..5).filter(|_| buy(&stand, &key).is_ok_and(|answer| answer.task().is_some())).count();
        assert_eq!(bought, 3, "nothing was brought up to the log, so the burst is whole");
    }
    assert_eq!(settled(&stand, "shop")?, "0.700000000 in 6", "and the correction is counted once");
    Ok(())
}

#[test]
fn a_correction_that_is_no_amount_has_no_reason_or_no_day_is_refused_with_what_was_expected() -> Result<()> {
    let stand = Stand::new()?;
    stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let state = stand.state().display().to_string();
    for (words, said) in [
        (&["--up", "-1", "--reason", "r"][..], "--up"),
        (&["--up=-1", "--reason", "r"], "expected dollars"),
        (&["--up", "NaN", "--reason", "r"], "expected dollars"),
        (&["--up", "1.2.3", "--reason", "r"], "expected dollars"),
        (&["--up", "1EUR", "--reason", "r"], "expected dollars"),
        (&["--up", "0.1234567891", "--reason", "r"], "nano-dollar"),
        (&["--down", "99999999999999999999", "--reason", "r"], "too large"),
        (&["--up", "1", "--down", "1", "--reason", "r"], "cannot be used with"),
        (&["--up", "1"], "--reason"),
        (&["--up", "1", "--reason", " "], "reason"),
        (&["--up", "1", "--reason", "r", "--on", "2099-01-01"], "last 89 days"),
        (&["--reason", "r"], "--up"),
    ] {
        let words = [&["books", "adjust", "shop", "--state", &state][..], words].concat();
        let refused = run(&words, "")?;
        let complaint = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && complaint.contains(said), "{words:?}: {complaint}");
    }
    assert!(stand.lines("\"adjust\"")?.is_empty());
    Ok(())
}
