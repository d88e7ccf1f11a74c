//! The real key in no byte that leaves: the provider reflects it in every way it can, then every place is searched.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tollgate_tests::{Search, Setup, Stand, call, poll, run, submission};

#[test]
fn se_01_05_i4_the_real_key_leaves_in_no_form_however_it_is_reflected_and_however_much_is_logged() -> Result<()> {
    let environment = &[("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full"), ("TOLLGATE_LOG", "trace")];
    let stand = Stand::with(Setup { environment, ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["100/day"] }))?;
    let mut seen = Search::default();
    let bought = call(stand.at, &submission(&key))?;
    let task = bought.task().context("refused")?.to_owned();
    for way in ["raw", "percent", "json", "hex", "base64", "base64_1", "base64_2"] {
        for place in ["body", "header", "set_cookie", "location", "refresh", "link"] {
            stand.mode(&json!({ "outcome": "reflect_key", "reflect_as": way, "reflect_in": place }))?;
            let submitted = call(stand.at, &submission(&key))?;
            seen.answer(format!("a submission, {way} in {place}"), &submitted);
            let polled = call(stand.at, &poll(&key, &task))?;
            seen.answer(format!("a poll, {way} in {place}"), &polled);
            assert!(polled.body == "CAPCHA_NOT_READY" || polled.body.starts_with("OK|"), "{way} in {place}: {}", polled.body);
            if place == "body" {
                assert_eq!(submitted.body, "ERROR_TOLLGATE_OUTCOME_UNKNOWN", "{way}");
            }
        }
    }
    for mode in [
        json!({ "outcome": "redirect" }),
        json!({ "outcome": "http_500" }),
        json!({ "outcome": "garbage" }),
        json!({ "outcome": "wrong_key" }),
    ] {
        stand.mode(&mode)?;
        seen.answer(mode.to_string(), &call(stand.at, &submission(&key))?);
    }
    stand.mode(&json!({ "outcome": "ok", "drop": "mid_answer" }))?;
    seen.answer("a cut answer", &call(stand.at, &submission(&key))?);
    stand.mode(&json!({ "drop": "none" }))?;
    seen.answer("the real key itself", &call(stand.at, &submission(&stand.real_key))?);
    std::thread::sleep(Duration::from_millis(1_200));
    assert!(stand.lines("leak_withheld")?.len() >= 7, "somebody is woken");
    everything(stand, seen, &key)
}

/// What operators read, what the processes printed, what lies on the disk, what the kernel shows.
fn everything(mut stand: Stand, mut seen: Search, key: &str) -> Result<()> {
    for path in
        ["/v1/keys", "/v1/keys/shop", "/v1/upstreams", "/v1/usage", "/v1/doctor", "/v1/audit/tail?n=1000", "/metrics", "/openapi.json"]
    {
        seen.answer(path, &stand.admin("GET", path, None)?);
    }
    let state = stand.state().display().to_string();
    for words in [&["key", "list"][..], &["usage"], &["audit", "tail", "-n", "1000"], &["doctor"], &["audit", "verify"]] {
        for form in [&[][..], &["--json"]] {
            let output = run(&[&["--state", &state], words, form].concat(), "")?;
            seen.add(format!("{words:?}"), [output.stdout, output.stderr].concat());
        }
    }
    for file in ["cmdline", "environ", "status"] {
        seen.add(format!("/proc/{file}"), fs::read(format!("/proc/{}/{file}", stand.gate.id())).unwrap_or_default());
    }
    stand.gate.stop()?;
    seen.add("what the gate printed", stand.gate.printed());
    seen.files(stand.folder(), "real.key")?;
    assert!(seen.places() > 100, "too little was searched");
    assert_eq!(seen.hits(&stand.real_key), Vec::<String>::new());
    let mut disk = Search::default();
    disk.files(stand.folder(), "real.key")?;
    assert_eq!(disk.hits(key), Vec::<String>::new(), "a virtual key is stored as a keyed hash alone");
    // the search itself can fail: the provider was sent the key, so its own record has it
    let mut provider = Search::default();
    provider.answer("what the provider received", &call(stand.provider, "/_sandbox/requests")?);
    assert!(!provider.hits(&stand.real_key).is_empty(), "the search finds nothing anywhere");
    Ok(())
}
