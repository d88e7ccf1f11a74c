//! The audit log, as an operator has it: whole after crashes, and loud when touched.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Setup, Stand, call, poll, run, submission};

fn verify(stand: &Stand) -> Result<(bool, Value)> {
    let folder = stand.audit().display().to_string();
    let output = run(&["audit", "verify", &folder, "--json"], "")?;
    let told = serde_json::from_slice(&output.stdout).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok((output.status.success(), told))
}

/// A log with a few paid calls, closed in order.
fn written() -> Result<Stand> {
    let mut stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    for _ in 0..4 {
        let bought = call(stand.at, &submission(&key))?;
        call(stand.at, &poll(&key, bought.task().context("refused")?))?;
    }
    stand.gate.stop()?;
    Ok(stand)
}

#[test]
fn au_01_every_arrival_and_every_act_has_its_lines() -> Result<()> {
    let stand = written()?;
    let lines = stand.lines("")?;
    let count = |action: &str| lines.iter().filter(|line| line.pointer("/event/action") == Some(&json!(action))).count();
    assert_eq!((count("intent"), count("outcome"), count("settle"), count("request")), (4, 4, 4, 4));
    assert_eq!((count("key_create"), count("process_start"), count("process_drain"), count("process_stop")), (2, 1, 1, 1));
    let (whole, told) = verify(&stand)?;
    assert!(whole, "{told}");
    assert_eq!(told.get("unsealed"), Some(&json!(0)));
    Ok(())
}

#[test]
fn au_04_one_byte_changed_names_its_line_and_a_cut_tail_is_noticed() -> Result<()> {
    let stand = written()?;
    let file = fs::read_dir(stand.audit())?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension().is_some_and(|kind| kind == "jsonl")
                && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('w'))
        })
        .max_by_key(|path| fs::metadata(path).map_or(0, |data| data.len()))
        .context("no lane")?;
    let name = file.file_name().context("no name")?.to_string_lossy().into_owned();
    let whole = fs::read_to_string(&file)?;
    let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    let third = lines.get_mut(2).context("too short")?;
    *third = third.replacen("\"kind\":\"event\"", "\"kind\":\"evenT\"", 1);
    fs::write(&file, lines.join("\n") + "\n")?;
    let (ok, told) = verify(&stand)?;
    assert!(!ok);
    assert_eq!((told.pointer("/findings/0/file"), told.pointer("/findings/0/line")), (Some(&json!(name)), Some(&json!(3))), "{told}");

    let shorter: Vec<&str> = whole.lines().collect();
    fs::write(&file, shorter.get(..shorter.len() - 1).context("too short")?.join("\n") + "\n")?;
    let (ok, told) = verify(&stand)?;
    assert!(!ok, "{told}");
    fs::write(&file, whole)?;
    assert!(verify(&stand)?.0);
    Ok(())
}

#[test]
fn a_log_that_is_taken_away_while_it_is_written_is_noticed_and_goes_on_elsewhere() -> Result<()> {
    let mut stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["5/day"] }))?;
    for _ in 0..6 {
        assert!(call(stand.at, &submission(&key))?.task().is_some());
    }
    for worker in ["w0-1.jsonl", "w1-1.jsonl"] {
        let _ = fs::remove_file(stand.audit().join(worker));
    }
    std::thread::sleep(Duration::from_millis(2_500));
    assert!(call(stand.at, &submission(&key))?.task().is_some());
    stand.gate.stop()?;
    assert!(!stand.lines("journal_file_gone")?.is_empty());
    assert!(!verify(&stand)?.0, "what was taken away is missed");
    Ok(())
}

#[test]
fn bu_22_under_power_durability_a_call_is_on_the_disk_before_it_is_sent() -> Result<()> {
    let mut stand = Stand::with(Setup { more: "[audit]\ndurability = \"power\"\n", ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["0.50/day"] }))?;
    let callers: Vec<_> = (0..40)
        .map(|_| {
            let (at, target) = (stand.at, submission(&key));
            std::thread::spawn(move || call(at, &target))
        })
        .collect();
    let bought = callers.into_iter().filter_map(|caller| caller.join().ok()?.ok()).filter(|answer| answer.task().is_some()).count();
    assert_eq!(bought, 5);
    stand.kill_and_restart()?;
    assert_eq!(call(stand.at, &format!("/res.php?key={key}&action=getbalance"))?.body, "0");
    Ok(())
}
