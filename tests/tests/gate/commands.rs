//! The command line against a running gate, as a person and a script use it.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Stand, call, run, submission};

/// A verb on this stand's gate: exit code, stdout, stderr.
fn tollgate(stand: &Stand, words: &[&str], input: &str) -> Result<(i32, String, String)> {
    let state = stand.state().display().to_string();
    let all = [&["--state", &state], words].concat();
    let output = run(&all, input)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr)))
}

fn ok(stand: &Stand, words: &[&str]) -> Result<String> {
    let (code, out, err) = tollgate(stand, words, "")?;
    assert_eq!(code, 0, "{words:?}: {err}");
    Ok(out)
}

fn json_of(stand: &Stand, words: &[&str]) -> Result<Value> {
    Ok(serde_json::from_str(&ok(stand, &[words, &["--json"]].concat())?)?)
}

#[test]
fn id_17_a_key_is_printed_once_and_stands_nowhere_else() -> Result<()> {
    let stand = Stand::new()?;
    let words =
        ["key", "create", "checkout", "--allow", "127.0.0.0/8", "--cap", "25/day", "--cap", "400/month Europe/Berlin", "--rate", "60/min"];
    let printed = ok(&stand, &words)?;
    let key = printed.trim();
    assert!(key.starts_with("tgk_") && key.len() == 32 && printed.lines().count() == 1, "{printed}");
    assert!(call(stand.at, &submission(key))?.task().is_some());
    for words in [&["key", "list"][..], &["key", "show", "checkout"], &["audit", "tail", "-n", "100"], &["usage"], &["team", "list"]] {
        for json in [false, true] {
            let words = if json { [words, &["--json"]].concat() } else { words.to_vec() };
            assert!(!ok(&stand, &words)?.contains(key), "{words:?}");
        }
    }
    let shown = json_of(&stand, &["key", "show", "checkout"])?;
    assert_eq!(shown.pointer("/limits/0/used"), Some(&json!("0.100000000")));
    Ok(())
}

#[test]
fn a_key_that_nothing_bounds_is_refused_unless_said_aloud() -> Result<()> {
    let stand = Stand::new()?;
    let (code, _, err) = tollgate(&stand, &["key", "create", "a", "--allow", "any"], "")?;
    assert!(code == 1 && err.contains("--cap none"), "{err}");
    let (code, _, err) = tollgate(&stand, &["key", "create", "a", "--cap", "1/day"], "")?;
    assert!(code == 1 && err.contains("--allow any"), "{err}");
    ok(&stand, &["key", "create", "a", "--cap", "none", "--allow", "any"])?;
    let (code, _, err) = tollgate(&stand, &["key", "create", "b", "--cap", "1/dya", "--allow", "300.1.1.1", "--expires", "soon"], "")?;
    assert!(code == 1 && ["caps", "allow", "expires"].iter().all(|word| err.contains(word)), "every mistake at once: {err}");
    Ok(())
}

#[test]
fn a_leak_at_three_in_the_morning_is_traced_and_ended() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("checkout", json!({ "caps": ["1/day"] }))?;
    call(stand.at, &submission(&key))?;
    std::thread::sleep(std::time::Duration::from_millis(800));
    let (code, out, err) = tollgate(&stand, &["trace", "-", "--json"], &format!("{key}\n"))?;
    assert_eq!(code, 0, "{err}");
    let told: Value = serde_json::from_str(&out)?;
    assert_eq!(
        (told.get("kind"), told.get("key"), told.get("live")),
        (Some(&json!("virtual")), Some(&json!("checkout")), Some(&json!(true)))
    );
    assert_eq!((told.get("spent"), told.pointer("/used_from/0/ip")), (Some(&json!("0.100000000")), Some(&json!("127.0.0.1"))));
    let fresh = ok(&stand, &["key", "rotate", "checkout", "--now"])?;
    assert_eq!(call(stand.at, &submission(&key))?.denied(), Some("unauthenticated"));
    assert!(call(stand.at, &submission(fresh.trim()))?.task().is_some());
    let (_, out, _) = tollgate(&stand, &["trace", "-"], &stand.real_key)?;
    assert!(out.contains("REAL key"), "{out}");
    let (code, _, err) = tollgate(&stand, &["trace", &key], "")?;
    assert!(code == 2 && !err.contains(&key), "a secret is never an argument: {err}");
    Ok(())
}

#[test]
fn a_refusal_is_explained_to_the_operator_and_to_the_caller() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("checkout", json!({ "caps": ["0.10/day"] }))?;
    call(stand.at, &submission(&key))?;
    let refused = call(stand.at, &submission(&key))?;
    std::thread::sleep(std::time::Duration::from_millis(800));
    let story = ok(&stand, &["explain", refused.id()])?;
    assert!(story.contains("checkout") && story.contains("cap_reached"), "{story}");
    let supposed = json_of(&stand, &["explain", "--key", "checkout", "--from", "10.1.2.3"])?;
    assert_eq!((supposed.get("decision"), supposed.get("denied_by")), (Some(&json!("denied")), Some(&json!("network_denied"))));
    assert_eq!(supposed.pointer("/factors/allowance"), Some(&json!("no")));
    let gate = format!("http://{}", stand.at);
    let (code, out, err) = tollgate(&stand, &["why", "--gate", &gate, "--json"], &key)?;
    assert_eq!(code, 0, "{err}");
    let me: Value = serde_json::from_str(&out)?;
    assert_eq!((me.get("key"), me.pointer("/refusals/0/code")), (Some(&json!("checkout")), Some(&json!("cap_reached"))));
    let (code, _, _) = tollgate(&stand, &["why", "--gate", &gate], "tgk_0000000000000000000000000000")?;
    assert_eq!(code, 1);
    Ok(())
}

#[test]
fn teams_share_usage_adds_up_and_the_doctor_finds_what_is_wrong() -> Result<()> {
    let stand = Stand::new()?;
    ok(&stand, &["team", "create", "crew", "--cap", "0.20/day"])?;
    let key = ok(&stand, &["key", "create", "a", "--team", "crew", "--cap", "10/day", "--allow", "127.0.0.1/32"])?;
    let bought = (0..4).filter(|_| call(stand.at, &submission(key.trim())).is_ok_and(|answer| answer.task().is_some())).count();
    assert_eq!(bought, 2);
    let usage = json_of(&stand, &["usage", "--by", "team"])?;
    assert_eq!((usage.pointer("/rows/0/team"), usage.pointer("/total/held")), (Some(&json!("crew")), Some(&json!("0.200000000"))));
    assert!(ok(&stand, &["team", "show", "crew"])?.contains("$0.20"));
    assert!(ok(&stand, &["doctor"])?.contains("nothing is wrong"));
    std::fs::remove_file(stand.folder().join("real.key"))?;
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    let (code, out, _) = tollgate(&stand, &["doctor"], "")?;
    assert!(code == 1 && out.contains("fix:"), "{out}");
    Ok(())
}

#[test]
fn without_a_gate_the_exit_is_three_with_a_hint() -> Result<()> {
    let output = run(&["--state", "/nowhere/at/all", "key", "list"], "")?;
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.contains("hint:"), "{err}");
    let usage = run(&["key", "create"], "")?;
    assert_eq!(usage.status.code().context("no code")?, 2);
    Ok(())
}
