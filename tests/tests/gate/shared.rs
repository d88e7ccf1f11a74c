//! Several gates on one PostgreSQL: one set of keys, one set of caps, by the provider's own books.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tollgate_model::Money;
use tollgate_tests::{Answer, Place, Postgres, Process, Setup, Stand, call, instant, poll, submission};

/// Gates of these names on one store and one provider, the first one's.
fn gates(server: &Postgres, names: &[&str]) -> Result<Vec<Stand>> {
    let mut gates: Vec<Stand> = Vec::new();
    for name in names {
        let top = format!("store = \"{}\"\ninstance = \"{name}\"", server.url());
        let origin = gates.first().map(|first| first.provider);
        gates.push(Stand::with(Setup { top: &top, origin, ..Setup::default() })?);
    }
    let keys: Vec<&str> = gates.iter().map(|gate| gate.real_key.as_str()).collect();
    gates.first().context("no gate")?.mode(&json!({ "keys": keys }))?;
    Ok(gates)
}

/// The answer once it is another than a refusal for an unknown key; the others hear of a change within a second.
fn heard_of(gate: &Stand, target: &str, denied: Option<&str>) -> Result<Answer> {
    let began = instant();
    loop {
        let answer = call(gate.at, target)?;
        if answer.denied() == denied {
            return Ok(answer);
        }
        ensure!(began.elapsed() < Duration::from_secs(5), "still {:?}: {}", answer.denied(), answer.body);
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn bu_02_three_gates_at_one_instant_spend_exactly_the_cap_they_share() -> Result<()> {
    let server = Postgres::start()?;
    let gates = gates(&server, &["a", "b", "c"])?;
    let first = gates.first().context("no gate")?;
    let key = first.key("cap", json!({ "caps": ["1/day"] }))?;
    let other = first.key("other", json!({ "caps": ["1/day"] }))?;
    for gate in &gates {
        // each knows the keys; the other one's cap is not touched by the first's
        heard_of(gate, &submission(&other), None)?;
    }
    let calls = 60;
    let barrier = Barrier::new(gates.len() * calls);
    let one = |gate: &Stand| {
        barrier.wait();
        call(gate.at, &submission(&key)).is_ok_and(|answer| answer.task().is_some())
    };
    let bought = thread::scope(|threads| {
        let asked: Vec<_> = gates.iter().cycle().take(gates.len() * calls).map(|gate| threads.spawn(|| one(gate))).collect();
        asked.into_iter().filter_map(|call| call.join().ok()).filter(|bought| *bought).count()
    });
    assert_eq!(bought, 10);
    assert_eq!(first.charged()?, Money::parse("1.30")?);
    Ok(())
}

#[test]
fn what_is_revoked_at_one_gate_is_refused_at_the_other_and_its_task_is_still_owned() -> Result<()> {
    let server = Postgres::start()?;
    let gates = gates(&server, &["a", "b"])?;
    let [a, b] = gates.as_slice() else { anyhow::bail!("two gates") };
    let key = a.key("shared", json!({ "caps": ["1/day"] }))?;
    let bought = heard_of(b, &submission(&key), None)?;
    let task = bought.task().context("no task")?.to_owned();
    // b tells the book within a second
    thread::sleep(Duration::from_millis(1_500));
    assert!(call(a.at, &poll(&key, &task))?.body.starts_with("OK|"), "the other gate knows whose task it is");
    a.ask("POST", "/v1/keys/shared/revoke", Some(&json!({})))?;
    assert_eq!(call(a.at, &submission(&key))?.denied(), Some("unauthenticated"));
    heard_of(b, &submission(&key), Some("unauthenticated"))?;
    Ok(())
}

#[test]
fn a_gate_that_is_killed_comes_back_with_what_it_had_spent() -> Result<()> {
    let server = Postgres::start()?;
    let mut gates = gates(&server, &["a", "b"])?;
    let key = gates.first().context("no gate")?.key("cap", json!({ "caps": ["0.50/day"] }))?;
    for gate in &gates {
        heard_of(gate, &submission(&key), None)?;
    }
    gates.get_mut(1).context("no second")?.kill_and_restart()?;
    let mut bought = 0;
    for gate in gates.iter().cycle().take(12) {
        bought += usize::from(call(gate.at, &submission(&key))?.task().is_some());
    }
    assert_eq!(bought, 3);
    Ok(())
}

#[test]
fn bu_26_a_gate_cut_off_from_the_store_spends_what_it_has_leased_at_most_and_still_fetches_what_is_paid_for() -> Result<()> {
    let server = Postgres::start()?;
    let gates = gates(&server, &["a"])?;
    let [gate] = gates.as_slice() else { anyhow::bail!("one gate") };
    let small = gate.key("small", json!({ "caps": ["1/day"] }))?;
    let large = gate.key("large", json!({ "caps": ["100/day"] }))?;
    let task = call(gate.at, &submission(&small))?.task().context("no task")?.to_owned();
    ensure!(call(gate.at, &submission(&large))?.task().is_some(), "the first of a large cap");
    drop(server);
    assert_eq!(call(gate.at, &submission(&small))?.denied(), Some("books_unavailable"), "of a small cap one hold is leased at a time");
    let bought = (0..30).filter(|_| call(gate.at, &submission(&large)).is_ok_and(|answer| answer.task().is_some())).count();
    assert!(bought <= 10, "{bought}: more than one part in a hundred of the cap");
    assert!(call(gate.at, &poll(&small, &task))?.body.starts_with("OK|"));
    Ok(())
}

#[test]
fn what_is_revoked_is_heard_of_within_two_seconds_and_a_gate_that_hears_nothing_for_ten_buys_nothing() -> Result<()> {
    let server = Postgres::start()?;
    let gates = gates(&server, &["a", "b"])?;
    let [a, b] = gates.as_slice() else { anyhow::bail!("two gates") };
    let made = (0..20).map(|number| a.key(&format!("shared-{number}"), json!({ "caps": ["1/day"] }))).collect::<Result<Vec<_>>>()?;
    thread::sleep(Duration::from_secs(2));
    let mut took = Vec::new();
    for (number, key) in made.iter().enumerate() {
        ensure!(call(b.at, &submission(key))?.task().is_some(), "{}", b.gate.printed());
        // by the same feed as a revocation, after which so many tries would be a stranger's
        a.ask("POST", &format!("/v1/keys/shared-{number}/pause"), Some(&json!({ "reason": "a test" })))?;
        let began = instant();
        while call(b.at, &submission(key))?.denied() != Some("paused") {
            thread::sleep(Duration::from_millis(10));
            ensure!(began.elapsed() < Duration::from_secs(2), "still not paused at the other gate: {}", b.gate.printed());
        }
        took.push(began.elapsed());
    }
    took.sort_unstable();
    println!("a change is heard of within {:?}, in the middle {:?}", took.last(), took.get(took.len() / 2));
    let key = a.key("large", json!({ "caps": ["1000/day"] }))?;
    let task = heard_of(b, &submission(&key), None)?.task().context("no task")?.to_owned();
    drop(server);
    let gone = instant();
    thread::sleep(Duration::from_secs(2));
    assert!(call(b.at, &submission(&key))?.task().is_some(), "inside the slice that it holds");
    thread::sleep(Duration::from_secs(12).saturating_sub(gone.elapsed()));
    assert_eq!(call(b.at, &submission(&key))?.denied(), Some("books_unavailable"));
    assert_eq!(b.admin("GET", "/readyz", None)?.status, 503);
    assert!(call(b.at, &poll(&key, &task))?.body.starts_with("OK|"), "what is paid for is still fetched");
    Ok(())
}

#[test]
fn bu_25_a_promoted_replica_is_not_spent_from_until_an_operator_accepts_it() -> Result<()> {
    let server = Postgres::start()?;
    let place = |server: &Postgres, state: &str| {
        let usual = "[[listener]]\naddress = \"127.0.0.1:0\"\nupstream = \"p\"\n[admin]\naddress = \"127.0.0.1:0\"\n[[upstream]]\n\
                     name = \"p\"\nprofile = \"twocaptcha\"\norigin = \"http://127.0.0.1:19009\"\nsecret = { file = \"real.key\" }\n";
        Place::with(&format!("state = \"{state}\"\nstore = \"{}\"\ninstance = \"a\"\n{usual}", server.url()))
    };
    let before = place(&server, "state")?;
    before.serve()?.stop()?;
    let replica = server.replica()?;
    let state = before.path().join("state").display().to_string();
    let after = place(&replica, &state)?;
    let (code, said) = after.refusal(&["serve"])?;
    assert!(code == 1 && said.contains("is a replica or read-only, and money is kept on the primary alone"), "{said}");
    drop(server);
    replica.execute("SELECT pg_promote()")?;
    let (code, said) = after.refusal(&["serve"])?;
    assert!(code == 1 && said.contains("a replica promoted") && said.contains("`tollgate serve --accept-store`"), "{said}");
    after.serve_with(&["--accept-store"])?.stop()?;
    after.serve()?.stop()?;
    Ok(())
}

#[test]
fn bu_25_a_running_gate_whose_book_is_rolled_back_buys_nothing_more_and_brings_it_up_when_it_is_accepted() -> Result<()> {
    let server = Postgres::start()?;
    let top = format!("store = \"{}\"\ninstance = \"a\"", server.url());
    let mut stand = Stand::with(Setup { top: &top, ..Setup::default() })?;
    let key = stand.key("cap", json!({ "caps": ["100/day"] }))?;
    let task = call(stand.at, &submission(&key))?.task().context("no task")?.to_owned();
    thread::sleep(Duration::from_millis(1_500));
    // as a backup of the time before that has everything but what was bought
    let tables = ["holds", "lanes", "usage", "counters"].map(|table| format!("DELETE FROM tollgate.{table}"));
    server.execute(&format!("UPDATE tollgate.instances SET number = number - 1; {}", tables.join("; ")))?;
    // inside the slice that it holds a first one may pass, and the clerk then learns of it
    heard_of(&stand, &submission(&key), Some("books_unavailable"))?;
    assert!(call(stand.at, &poll(&key, &task))?.body.starts_with("OK|"), "what is paid for is still fetched");
    let spent = stand.charged()?;
    stand.gate.signal("TERM")?;
    thread::sleep(Duration::from_millis(500));
    assert!(stand.restart().is_err());
    let file = stand.folder().join("tollgate.toml").display().to_string();
    let accepting = ["serve", "-c", &file, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--accept-store"];
    Process::start(&accepting, &[])?.stop()?;
    stand.restart()?;
    let usage = stand.ask("GET", "/v1/usage?by=key&since=2d", None)?;
    let told: Vec<&str> = ["/total/settled", "/total/held"].iter().filter_map(|sum| usage.pointer(sum)?.as_str()).collect();
    let told = told.iter().map(|sum| Ok(Money::parse(sum)?.nanos())).sum::<Result<i64>>()?;
    assert_eq!(told, spent.nanos(), "the journal has brought back what the book had lost: {usage}");
    Ok(())
}

#[test]
fn a_store_that_cannot_be_used_is_refused_in_a_sentence_that_holds_no_password() -> Result<()> {
    let server = Postgres::start()?;
    let url = server.url();
    for (url, says) in [
        (url.replace("@127.0.0.1:", "@127.0.0.1:1x"), "the store's URL cannot be read"),
        (url.replace("/postgres", "/nobodys"), "there is no database at `127.0.0.1:"),
        (url.replace(Postgres::password(), "hunter2"), "does not let the user `stand` in"),
    ] {
        let place = Place::with(&format!(
            "store = \"{url}\"\ninstance = \"a\"\n[[upstream]]\nname = \"p\"\nprofile = \"twocaptcha\"\n\
             origin = \"http://127.0.0.1:19009\"\nsecret = {{ file = \"real.key\" }}\n"
        ))?;
        let (code, said) = place.refusal(&["serve"])?;
        assert!(code == 1 && said.contains(says), "{said}");
        assert!(!said.contains("hunter2") && !said.contains(Postgres::password()), "{said}");
    }
    Ok(())
}
