//! A gate that is gone for good: what it had bought is asked for by another, and nobody spends what it had leased.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tollgate_model::Money;
use tollgate_tests::{Postgres, Setup, Stand, call, instant, poll, submission};

/// Two gates on one store and one provider.
fn two(server: &Postgres) -> Result<(Stand, Stand)> {
    let top = |name: &str| format!("store = \"{}\"\ninstance = \"{name}\"", server.url());
    let a = Stand::with(Setup { top: &top("a"), ..Setup::default() })?;
    let b = Stand::with(Setup { top: &top("b"), origin: Some(a.provider), ..Setup::default() })?;
    a.mode(&json!({ "keys": [a.real_key, b.real_key] }))?;
    Ok((a, b))
}

fn dollars(usage: &Value, sum: &str) -> Result<Money> {
    Ok(Money::parse(usage.pointer(sum).and_then(Value::as_str).context("no sum")?)?)
}

/// Waits for what the gate says, at most that long.
fn until(what: &str, within: Duration, is_so: impl Fn() -> Result<bool>) -> Result<()> {
    let began = instant();
    while !is_so()? {
        ensure!(began.elapsed() < within, "not within {within:?}: {what}");
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

#[test]
fn what_a_gate_had_bought_that_is_gone_is_ended_by_another_and_what_it_had_leased_is_nobodys() -> Result<()> {
    let server = Postgres::start()?;
    let (mut a, b) = two(&server)?;
    let key = a.key("cap", json!({ "caps": ["1/day"] }))?;
    let [paid, refunded] = [0, 1].map(|_| call(a.at, &submission(&key)));
    let (paid, refunded) = (paid?.task().context("no task")?.to_owned(), refunded?.task().context("no task")?.to_owned());
    // it dies while a third is on its way
    a.mode(&json!({ "latency_ms": 20_000 }))?;
    let (at, target) = (a.at, submission(&key));
    let lost = thread::spawn(move || call(at, &target).is_err());
    let usage = |gate: &Stand| gate.ask("GET", "/v1/usage?by=key&since=2d", None);
    until("the book knows of all three", Duration::from_secs(10), || Ok(dollars(&usage(&b)?, "/total/held")? == Money::parse("0.30")?))?;
    thread::sleep(Duration::from_millis(1_500));
    a.gate.kill()?;
    ensure!(lost.join().is_ok_and(|failed| failed), "it was on its way");
    a.mode(&json!({ "latency_ms": 0 }))?;

    // nothing is taken from a gate that is away for a moment
    thread::sleep(Duration::from_secs(1));
    assert_eq!(dollars(&usage(&b)?, "/total/held")?, Money::parse("0.30")?);
    assert!(call(b.at, &poll(&key, &paid))?.body.starts_with("OK|"), "a task is fetched anywhere");
    a.mode(&json!({ "outcome": "unsolvable" }))?;
    server.execute("UPDATE tollgate.instances SET present = present - interval '1 h', seen = seen - interval '1 h' WHERE name = 'a'")?;
    until("the other gate ends them", Duration::from_mins(1), || Ok(dollars(&usage(&b)?, "/total/held")? == Money::ZERO))?;
    a.mode(&json!({ "outcome": "ok" }))?;
    let told = usage(&b)?;
    assert_eq!(dollars(&told, "/total/settled")?, Money::parse("0.10")?, "one was given back: {told}");
    let unknown = b.ask("GET", "/v1/books/unknown", None)?;
    let request = unknown.pointer("/unknown/0/request").and_then(Value::as_str).context("nothing is unknown")?.to_owned();
    assert_eq!(unknown.pointer("/unknown").and_then(Value::as_array).map(Vec::len), Some(1), "{unknown}");
    assert_eq!(dollars(&told, "/total/unknown")?, Money::parse("0.10")?, "{told}");
    let ends = b.lines("\"settle\"")?;
    assert_eq!(ends.len(), 2, "a line for each: {ends:?}");
    ensure!([&paid, &refunded].iter().all(|task| ends.iter().any(|line| line.to_string().contains(task.as_str()))), "{ends:?}");

    // ended on an operator's word at the gate that looks after it
    b.ask("POST", &format!("/v1/books/{request}/resolve"), Some(&json!({ "cost": "0.10", "reason": "the provider's own books" })))?;
    let after = usage(&b)?;
    assert_eq!(dollars(&after, "/total/unknown")?, Money::ZERO, "{after}");
    // what the dead gate had leased is spent until its window ends: never over, and a little under
    let bought = (0..12).filter(|_| call(b.at, &submission(&key)).is_ok_and(|answer| answer.task().is_some())).count();
    ensure!((1..=9).contains(&bought), "{bought}");

    // back, it counts the same, and has nothing open
    a.restart()?;
    let at_b = usage(&b)?;
    assert_eq!(usage(&a)?, at_b);
    assert_eq!(a.ask("GET", "/v1/books/unknown", None)?, json!({ "unknown": [] }));
    Ok(())
}
