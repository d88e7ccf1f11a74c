//! What becomes of the money when a call does not go as it should: the provider is not there, goes away, or the caller does.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tollgate_model::Money;
use tollgate_tests::{Kept, Said, Setup, Stand, Stub, call, poll, submission};

/// Calls over connections that the provider leaves.
const ROUNDS: usize = 10_000;

fn total(stand: &Stand, sum: &str) -> Result<Money> {
    let usage = stand.ask("GET", "/v1/usage?by=key&since=2d", None)?;
    // nothing was ever held: there is no row
    let told = usage.pointer(&format!("/total/{sum}")).and_then(Value::as_str).unwrap_or("0");
    Ok(Money::parse(told)?)
}

/// A port where nobody listens.
fn deserted() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Whoever connects is left before a word is said.
fn rude() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let at = listener.local_addr()?;
    thread::spawn(move || listener.incoming().for_each(drop));
    Ok(at)
}

#[test]
fn bu_11_a_provider_that_is_not_reached_costs_nothing_and_may_be_tried_again() -> Result<()> {
    let tls = format!("https://{}", rude()?);
    for setup in [Setup { origin: Some(deserted()?), ..Setup::default() }, Setup { url: Some(&tls), ..Setup::default() }] {
        let stand = Stand::with(setup)?;
        let key = stand.key("once", json!({ "caps": ["0.10/day"], "concurrency": 1 }))?;
        for _ in 0..8 {
            let answer = call(stand.at, &submission(&key))?;
            ensure!(answer.task().is_none(), "{answer:?}");
            let full = ["cap_reached", "concurrency_limited"].map(Some);
            ensure!(!full.contains(&answer.denied()), "the first try took the only place: {answer:?}");
        }
        for sum in ["held", "settled", "unknown"] {
            assert_eq!(total(&stand, sum)?, Money::ZERO, "{sum}");
        }
    }
    Ok(())
}

#[test]
fn bu_14_a_connection_that_the_provider_leaves_carries_each_purchase_once_at_most() -> Result<()> {
    let stub = Stub::start()?;
    stub.say(Said::Leaving);
    let stand = Stand::with(Setup { origin: Some(stub.at), upstream: "governor = false", ..Setup::default() })?;
    let key = stand.key("many", json!({ "caps": ["1000000/day"] }))?;
    let mut caller = Kept::open(stand.at)?;
    let (mut bought, mut tried) = (0, 0);
    for number in 0..ROUNDS {
        let answer = caller.call(&format!("{}{number}.", submission(&key)))?;
        bought += u64::from(answer.task().is_some());
        tried += u64::from(answer.denied().is_none());
        if answer.header("connection") == Some("close") {
            caller = Kept::open(stand.at)?;
        }
    }
    let heard = stub.heard();
    let mark = |request: &str| request.split("example.com%2F").nth(1).and_then(|rest| rest.split('.').next()).map(str::to_owned);
    let marks: Vec<String> = heard.iter().map(|heard| mark(&heard.request).context(heard.request.clone())).collect::<Result<_>>()?;
    let once: HashSet<&String> = marks.iter().collect();
    ensure!(once.len() == marks.len(), "{} requests of {} calls", marks.len(), once.len());
    ensure!(bought >= 1_000 && tried <= ROUNDS as u64, "{bought} were bought");
    // what was not answered is held all the same
    let counted = total(&stand, "held")?.nanos() + total(&stand, "unknown")?.nanos();
    ensure!(counted >= i64::try_from(heard.len())? * Money::parse("0.10")?.nanos(), "{counted} for {} requests", heard.len());
    Ok(())
}

#[test]
fn bu_16_a_caller_that_goes_away_pays_what_the_provider_took_and_may_fetch_it_later() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("hasty", json!({ "caps": ["100/day"] }))?;
    let request = format!("GET {} HTTP/1.1\r\nHost: gate\r\n\r\n", submission(&key));
    // before it was said: nothing is sent
    for length in [1, request.len() / 2, request.len() - 1] {
        let mut stream = TcpStream::connect(stand.at)?;
        stream.write_all(request.get(..length).context("a part")?.as_bytes())?;
        stream.shutdown(Shutdown::Both)?;
    }
    thread::sleep(Duration::from_millis(200));
    assert_eq!((stand.charged()?, total(&stand, "held")?), (Money::ZERO, Money::ZERO));
    // behind it, while the provider works, and in the middle of the answer
    stand.mode(&json!({ "latency_ms": 150 }))?;
    for (wait, read) in [(0, 0), (20, 0), (80, 0), (0, 1), (0, 12)] {
        let mut stream = TcpStream::connect(stand.at)?;
        stream.write_all(request.as_bytes())?;
        thread::sleep(Duration::from_millis(wait));
        stream.read_exact(&mut vec![0; read])?;
        stream.shutdown(Shutdown::Both)?;
    }
    thread::sleep(Duration::from_millis(1_500));
    stand.mode(&json!({ "latency_ms": 0 }))?;
    let counted = ["held", "settled", "unknown"].map(|sum| total(&stand, sum));
    let mut nanos = 0;
    for sum in counted {
        nanos += sum?.nanos();
    }
    let charged = stand.charged()?;
    ensure!(charged.nanos() >= Money::parse("0.20")?.nanos(), "who read a part had been sent: {charged}");
    assert_eq!(nanos, charged.nanos(), "the charge follows the provider");
    let opened = stand.lines("\"hold\":\"opened\"")?;
    ensure!(opened.len() >= 2, "{} were named", opened.len());
    for line in opened {
        let task = line.pointer("/tollgate/task").and_then(Value::as_str).context("a task")?.to_owned();
        let ready = (0..100).any(|_| {
            thread::sleep(Duration::from_millis(100));
            call(stand.at, &poll(&key, &task)).is_ok_and(|answer| answer.body.starts_with("OK|"))
        });
        ensure!(ready, "the task {task} is its owner's");
    }
    Ok(())
}

#[test]
fn bu_29_a_rich_key_is_held_for_like_any_other() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("rich", json!({ "caps": ["1000000/day", "1000000/total"] }))?;
    for bought in 1..=5 {
        ensure!(call(stand.at, &submission(&key))?.task().is_some());
        assert_eq!(total(&stand, "held")?.nanos(), bought * Money::parse("0.10")?.nanos());
    }
    Ok(())
}
