//! A task that nobody fetches, on the real binary: the gate polls it once at its deadline, and the books settle on what it hears.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tollgate_model::Money;
use tollgate_tests::{Setup, call, submission};

use crate::clock::Clocked;

/// Beyond every profile's `task_deadline`.
const DEADLINE_MS: u64 = 601_000;

/// What the books have settled and hold, as dollars.
fn counted(clocked: &Clocked) -> Result<(Money, Money)> {
    let usage = clocked.stand.ask("GET", "/v1/usage?by=key&since=1d", None)?;
    let sum = |name: &str| Money::parse(usage.pointer(&format!("/total/{name}")).and_then(Value::as_str).unwrap_or("0"));
    Ok((sum("settled")?, sum("held")?))
}

/// The lines that end a hold behind its purchase.
fn endings(clocked: &Clocked) -> Result<Vec<Value>> {
    let lines = clocked.stand.lines("\"action\":\"settle\"")?;
    Ok(lines.iter().filter_map(|line| line.pointer("/tollgate/hold")).cloned().collect())
}

/// A task is bought and never polled by its caller; says how it ended, and what it cost.
fn never_fetched(mode: &Value) -> Result<(Value, Money)> {
    let mut clocked = Clocked::with(Setup::default())?;
    let key = clocked.stand.key("once", json!({ "caps": ["0.10/day"], "concurrency": 1 }))?;
    clocked.stand.mode(mode)?;
    ensure!(call(clocked.stand.at, &submission(&key))?.task().is_some());
    ensure!(call(clocked.stand.at, &submission(&key))?.denied().is_some(), "the only place is taken");
    ensure!(endings(&clocked)?.is_empty(), "before its deadline nobody asks for it");
    ensure!(counted(&clocked)? == (Money::ZERO, Money::parse("0.10")?));
    let polls = |clocked: &Clocked| -> Result<usize> {
        Ok(clocked.stand.received()?.iter().filter(|request| request.to_string().contains("res.php")).count())
    };
    ensure!(polls(&clocked)? == 0);
    clocked.pass(DEADLINE_MS)?;
    let mut ended = Vec::new();
    for _ in 0..10 {
        ended = endings(&clocked)?;
        if !ended.is_empty() {
            break;
        }
    }
    ensure!(ended.len() == 1 && polls(&clocked)? == 1, "one poll, one end: {ended:?} of {} polls", polls(&clocked)?);
    let (settled, held) = counted(&clocked)?;
    ensure!(held == Money::ZERO, "{held} are held still");
    clocked.stand.gate.kill()?;
    clocked.restart()?;
    ensure!(counted(&clocked)? == (settled, held) && endings(&clocked)?.len() == 1, "a kill and a start change nothing of it");
    ensure!(clocked.stand.charged()? == settled, "the provider agrees");
    let again = call(clocked.stand.at, &submission(&key))?;
    let is_free = settled == Money::ZERO;
    ensure!(again.task().is_some() == is_free && (is_free || again.denied() == Some("cap_reached")), "its place is free: {again:?}");
    Ok((ended.remove(0), settled))
}

#[test]
fn a_task_that_is_never_fetched_is_polled_at_its_deadline_and_settled_at_what_it_cost() -> Result<()> {
    assert_eq!(never_fetched(&json!({ "cost": "0.07" }))?, (json!("settled"), Money::parse("0.07")?));
    Ok(())
}

#[test]
fn a_task_that_could_not_be_solved_and_is_never_fetched_is_returned_at_its_deadline() -> Result<()> {
    assert_eq!(never_fetched(&json!({ "outcome": "unsolvable" }))?, (json!("voided"), Money::ZERO));
    Ok(())
}

#[test]
fn a_task_that_the_provider_works_on_still_is_taken_to_have_cost_what_was_held() -> Result<()> {
    assert_eq!(never_fetched(&json!({ "solve_ms": 3_600_000 }))?, (json!("assumed"), Money::parse("0.10")?));
    Ok(())
}
