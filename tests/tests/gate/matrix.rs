//! The defence matrix of the README, row by row, on the real binary.

use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_model::Money;
use tollgate_tests::{Answer, Stand, call, from, poll, submission};

const ABROAD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

fn dollars(text: &str) -> Money {
    Money::parse(text).unwrap_or(Money::ZERO)
}

fn factors(stand: &Stand, answer: &Answer) -> Result<Vec<String>> {
    let lines = stand.lines(answer.id())?;
    // a settle line has none, and may stand in another lane at the same millisecond
    let line = lines.iter().find(|line| line.pointer("/tollgate/factors").is_some()).context("no line of the audit log")?;
    let factor = |name: &str| line.pointer(&format!("/tollgate/factors/{name}")).and_then(Value::as_str).unwrap_or("absent").to_owned();
    Ok(["identity", "network", "allowance", "time"].map(factor).to_vec())
}

#[test]
fn id_01_normal_operation_is_allowed_and_the_provider_sees_the_real_key_alone() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let bought = call(stand.at, &submission(&key))?;
    let task = bought.task().context(bought.body.clone())?;
    let answer = call(stand.at, &poll(&key, task))?;
    assert!(answer.body.starts_with("OK|"), "{}", answer.body);
    assert_eq!(stand.charged()?, dollars("0.10"));
    let received = serde_json::to_string(&stand.received()?)?;
    assert!(received.contains(task) && !received.contains(&key), "the virtual key went out");
    assert_eq!(factors(&stand, &bought)?, ["ok", "ok", "ok", "ok"]);
    Ok(())
}

#[test]
fn a_key_leaked_in_a_public_repository_is_worth_nothing_elsewhere() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("leaked", json!({ "caps": ["1/day"] }))?;
    let refused = from(stand.at, ABROAD, &submission(&key), &["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1"])?;
    assert_eq!((refused.body.as_str(), refused.denied()), ("ERROR_IP_NOT_ALLOWED", Some("network_denied")));
    assert_eq!(factors(&stand, &refused)?, ["ok", "no", "unasked", "unasked"]);
    assert!(stand.received()?.is_empty());
    Ok(())
}

#[test]
fn a_compromised_server_is_limited_to_its_cap_to_the_cent() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("server", json!({ "caps": ["0.35/day"] }))?;
    let answers = (0..8).map(|_| call(stand.at, &submission(&key))).collect::<Result<Vec<_>>>()?;
    let bought = answers.iter().filter(|answer| answer.task().is_some()).count();
    let last = answers.last().context("nothing")?;
    assert_eq!((bought, last.body.as_str(), last.denied()), (3, "ERROR_ZERO_BALANCE", Some("cap_reached")));
    assert!(last.header("retry-after").is_some(), "a daily cap says when it helps to come back");
    assert_eq!(stand.charged()?, dollars("0.30"));
    assert_eq!(factors(&stand, last)?, ["ok", "ok", "no", "ok"]);
    Ok(())
}

#[test]
fn an_old_key_from_a_backup_is_refused_like_one_that_never_was() -> Result<()> {
    let stand = Stand::new()?;
    let old = stand.key("backup", json!({ "caps": ["1/day"] }))?;
    let new = stand.ask("POST", "/v1/keys/backup/rotate", Some(&json!({ "now": true })))?;
    let refused = call(stand.at, &submission(&old))?;
    let never = call(stand.at, &submission("tgk_0000000000000000000000000000"))?;
    assert_eq!((refused.status, &refused.body, refused.denied()), (never.status, &never.body, never.denied()));
    assert_eq!(refused.denied(), Some("unauthenticated"));
    assert!(stand.received()?.is_empty());
    let new = new.get("key").and_then(Value::as_str).context("no key")?;
    assert!(call(stand.at, &submission(new))?.task().is_some());
    Ok(())
}

#[test]
fn outside_its_hours_a_key_buys_nothing_and_still_fetches_what_it_paid_for() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("office", json!({ "caps": ["1/day"] }))?;
    let bought = call(stand.at, &submission(&key))?;
    let task = bought.task().context("refused")?;
    // an hour of a weekday that is neither today nor, at midnight, tomorrow
    let day = tollgate_audit_day(&bought)?;
    stand.ask("PATCH", "/v1/keys/office", Some(&json!({ "hours": [format!("{day} 03:00-04:00 UTC")] })))?;
    let refused = call(stand.at, &submission(&key))?;
    assert_eq!((refused.body.as_str(), refused.denied()), ("ERROR_TOLLGATE_OUTSIDE_HOURS", Some("outside_hours")));
    assert_eq!(factors(&stand, &refused)?, ["ok", "ok", "unasked", "no"]);
    assert!(call(stand.at, &poll(&key, task))?.body.starts_with("OK|"));
    assert_eq!(stand.charged()?, dollars("0.10"));
    Ok(())
}

/// The weekday three days from the request's own instant (its id begins with it).
fn tollgate_audit_day(answer: &Answer) -> Result<&'static str> {
    let millis = i64::from_str_radix(&answer.id().replace('-', "")[..12], 16)?;
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let at = usize::try_from(millis / 86_400_000 + 3)? % days.len();
    days.get(at).copied().context("no such day")
}

#[test]
fn a_stolen_laptop_is_limited_then_revoked_at_once() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("laptop", json!({ "allow": "any", "caps": ["0.20/day"] }))?;
    for _ in 0..4 {
        from(stand.at, ABROAD, &submission(&key), &[])?;
    }
    assert_eq!(stand.charged()?, dollars("0.20"));
    stand.ask("POST", "/v1/keys/laptop/revoke", None)?;
    let refused = from(stand.at, ABROAD, &submission(&key), &[])?;
    assert_eq!((refused.body.as_str(), refused.denied()), ("ERROR_KEY_DOES_NOT_EXIST", Some("unauthenticated")));
    let line = stand.lines(refused.id())?;
    assert_eq!(line[0].pointer("/tollgate/denied_by"), Some(&json!("revoked")));
    Ok(())
}

#[test]
fn the_real_key_presented_by_an_old_service_is_refused_and_the_service_is_named() -> Result<()> {
    let stand = Stand::new()?;
    let refused = from(stand.at, ABROAD, &submission(&stand.real_key), &["User-Agent: billing-cron/3"])?;
    assert_eq!((refused.body.as_str(), refused.denied()), ("ERROR_KEY_DOES_NOT_EXIST", Some("unauthenticated")));
    assert!(stand.received()?.is_empty());
    let lines = stand.lines("real_key_presented")?;
    let line = lines.first().context("no alarm")?;
    assert_eq!(line.pointer("/event/kind"), Some(&json!("alert")));
    assert_eq!(line.pointer("/client/ip"), Some(&json!("127.0.0.66")));
    assert_eq!(line.pointer("/user_agent/original"), Some(&json!("billing-cron/3")));
    assert!(!line.to_string().contains(&stand.real_key));
    Ok(())
}

#[test]
fn a_task_stolen_by_its_id_looks_like_one_that_does_not_exist() -> Result<()> {
    let stand = Stand::new()?;
    let owner = stand.key("owner", json!({ "caps": ["1/day"] }))?;
    let thief = stand.key("thief", json!({ "caps": ["1/day"] }))?;
    let bought = call(stand.at, &submission(&owner))?;
    let task = bought.task().context("refused")?;
    let before = stand.received()?.len();
    let foreign = call(stand.at, &poll(&thief, task))?;
    let unknown = call(stand.at, &poll(&thief, "9999999999"))?;
    assert_eq!((foreign.status, &foreign.body, foreign.denied()), (unknown.status, &unknown.body, unknown.denied()));
    assert_eq!((foreign.body.as_str(), foreign.denied()), ("ERROR_WRONG_CAPTCHA_ID", Some("not_owner")));
    assert_eq!(stand.received()?.len(), before, "a foreign poll reached the provider");
    // and over a restart, when the owner is known from the book alone
    assert!(call(stand.at, &poll(&owner, task))?.body.starts_with("OK|"));
    Ok(())
}

#[test]
fn bu_34_an_owner_polls_its_task_over_a_restart_at_any_cap() -> Result<()> {
    let mut stand = Stand::new()?;
    let key = stand.key("owner", json!({ "caps": ["0.10/day"] }))?;
    let bought = call(stand.at, &submission(&key))?;
    let task = bought.task().context("refused")?.to_owned();
    stand.gate.stop()?;
    stand.restart()?;
    for _ in 0..5 {
        assert!(call(stand.at, &poll(&key, &task))?.body.starts_with("OK|"));
    }
    assert_eq!(stand.charged()?, dollars("0.10"));
    thread::sleep(Duration::from_millis(10));
    Ok(())
}
