//! Starting, stopping, and what a person reads when something is wrong with the place.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Process, Stand, call, poll, run, submission};

fn refusal(arguments: &[&str]) -> Result<(i32, String)> {
    let output = run(arguments, "")?;
    Ok((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// A folder with a configuration that would serve.
fn folder() -> Result<(tempfile::TempDir, String)> {
    let folder = tempfile::TempDir::new()?;
    fs::write(folder.path().join("real.key"), "0123456789abcdef0123456789abcdef")?;
    fs::set_permissions(folder.path().join("real.key"), fs::Permissions::from_mode(0o600))?;
    let text = "state = \"state\"\n[[listener]]\naddress = \"127.0.0.1:0\"\nupstream = \"p\"\n[admin]\naddress = \"127.0.0.1:0\"\n\
                [[upstream]]\nname = \"p\"\nprofile = \"twocaptcha\"\norigin = \"http://127.0.0.1:19009\"\nsecret = { file = \"real.key\" }\n";
    fs::write(folder.path().join("tollgate.toml"), text)?;
    let file = folder.path().join("tollgate.toml").display().to_string();
    Ok((folder, file))
}

#[test]
fn ft_11_whoever_hears_that_a_process_is_ready_may_end_it_at_once() -> Result<()> {
    let (folder, file) = folder()?;
    let dev = folder.path().join("dev").display().to_string();
    let loose = "127.0.0.1:0";
    for words in [
        &["serve", "-c", &file][..],
        &["sandbox", "--listen", loose],
        &["--state", &dev, "dev", "--listen", loose, "--listen-tls", loose, "--admin", loose, "--sandbox", loose],
    ] {
        for _ in 0..5 {
            Process::start(words, &[])?.stop()?;
        }
    }
    Ok(())
}

#[test]
fn a_real_key_from_the_environment_is_sent_and_printed_nowhere() -> Result<()> {
    let stub = tollgate_tests::Stub::start()?;
    stub.say(tollgate_tests::Said::body(b"OK|70000001"));
    let place = tollgate_tests::Place::with(&format!(
        "state = \"state\"\n[[listener]]\naddress = \"127.0.0.1:0\"\nupstream = \"p\"\n[admin]\naddress = \"127.0.0.1:0\"\n\
         [[upstream]]\nname = \"p\"\nprofile = \"twocaptcha\"\norigin = \"http://{}\"\nsecret = {{ env = \"PROVIDER_KEY\" }}\n",
        stub.at
    ))?;
    let real = "a-real-key-from-the-environment";
    let gate = Process::start(&["serve", "-c", place.file()], &[("PROVIDER_KEY", real)])?;
    let made = tollgate_tests::unix(
        &place.path().join("state/admin.sock"),
        "POST",
        "/v1/keys",
        Some(&json!({ "name": "a", "caps": ["1/day"], "allow": ["127.0.0.1/32"] })),
    )?;
    let made: Value = serde_json::from_str(&made.body)?;
    let key = made.get("key").and_then(Value::as_str).context("no key")?;
    assert!(call(gate.address("gate")?, &submission(key))?.task().is_some());
    assert!(stub.heard().iter().all(|heard| heard.request.contains(real)));
    assert!(!gate.printed().contains(real));
    let checked = run(&["check", "-c", place.file()], "")?;
    assert!(String::from_utf8_lossy(&checked.stderr).contains("`PROVIDER_KEY`, which is not set here"));
    let (code, said) = place.refusal(&["check"])?;
    assert_eq!(code, 0, "{said}");
    Ok(())
}

#[test]
fn two_gates_do_not_share_a_state_folder() -> Result<()> {
    let (_folder, file) = folder()?;
    let _first = Process::start(&["serve", "-c", &file], &[])?;
    let (code, said) = refusal(&["serve", "-c", &file])?;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("state"), "{said}");
    Ok(())
}

#[test]
fn ad_01_the_admin_api_is_for_loopback_alone() -> Result<()> {
    let (_folder, file) = folder()?;
    let (code, said) = refusal(&["serve", "-c", &file, "--admin", "0.0.0.0:0"])?;
    assert!(code == 1 || code == 2, "{said}");
    assert!(said.contains("loopback"), "{said}");
    Ok(())
}

#[test]
fn ft_11_a_drain_finishes_what_is_in_flight_and_ends_well() -> Result<()> {
    let mut stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    stand.mode(&json!({ "latency_ms": 600 }))?;
    let (at, target) = (stand.at, submission(&key));
    let in_flight = std::thread::spawn(move || call(at, &target));
    std::thread::sleep(Duration::from_millis(200));
    let took = stand.gate.stop()?;
    let answer = in_flight.join().ok().context("the caller fell")??;
    assert!(answer.task().is_some(), "{}", answer.body);
    assert!(took < Duration::from_secs(5), "{took:?}");
    let verified = tollgate_audit::verify(&stand.audit());
    assert!(verified.is_ok(), "{:?}", verified.err());
    Ok(())
}

#[test]
fn a_restart_keeps_keys_money_and_owners() -> Result<()> {
    let mut stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["0.30/day"] }))?;
    let task = call(stand.at, &submission(&key))?.task().context("refused")?.to_owned();
    let took = stand.kill_and_restart()?;
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(call(stand.at, &poll(&key, &task))?.body.starts_with("OK|"));
    assert_eq!(call(stand.at, &format!("/res.php?key={key}&action=getbalance"))?.body, "0.2");
    let bought = (0..4).filter(|_| call(stand.at, &submission(&key)).is_ok_and(|answer| answer.task().is_some())).count();
    assert_eq!(bought, 2, "what is free after a crash can be spent, and no more");
    Ok(())
}

#[test]
fn a_missing_real_key_leaves_the_gate_up_and_not_ready() -> Result<()> {
    let (folder, file) = folder()?;
    fs::remove_file(folder.path().join("real.key"))?;
    let gate = Process::start(&["serve", "-c", &file], &[])?;
    let at = gate.address("gate")?;
    assert_eq!(call(at, "/healthz")?.status, 200);
    let ready = call(at, "/readyz")?;
    assert_eq!((ready.status, ready.body.as_str()), (503, "a real key is missing"));
    fs::write(folder.path().join("real.key"), "0123456789abcdef0123456789abcdef")?;
    fs::set_permissions(folder.path().join("real.key"), fs::Permissions::from_mode(0o600))?;
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(call(at, "/readyz")?.status, 200, "a key that appears is taken up by itself");
    Ok(())
}

#[test]
fn dev_prints_one_ready_line_and_its_key_works() -> Result<()> {
    let dev = Process::start(
        &["dev", "--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--sandbox", "127.0.0.1:0"],
        &[],
    )?;
    for member in ["gate", "gate_tls", "ca", "admin", "socket", "sandbox", "upstream", "key", "state"] {
        assert!(dev.ready.get(member).is_some_and(Value::is_string), "{member} is missing from {}", dev.ready);
    }
    let key = dev.ready.get("key").and_then(Value::as_str).context("no key")?;
    let at = dev.address("gate")?;
    let bought = call(at, &submission(key))?;
    let task = bought.task().context(bought.body.clone())?;
    assert!(call(at, &poll(key, task))?.body.starts_with("OK|"));
    let state = dev.ready.get("state").and_then(Value::as_str).context("no state")?.to_owned();
    drop(dev);
    let _ = fs::remove_dir_all(state);
    Ok(())
}
