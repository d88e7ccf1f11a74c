//! Rates that gates count together in Redis: what is refused at a start, what is told at work, and what holds at one gate.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tollgate_tests::{Place, Postgres, Redis, Setup, Stand, call, instant, submission};

fn top(server: &Postgres, redis: &str) -> String {
    format!("store = \"{}\"\ninstance = \"a\"\nrates = \"{redis}\"\ngates = 2", server.url())
}

#[test]
fn a_redis_that_cannot_be_used_is_refused_in_a_sentence_that_holds_no_password() -> Result<()> {
    let server = Postgres::start()?;
    let redis = Redis::start(&["--requirepass", "correct-horse"])?;
    let at = format!("redis://127.0.0.1:{}", redis.port());
    let postgres = server.url();
    let (_, postgres) = postgres.rsplit_once(':').context("no port")?;
    let postgres = postgres.trim_end_matches("/postgres");
    let usual = "[[listener]]\naddress = \"127.0.0.1:0\"\nupstream = \"p\"\n[admin]\naddress = \"127.0.0.1:0\"\n[[upstream]]\n\
                 name = \"p\"\nprofile = \"twocaptcha\"\norigin = \"http://127.0.0.1:19009\"\nsecret = { file = \"real.key\" }\n";
    for (address, password, says) in [
        (at.as_str(), "rates_password = { file = \"wrong\" }", "does not let the user `default` in: correct the user in `rates`"),
        (at.as_str(), "", "does not let the user `default` in: correct the user in `rates`, or `rates_password`"),
        (&at.replace("redis://", "redis://somebody@"), "rates_password = { file = \"right\" }", "does not let the user `somebody` in"),
    ] {
        let place = Place::with(&format!("state = \"state\"\n{}\n{password}\n{usual}", top(&server, address)))?;
        place.private("wrong", b"hunter2")?;
        place.private("right", b"correct-horse")?;
        let (code, said) = place.refusal(&["serve"])?;
        assert!(code == 1 && said.contains(says), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("correct-horse"), "{said}");
    }
    // one that is away, or says nothing, is waited for at work; of one state folder, for the book knows the gate
    let state = tempfile::TempDir::new()?;
    let state = state.path().join("state").display().to_string();
    for silent in ["redis://127.0.0.1:1".to_owned(), format!("redis://127.0.0.1:{postgres}")] {
        let place = Place::with(&format!("state = \"{state}\"\n{}\n{usual}", top(&server, &silent)))?;
        place.serve()?.stop()?;
    }
    Ok(())
}

#[test]
fn while_redis_is_away_a_gate_says_so_admits_its_share_and_says_when_it_is_back() -> Result<()> {
    let server = Postgres::start()?;
    let mut redis = Redis::start(&[])?;
    let top = top(&server, &format!("redis://127.0.0.1:{}", redis.port()));
    let stand = Stand::with(Setup { top: &top, upstream: "governor = false", ..Setup::default() })?;
    let doctor = || -> Result<String> { Ok(stand.ask("GET", "/v1/doctor", None)?.to_string()) };
    let until = |what: &str, is: &dyn Fn() -> Result<bool>| -> Result<Duration> {
        let began = instant();
        while !is()? {
            ensure!(began.elapsed() < Duration::from_secs(5), "not {what}: {}", stand.gate.printed());
            thread::sleep(Duration::from_millis(20));
        }
        Ok(began.elapsed())
    };
    until("counted together", &|| Ok(!doctor()?.contains("not counted together")))?;
    let key = stand.key("paced", json!({ "rate": "600/min burst 1", "caps": ["100/day"] }))?;
    let bought = || -> Result<bool> { Ok(call(stand.at, &submission(&key))?.task().is_some()) };
    until("admitted", &bought)?;
    redis.kill();
    until(
        "told",
        &|| Ok(doctor()?.contains("the rates of `provider` are not counted together with the other gates: no Redis answers at")),
    )?;
    assert_eq!(stand.admin("GET", "/readyz", None)?.status, 200, "paid calls go on");
    until("admitted by its share", &bought)?;
    let (began, mut count) = (instant(), 0);
    while began.elapsed() < Duration::from_secs(2) {
        count += u32::from(bought()?);
    }
    assert!((8..=11).contains(&count), "{count}: half of ten a second");
    redis.begin()?;
    let back = until("back", &|| Ok(!doctor()?.contains("not counted together")))?;
    println!("back after {back:?}");
    until("admitted together", &bought)?;
    let said = stand.gate.printed();
    for line in
        ["rates are not counted together: this gate admits its own share of each", "rates are counted together with the other gates again"]
    {
        assert_eq!(said.matches(line).count(), 1, "{said}");
    }
    assert!(back < Duration::from_secs(2), "{back:?}");
    Ok(())
}

#[test]
fn i_6_what_another_limit_refuses_burns_no_shared_rate() -> Result<()> {
    let server = Postgres::start()?;
    let redis = Redis::start(&[])?;
    let top = top(&server, &format!("redis://127.0.0.1:{}", redis.port()));
    let stand = Stand::with(Setup { top: &top, upstream: "governor = false", ..Setup::default() })?;
    let one = stand.key("capped", json!({ "rate": "60/min burst 10", "caps": ["0.20/day"] }))?;
    // a rate that has begun gives no burst at once
    let mut bought = 0;
    let began = instant();
    while bought < 2 {
        bought += u32::from(call(stand.at, &submission(&one))?.task().is_some());
        ensure!(began.elapsed() < Duration::from_secs(10), "{bought}");
        thread::sleep(Duration::from_millis(50));
    }
    for _ in 0..30 {
        let denied = call(stand.at, &submission(&one))?;
        assert_eq!(denied.denied(), Some("cap_reached"));
    }
    let page = stand.admin("GET", "/metrics", None)?.body;
    let shared = page.lines().find_map(|line| line.strip_prefix("tollgate_rates_shared_total ")).context("no number")?;
    assert!(shared.parse::<u64>()? < 20, "what is refused anyway does not ask: {shared}");
    Ok(())
}
