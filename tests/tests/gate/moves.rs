//! An installation with a store of its own becomes one of several gates: what was bought, what is open and what is left goes with it.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tollgate_model::Money;
use tollgate_tests::{Postgres, Setup, Stand, call, poll, run, submission};

/// Lets a stand's configuration name the database.
fn name_the_database(stand: &Stand, url: &str) -> Result<()> {
    let file = stand.folder().join("tollgate.toml");
    let before = fs::read_to_string(&file)?;
    Ok(fs::write(&file, format!("store = \"{url}\"\ninstance = \"a\"\n{before}"))?)
}

/// What `tollgate store copy` says: its exit code, stdout and stderr.
fn copy(stand: &Stand, words: &[&str]) -> Result<(i32, String, String)> {
    let file = stand.folder().join("tollgate.toml").display().to_string();
    let output = run(&[&["store", "copy", "-c", &file], words].concat(), "")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().context("it was ended by a signal")?, text(&output.stdout), text(&output.stderr)))
}

fn copied(stand: &Stand, words: &[&str]) -> Result<Value> {
    let (code, out, err) = copy(stand, &[words, &["--json"]].concat())?;
    ensure!(code == 0, "{code}: {out}{err}");
    Ok(serde_json::from_str(&out)?)
}

/// What the gate says was used, without the clock's part in it.
fn usage(stand: &Stand) -> Result<Value> {
    stand.ask("GET", "/v1/usage?by=key&since=2d", None)
}

fn key(stand: &Stand, name: &str) -> Result<Value> {
    stand.ask("GET", &format!("/v1/keys/{name}"), None)
}

#[test]
fn what_a_gate_had_bought_and_what_it_still_may_is_the_same_on_the_database_it_is_copied_to() -> Result<()> {
    let mut stand = Stand::new()?;
    stand.ask("POST", "/v1/teams", Some(&json!({ "name": "research", "caps": ["5/day"] })))?;
    let capped = stand.key("capped", json!({ "caps": ["1/day"], "team": "research" }))?;
    let rolling = stand.key("rolling", json!({ "caps": ["0.40/24h"] }))?;
    let gone = stand.key("gone", json!({ "caps": ["1/day"] }))?;
    let raise = json!({ "cap": "1.20/day", "until": "4h", "reason": "a test" });
    stand.ask("POST", "/v1/keys/capped/raise", Some(&raise))?;
    stand.ask("POST", "/v1/keys/gone/revoke", Some(&json!({})))?;
    let buy = |stand: &Stand, key: &str| -> Result<Option<String>> { Ok(call(stand.at, &submission(key))?.task().map(ToOwned::to_owned)) };
    let fetched = buy(&stand, &capped)?.context("no task")?;
    ensure!(call(stand.at, &poll(&capped, &fetched))?.body.starts_with("OK|"));
    let open = buy(&stand, &capped)?.context("no task")?;
    for _ in 0..2 {
        buy(&stand, &rolling)?.context("no task")?;
    }
    stand.mode(&json!({ "drop": "after_read" }))?;
    ensure!(buy(&stand, &capped)?.is_none(), "of unknown outcome");
    stand.mode(&json!({ "drop": "none" }))?;

    let server = Postgres::start()?;
    name_the_database(&stand, &server.url())?;
    let (code, _, said) = copy(&stand, &[])?;
    ensure!(code == 1 && said.contains("another process uses the state folder"), "{code}: {said}");
    let (before, capped_before) = (usage(&stand)?, key(&stand, "capped")?);
    stand.gate.stop()?;

    let would = copied(&stand, &["--dry-run"])?;
    for (name, count) in [("keys", 3), ("revoked", 1), ("teams", 1), ("holds", 5), ("unknown", 1), ("tasks", 4)] {
        assert_eq!(would.get(name), Some(&json!(count)), "{name}: {would}");
    }
    let nothing = "DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'tollgate'); END $$";
    server.execute(nothing).context("a dry run writes nothing")?;
    let done = copied(&stand, &[])?;
    assert_eq!(would.get("settled"), done.get("settled"));
    ensure!(!stand.state().join("tollgate.db").exists() && stand.state().join("tollgate.db.copied").exists());
    let (code, _, said) = copy(&stand, &[])?;
    ensure!(code == 1 && said.contains("there is no store at"), "{said}");
    fs::rename(stand.state().join("tollgate.db.copied"), stand.state().join("tollgate.db"))?;
    for words in [&["--dry-run"][..], &[]] {
        let (code, _, said) = copy(&stand, words)?;
        ensure!(code == 1 && said.contains("has keys or a book already") && !said.contains(Postgres::password()), "{said}");
    }

    stand.restart()?;
    assert_eq!(usage(&stand)?, before);
    assert_eq!(key(&stand, "capped")?, capped_before, "its terms, its raise, its use");
    assert!(call(stand.at, &poll(&capped, &open))?.body.starts_with("OK|"), "an open task is fetched");
    assert!(call(stand.at, &poll(&capped, &fetched))?.body.starts_with("OK|"), "and one that was fetched before");
    assert_eq!(call(stand.at, &submission(&gone))?.denied(), Some("unauthenticated"));
    let unknown = stand.ask("GET", "/v1/books/unknown", None)?;
    assert_eq!(unknown.pointer("/unknown").and_then(Value::as_array).map(Vec::len), Some(1), "{unknown}");

    // another gate joins, and both spend what is left: twelve of the raised cap were to be had, three are spent
    let top = format!("store = \"{}\"\ninstance = \"b\"", server.url());
    let other = Stand::with(Setup { top: &top, origin: Some(stand.provider), ..Setup::default() })?;
    stand.mode(&json!({ "keys": [stand.real_key, other.real_key] }))?;
    let mut bought = (0, 0);
    for gate in [&stand, &other].into_iter().cycle().take(24) {
        bought.0 += usize::from(buy(gate, &capped)?.is_some());
        bought.1 += usize::from(buy(gate, &rolling)?.is_some());
    }
    assert_eq!(bought, (9, 2));
    Ok(())
}

#[test]
fn what_a_gate_that_was_killed_had_only_in_its_journal_comes_after_the_copy() -> Result<()> {
    let mut stand = Stand::new()?;
    let key = stand.key("cap", json!({ "caps": ["1/day"] }))?;
    for _ in 0..7 {
        ensure!(call(stand.at, &submission(&key))?.task().is_some());
    }
    // before the book is told
    stand.gate.kill()?;
    let server = Postgres::start()?;
    name_the_database(&stand, &server.url())?;
    copied(&stand, &[])?;
    stand.restart()?;
    let bought = (0..10).filter(|_| call(stand.at, &submission(&key)).is_ok_and(|answer| answer.task().is_some())).count();
    assert_eq!(bought, 3);
    assert_eq!(stand.charged()?, Money::parse("1")?);
    Ok(())
}

#[test]
fn a_copy_that_cannot_be_made_is_refused_in_a_sentence_and_changes_neither_side() -> Result<()> {
    let mut stand = Stand::new()?;
    stand.key("one", json!({ "caps": ["1/day"] }))?;
    stand.gate.stop()?;
    let (code, _, said) = copy(&stand, &[])?;
    ensure!(code == 2 && said.contains("`store` in the configuration names no database") && said.contains("hint:"), "{said}");
    let server = Postgres::start()?;
    name_the_database(&stand, &server.url())?;
    let file = stand.folder().join("tollgate.toml");
    let right = fs::read_to_string(&file)?;
    let begin = "CREATE SCHEMA tollgate; CREATE TABLE tollgate.meta (one int";
    for (prepare, url, says) in [
        ("", server.url().replace("/postgres", "/nobodys"), "there is no database at"),
        ("", server.url().replace(Postgres::password(), "hunter2"), "does not let the user `stand` in"),
        (&format!("{begin})"), server.url(), "belongs to another program: let the store's URL name another database"),
        (
            &format!("{begin}, program text, schema int); INSERT INTO tollgate.meta VALUES (1, 'TGBK', 99)"),
            server.url(),
            "was written by a newer version (schema 99",
        ),
    ] {
        server.execute(&format!("DROP SCHEMA IF EXISTS tollgate CASCADE; {prepare}"))?;
        fs::write(&file, right.replace(&server.url(), &url))?;
        for words in [&["--dry-run"][..], &[]] {
            let (code, out, said) = copy(&stand, words)?;
            ensure!(code == 1 && said.contains(says) && out.is_empty(), "{says}: {out}{said}");
            ensure!(!said.contains("hunter2") && !said.contains(Postgres::password()), "{said}");
        }
    }
    server.execute("DROP SCHEMA tollgate CASCADE")?;
    fs::write(&file, &right)?;
    copied(&stand, &[])?;
    Ok(())
}
