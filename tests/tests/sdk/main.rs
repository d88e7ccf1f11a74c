//! The official SDKs, unmodified, holding only a virtual key: what works, and how each refusal arrives.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{Driver, Sdk, Setup, Stand};

/// A stand for an SDK with its driver; nothing if the SDK is not installed here.
fn stand(sdk: Sdk) -> Result<Option<(Stand, Driver, String)>> {
    let profile = if sdk == Sdk::CaptchaAi { "captchaai" } else { "twocaptcha" };
    let stand = Stand::with(Setup { profile, ..Setup::default() })?;
    let ca = stand.gate.ready.get("ca").and_then(Value::as_str).context("no CA")?.to_owned();
    let Some(driver) = Driver::start(sdk, Path::new(&ca))? else {
        eprintln!("skipped: the SDK is not installed; `./scripts/test.sh` installs it");
        return Ok(None);
    };
    let url = match sdk {
        Sdk::TwoCaptchaPython => format!("https://localhost:{}", stand.tls.port()),
        Sdk::CaptchaAi | Sdk::CaptchaSolver => format!("http://{}", stand.at),
    };
    Ok(Some((stand, driver, url)))
}

fn ok(answer: &Value) -> &Value {
    assert_eq!(answer.get("ok"), Some(&json!(true)), "{answer}");
    answer.get("value").unwrap_or(&Value::Null)
}

/// What of an exception a person reads.
fn words(answer: &Value) -> String {
    assert_eq!(answer.get("ok"), Some(&json!(false)), "{answer}");
    ["exception", "message", "code"].iter().filter_map(|name| answer.get(*name)?.as_str()).collect::<Vec<_>>().join(": ")
}

fn task(value: &Value) -> &Value {
    value.get("task").unwrap_or(&Value::Null)
}

#[test]
fn captchaai_solves_and_reads_each_refusal() -> Result<()> {
    let Some((stand, mut sdk, url)) = stand(Sdk::CaptchaAi)? else { return Ok(()) };
    let key = stand.key("shop", json!({ "caps": ["1/day"], "concurrency": 5 }))?;
    let ask = |scenario: &str, key: &str| json!({ "scenario": scenario, "base_url": url, "key": key });
    assert_eq!(ok(&sdk.play(&ask("construct", &key))?), "constructed");
    ok(&sdk.play(&ask("threads", &key))?);
    let solved = sdk.play(&ask("token", &key))?;
    assert!(ok(&solved).get("answer").and_then(Value::as_str).is_some_and(|answer| !answer.is_empty()), "{solved}");
    ok(&sdk.play(&ask("image", &key))?);

    let stranger = sdk.play(&ask("submit", "tgk_0000000000000000000000000000"))?;
    assert!(words(&stranger).contains("Auth") || words(&stranger).to_lowercase().contains("key"), "{stranger}");
    let abroad = stand.key("abroad", json!({ "allow": ["10.0.0.0/8"], "caps": ["1/day"] }))?;
    // its constructor asks threadsinfo, and reads any refusal but the key's as this
    assert!(words(&sdk.play(&ask("submit", &abroad))?).contains("thread"), "{abroad}");
    let capped = stand.key("capped", json!({ "caps": ["0.10/day"], "concurrency": 5 }))?;
    ok(&sdk.play(&ask("submit", &capped))?);
    let over = sdk.play(&ask("submit", &capped))?;
    assert!(words(&over).contains("ERROR_TOLLGATE_CAP_REACHED"), "{over}");
    let closed = stand.key("paused", json!({ "caps": ["1/day"], "concurrency": 5 }))?;
    stand.ask("POST", "/v1/keys/paused/pause", Some(&json!({ "reason": "stock-taking" })))?;
    assert!(words(&sdk.play(&ask("submit", &closed))?).contains("ERROR_TOLLGATE_PAUSED"));
    let foreign = json!({ "scenario": "poll", "base_url": url, "key": key, "task": "123456789" });
    words(&sdk.play(&foreign)?);
    // busy: it waits as its provider taught it, then goes on
    stand.mode(&json!({ "outcome": "no_slot" }))?;
    words(&sdk.play(&ask("submit", &key))?);
    Ok(())
}

#[test]
fn twocaptcha_python_over_tls_solves_reports_and_reads_each_refusal() -> Result<()> {
    let Some((stand, mut sdk, url)) = stand(Sdk::TwoCaptchaPython)? else { return Ok(()) };
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let ask = |scenario: &str, key: &str| json!({ "scenario": scenario, "base_url": url, "key": key });
    assert_eq!(ok(&sdk.play(&ask("balance", &key))?).as_f64().or(Some(1.0)), Some(1.0));
    let solved = sdk.play(&ask("token", &key))?;
    let bought = task(ok(&solved)).clone();
    ok(&sdk.play(&ask("image", &key))?);
    ok(&sdk.play(&ask("image_file", &key))?);
    ok(&sdk.play(&json!({ "scenario": "report_good", "base_url": url, "key": key, "task": bought }))?);

    assert!(words(&sdk.play(&ask("submit", "tgk_0000000000000000000000000000"))?).contains("ERROR_KEY_DOES_NOT_EXIST"));
    let abroad = stand.key("abroad", json!({ "allow": ["10.0.0.0/8"], "caps": ["1/day"] }))?;
    assert!(words(&sdk.play(&ask("submit", &abroad))?).contains("ERROR_IP_NOT_ALLOWED"));
    let capped = stand.key("capped", json!({ "caps": ["0.10/day"] }))?;
    ok(&sdk.play(&ask("submit", &capped))?);
    assert!(words(&sdk.play(&ask("submit", &capped))?).contains("ERROR_ZERO_BALANCE"));
    let methods = stand.key("methods", json!({ "caps": ["1/day"], "methods": ["base64"] }))?;
    assert!(words(&sdk.play(&ask("submit", &methods))?).contains("ERROR_TOLLGATE_OPERATION_DENIED"));
    let calling_back = json!({ "scenario": "submit", "base_url": url, "key": key, "callback": "https://evil.example/in" });
    words(&sdk.play(&calling_back)?);
    assert!(
        words(&sdk.play(&json!({ "scenario": "poll", "base_url": url, "key": key, "task": "123456789" }))?)
            .contains("ERROR_WRONG_CAPTCHA_ID")
    );
    Ok(())
}

#[test]
fn captcha_solver_for_node_solves_reports_and_reads_each_refusal() -> Result<()> {
    let Some((stand, mut sdk, url)) = stand(Sdk::CaptchaSolver)? else { return Ok(()) };
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let ask = |scenario: &str, key: &str| json!({ "scenario": scenario, "base_url": url, "key": key });
    ok(&sdk.play(&ask("balance", &key))?);
    let solved = sdk.play(&ask("token", &key))?;
    let bought = task(ok(&solved)).clone();
    ok(&sdk.play(&ask("image", &key))?);
    ok(&sdk.play(&json!({ "scenario": "report_bad", "base_url": url, "key": key, "task": bought }))?);

    assert!(words(&sdk.play(&ask("token", "tgk_0000000000000000000000000000"))?).contains("ERROR_KEY_DOES_NOT_EXIST"));
    let capped = stand.key("capped", json!({ "caps": ["0.10/day"] }))?;
    ok(&sdk.play(&ask("token", &capped))?);
    assert!(words(&sdk.play(&ask("token", &capped))?).contains("ERROR_ZERO_BALANCE"));
    assert!(
        words(&sdk.play(&json!({ "scenario": "poll", "base_url": url, "key": key, "task": "123456789" }))?)
            .contains("ERROR_WRONG_CAPTCHA_ID")
    );
    Ok(())
}
