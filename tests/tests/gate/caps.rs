//! Caps, rates and permits under load, by the provider's own books.

use std::sync::{Arc, Barrier};
use std::thread;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_model::Money;
use tollgate_tests::{Answer, Setup, Stand, call, poll, submission};

/// The same call from many threads at one instant.
fn at_once(stand: &Stand, targets: Vec<String>) -> Vec<Answer> {
    let barrier = Arc::new(Barrier::new(targets.len()));
    let at = stand.at;
    let calls: Vec<_> = targets
        .into_iter()
        .map(|target| {
            let barrier = barrier.clone();
            thread::spawn(move || {
                barrier.wait();
                call(at, &target)
            })
        })
        .collect();
    calls.into_iter().filter_map(|call| call.join().ok()?.ok()).collect()
}

fn bought(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.task().is_some()).count()
}

#[test]
fn bu_01_five_hundred_first_calls_at_one_instant_spend_exactly_one_dollar() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("cap", json!({ "caps": ["1/day"] }))?;
    let answers = at_once(&stand, vec![submission(&key); 500]);
    assert_eq!((answers.len(), bought(&answers)), (500, 10));
    assert_eq!(stand.charged()?, Money::parse("1")?);
    assert!(answers.iter().all(|answer| answer.task().is_some() || answer.denied() == Some("cap_reached")));
    Ok(())
}

#[test]
fn bu_04_every_limit_of_key_team_and_account_binds_and_a_refusal_leaks_nothing() -> Result<()> {
    let stand = Stand::with(Setup { upstream: "cap = [\"0.90/day\"]", ..Setup::default() })?;
    stand.ask("POST", "/v1/teams", Some(&json!({ "name": "crew", "caps": ["0.50/day"] })))?;
    let inner = stand.key("inner", json!({ "team": "crew", "caps": ["0.30/day"] }))?;
    let outer = stand.key("outer", json!({ "team": "crew", "caps": ["10/day"] }))?;
    let alone = stand.key("alone", json!({ "caps": ["10/day"] }))?;
    assert_eq!(bought(&at_once(&stand, vec![submission(&inner); 60])), 3);
    assert_eq!(bought(&at_once(&stand, vec![submission(&outer); 60])), 2);
    assert_eq!(bought(&at_once(&stand, vec![submission(&alone); 60])), 4);
    assert_eq!(stand.charged()?, Money::parse("0.90")?);
    Ok(())
}

#[test]
fn bu_10_what_the_provider_refused_before_work_returns_to_the_cap() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("cap", json!({ "caps": ["0.20/day"] }))?;
    stand.mode(&json!({ "outcome": "no_slot" }))?;
    for _ in 0..5 {
        assert_eq!(call(stand.at, &submission(&key))?.body, "ERROR_NO_SLOT_AVAILABLE");
    }
    stand.mode(&json!({ "outcome": "ok" }))?;
    assert_eq!(bought(&at_once(&stand, vec![submission(&key); 10])), 2);
    Ok(())
}

#[test]
fn bu_13_what_may_have_been_bought_stays_spent() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("cap", json!({ "caps": ["0.30/day"] }))?;
    for mode in ["http_500", "garbage"] {
        stand.mode(&json!({ "outcome": mode }))?;
        let lost = call(stand.at, &submission(&key))?;
        assert_eq!(lost.body, "ERROR_TOLLGATE_OUTCOME_UNKNOWN", "{mode}");
    }
    stand.mode(&json!({ "outcome": "ok" }))?;
    assert_eq!(bought(&at_once(&stand, vec![submission(&key); 10])), 1);
    let usage = stand.ask("GET", "/v1/usage?by=key&since=2d", None)?;
    assert_eq!(usage.pointer("/total/unknown"), Some(&json!("0.200000000")));
    Ok(())
}

#[test]
fn unknown_money_is_resolved_on_an_operators_word_once_and_for_good() -> Result<()> {
    let mut stand = Stand::new()?;
    let key = stand.key("cap", json!({ "caps": ["0.30/day"] }))?;
    stand.mode(&json!({ "outcome": "http_500" }))?;
    for _ in 0..3 {
        call(stand.at, &submission(&key))?;
    }
    stand.mode(&json!({ "outcome": "ok" }))?;
    assert_eq!(call(stand.at, &submission(&key))?.denied(), Some("cap_reached"));
    let unknown = stand.ask("GET", "/v1/books/unknown", None)?;
    let id = |place: usize| unknown.pointer(&format!("/unknown/{place}/request")).and_then(Value::as_str).context("three are unknown");
    let resolve = |stand: &Stand, id: &str, cost: &str| {
        stand.admin("POST", &format!("/v1/books/{id}/resolve"), Some(&json!({ "cost": cost, "reason": "the provider's statement" })))
    };
    assert_eq!(resolve(&stand, id(0)?, "0")?.status, 200);
    assert_eq!(resolve(&stand, id(0)?, "0")?.status, 404, "what is known is not said again");
    assert_eq!(resolve(&stand, id(1)?, "0.1")?.status, 200);
    assert_eq!(bought(&at_once(&stand, vec![submission(&key); 5])), 1, "a dime returned");
    stand.kill_and_restart()?;
    assert_eq!(call(stand.at, &submission(&key))?.denied(), Some("cap_reached"));
    let left = stand.ask("GET", "/v1/books/unknown", None)?;
    assert_eq!(left.pointer("/unknown").and_then(Value::as_array).map(Vec::len), Some(1), "{left}");
    let usage = stand.ask("GET", "/v1/usage?by=key&since=2d", None)?;
    let total = |sum: &str| usage.pointer(&format!("/total/{sum}")).and_then(Value::as_str).unwrap_or_default().to_owned();
    assert_eq!((total("unknown").as_str(), total("settled").as_str()), ("0.100000000", "0.100000000"), "{usage}");
    Ok(())
}

#[test]
fn an_unsolvable_task_returns_its_money_once_where_the_profile_says_so() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("cap", json!({ "caps": ["0.10/day"] }))?;
    stand.mode(&json!({ "outcome": "unsolvable" }))?;
    let first = call(stand.at, &submission(&key))?;
    let task = first.task().context(first.body.clone())?;
    assert_eq!(call(stand.at, &submission(&key))?.denied(), Some("cap_reached"));
    for _ in 0..3 {
        assert_eq!(call(stand.at, &poll(&key, task))?.body, "ERROR_CAPTCHA_UNSOLVABLE");
    }
    stand.mode(&json!({ "outcome": "ok" }))?;
    assert_eq!(bought(&at_once(&stand, vec![submission(&key); 5])), 1, "returned once, not three times");
    Ok(())
}

#[test]
fn rl_10_a_permit_is_an_open_task_and_comes_back_with_its_answer() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("permits", json!({ "concurrency": 2, "caps": ["none"] }))?;
    stand.mode(&json!({ "solve_ms": 60_000 }))?;
    let answers = at_once(&stand, vec![submission(&key); 20]);
    assert_eq!(bought(&answers), 2);
    let refused = answers.iter().find(|answer| answer.task().is_none()).context("all admitted")?;
    assert_eq!((refused.body.as_str(), refused.denied()), ("ERROR_NO_SLOT_AVAILABLE", Some("concurrency_limited")));
    let threads = call(stand.at, &format!("/res.php?key={key}&action=threadsinfo&json=1"))?;
    let threads: Value = serde_json::from_str(&threads.body)?;
    assert_eq!((threads.get("threads"), threads.get("working_threads")), (Some(&json!("2")), Some(&json!("2"))));
    stand.mode(&json!({ "solve_ms": 0 }))?;
    let task = answers.iter().find_map(Answer::task).context("none")?;
    let answered = call(stand.at, &poll(&key, task))?;
    if answered.body.starts_with("OK|") {
        assert!(call(stand.at, &submission(&key))?.task().is_some());
    }
    Ok(())
}

#[test]
fn rl_01_a_rate_admits_its_burst_and_says_when_to_come_back() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("rate", json!({ "rate": "60/min burst 3", "caps": ["10/day"] }))?;
    let answers = at_once(&stand, vec![submission(&key); 20]);
    let words: Vec<&str> = answers.iter().map(|answer| answer.denied().unwrap_or(&answer.body)).collect();
    assert!((3..=4).contains(&bought(&answers)), "{words:?}");
    let refused = answers.iter().find(|answer| answer.task().is_none()).context("all admitted")?;
    assert_eq!((refused.body.as_str(), refused.denied()), ("ERROR_NO_SLOT_AVAILABLE", Some("rate_limited")));
    let wait: u64 = refused.header("retry-after").context("no Retry-After")?.parse()?;
    assert!((1..=2).contains(&wait), "{wait}");
    Ok(())
}

#[test]
fn tasks_a_day_are_a_cap_of_their_own() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("tasks", json!({ "tasks": ["3/day"] }))?;
    assert_eq!(bought(&at_once(&stand, vec![submission(&key); 10])), 3);
    let balance = call(stand.at, &format!("/res.php?key={key}&action=getbalance"))?;
    assert_eq!(balance.body, "0");
    Ok(())
}

#[test]
fn caps_of_every_period_bind_together_each_until_its_own_reset() -> Result<()> {
    let stand = Stand::new()?;
    let key =
        stand.key("caps", json!({ "caps": ["0.50/day Asia/Tokyo", "0.30/month America/New_York", "0.40/total"], "tasks": ["9/month"] }))?;
    assert_eq!(bought(&at_once(&stand, vec![submission(&key); 12])), 3);
    let refused = call(stand.at, &submission(&key))?;
    let wait: u64 = refused.header("retry-after").context("a month ends")?.parse()?;
    assert!(refused.denied() == Some("cap_reached") && wait <= 31 * 86_400, "{wait}");
    stand.ask("PATCH", "/v1/keys/caps", Some(&json!({ "caps": ["0.50/day Asia/Tokyo", "9/month America/New_York", "0.40/total"] })))?;
    assert_eq!(bought(&at_once(&stand, vec![submission(&key); 12])), 1);
    let refused = call(stand.at, &submission(&key))?;
    assert_eq!((refused.denied(), refused.header("retry-after")), (Some("cap_reached"), None), "a total never resets");
    let shown = stand.ask("GET", "/v1/keys/caps", None)?;
    let reset = |limit: usize| shown.pointer(&format!("/limits/{limit}/resets_at")).and_then(Value::as_str).unwrap_or_default();
    // midnight in Tokyo is 15:00 UTC all year
    assert!(reset(0).contains("T15:00:00"), "{shown}");
    assert!(reset(1).contains("-01T04:00:00") || reset(1).contains("-01T05:00:00"), "{shown}");
    assert_eq!(stand.charged()?, Money::parse("0.40")?);
    Ok(())
}

#[test]
fn rolling_caps_and_weeks_bind_to_the_cent_over_a_restart_and_say_when_they_have_room_again() -> Result<()> {
    for (caps, most, wait) in [("0.30/hour", 3, 3_540..=3_660), ("0.50/24h", 5, 86_340..=86_460), ("0.40/week Asia/Tokyo", 4, 1..=604_800)]
    {
        let mut stand = Stand::new()?;
        let key = stand.key("rolling", json!({ "caps": [caps, "90/total"] }))?;
        assert_eq!(bought(&at_once(&stand, vec![submission(&key); most - 1])), most - 1, "{caps}");
        stand.kill_and_restart()?;
        assert_eq!(bought(&at_once(&stand, vec![submission(&key); 9])), 1, "{caps}");
        let refused = call(stand.at, &submission(&key))?;
        let said: u64 = refused.header("retry-after").context("it frees")?.parse()?;
        assert!(refused.denied() == Some("cap_reached") && wait.contains(&said), "{caps}: {said}");
        assert_eq!(stand.charged()?, Money::from_nanos(100_000_000 * i64::try_from(most)?), "{caps}");
    }
    Ok(())
}

#[test]
fn a_raise_binds_until_its_end_and_is_seen_by_operator_and_caller() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("launch", json!({ "caps": ["0.20/day"] }))?;
    assert_eq!(bought(&at_once(&stand, vec![submission(&key); 6])), 2);
    let raise = json!({ "cap": "0.50/day", "until": "3s", "reason": "the launch" });
    stand.ask("POST", "/v1/keys/launch/raise", Some(&raise))?;
    let shown = stand.ask("GET", "/v1/keys/launch", None)?;
    assert!(shown.pointer("/limits/0/raised_until").is_some_and(Value::is_string), "{shown}");
    assert_eq!(bought(&at_once(&stand, vec![submission(&key); 2])), 2);
    thread::sleep(std::time::Duration::from_millis(3_100));
    assert_eq!(call(stand.at, &submission(&key))?.denied(), Some("cap_reached"), "its end needs nobody");
    assert_eq!(stand.charged()?, Money::parse("0.40")?);
    let explained = stand.ask("POST", "/v1/explain", Some(&json!({ "key": "launch", "from": "127.0.0.1" })))?;
    assert_eq!(explained.pointer("/limits/0/next_resets").and_then(Value::as_array).map(Vec::len), Some(5), "{explained}");
    Ok(())
}

#[test]
fn bu_31_balance_is_what_is_left_of_the_keys_own_cap_and_asks_nobody() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("balance", json!({ "caps": ["0.50/day", "5/month"] }))?;
    assert!(call(stand.at, &submission(&key))?.task().is_some());
    let before = stand.received()?.len();
    assert_eq!(call(stand.at, &format!("/res.php?key={key}&action=getbalance"))?.body, "0.4");
    assert_eq!(stand.received()?.len(), before);
    Ok(())
}

#[test]
fn a_refusal_names_the_limit_that_bound_and_when_it_frees() -> Result<()> {
    let stand = Stand::with(Setup { upstream: "cap = [\"0.40/day\"]", ..Setup::default() })?;
    stand.ask("POST", "/v1/teams", Some(&json!({ "name": "crew", "caps": ["0.20/total"] })))?;
    let until_midnight =
        |answer: &Answer| answer.header("retry-after").and_then(|wait| wait.parse::<u64>().ok()).is_some_and(|wait| wait <= 86_400);
    for (name, terms, bought, said, frees) in [
        ("own", json!({ "caps": ["0.10/day"] }), 1, "0.1/day of key_", true),
        ("shared", json!({ "team": "crew", "caps": ["5/day"] }), 2, "0.2/total of team crew", false),
        ("tasks", json!({ "tasks": ["1/day"] }), 1, "1/day tasks of key_", true),
        ("last", json!({ "caps": ["5/day"] }), 0, "0.4/day of upstream provider", true),
    ] {
        let key = stand.key(name, terms)?;
        for _ in 0..bought {
            call(stand.at, &submission(&key))?.task().context("refused")?;
        }
        let refused = call(stand.at, &submission(&key))?;
        assert_eq!((refused.denied(), until_midnight(&refused)), (Some("cap_reached"), frees), "{name}: {refused:?}");
        let line = stand.lines(refused.id())?.pop().context("no line")?;
        let reason = line.pointer("/tollgate/reason").and_then(Value::as_str).unwrap_or_default().to_owned();
        assert!(reason.contains(said), "{name}: {reason}");
    }
    Ok(())
}
