//! Dialect v2 as callers speak it at Anti-Captcha and at `CapSolver`: what works, what is refused, and what never leaves.

mod money;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::task::{Caller, task};
use tollgate_tests::{JSON, Setup, Stand, call, post};

const RECAPTCHA: &str = "RecaptchaV2TaskProxyless";
const FAMILIES: [(&str, &str); 2] = [("anticaptcha", RECAPTCHA), ("capsolver", "ReCaptchaV2TaskProxyLess")];

fn stand(profile: &str) -> Result<Stand> {
    Stand::with(Setup { profile, ..Setup::default() })
}

/// A gate in front of Anti-Captcha, and a caller with a key that may spend a dollar a day.
fn shop() -> Result<(Stand, Caller)> {
    let stand = stand("anticaptcha")?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let caller = Caller::new(stand.at, &key);
    Ok((stand, caller))
}

/// Every body that the provider received, and every header.
fn received(stand: &Stand) -> Result<String> {
    use base64::Engine;
    let decode = |entry: &Value| -> Option<String> {
        let raw = base64::engine::general_purpose::STANDARD.decode(entry.get("raw_base64")?.as_str()?).ok()?;
        Some(String::from_utf8_lossy(&raw).into_owned())
    };
    stand.received()?.iter().map(|entry| decode(entry).context("no bytes")).collect()
}

#[test]
fn anti_captchas_calls_are_answered_and_the_provider_sees_the_real_key_alone() -> Result<()> {
    let (stand, caller) = shop()?;
    let id = caller.buy(RECAPTCHA)?;
    assert!(id.is_u64(), "{id}");
    let answer = caller.poll(&id)?;
    assert_eq!((answer.at("status"), answer.at("cost"), answer.at("ip")), (&json!("ready"), &json!("0.100000"), &json!("")));
    assert!(answer.at("solution/gRecaptchaResponse").as_str().is_some_and(|token| token.len() > 400), "{}", answer.page);
    // numbers as strings are as good
    assert_eq!(caller.poll(&json!(id.to_string()))?.page, answer.page);
    assert_eq!(caller.ask("/reportIncorrectRecaptcha", json!({ "taskId": id }))?.page, json!({ "errorId": 0, "status": "success" }));
    assert_eq!(caller.ask("/reportCorrectRecaptcha", json!({ "taskId": id }))?.refusal(), (None, 1, "ERROR_DUPLICATE_REPORT"));
    assert_eq!(caller.balance()?, "0.9");
    let seen = received(&stand)?;
    assert!(seen.contains(&format!(r#"{{"clientKey":"{}","task":{{"type":"{RECAPTCHA}","#, stand.real_key)), "{seen}");
    assert!(!seen.contains("tgk_") && !seen.contains("getBalance") && !seen.contains("Authorization"), "{seen}");
    let verified = tollgate_audit::verify(&stand.audit());
    assert!(verified.is_ok(), "{:?}", verified.err());
    Ok(())
}

#[test]
fn capsolvers_uuids_its_two_places_of_the_key_and_its_answers_at_once() -> Result<()> {
    let stand = stand("capsolver")?;
    let key = stand.key("shop", json!({ "caps": ["1/day"], "concurrency": 1 }))?;
    let caller = Caller::bearer(stand.at, &key);
    let id = caller.buy("ReCaptchaV2TaskProxyLess")?;
    assert_eq!(id.as_str().map(str::len), Some(36), "{id}");
    assert!(caller.poll(&id)?.at("solution/gRecaptchaResponse").is_string());
    assert_eq!(caller.ask("/feedbackTask", json!({ "taskId": id, "result": { "invalid": true } }))?.at("status"), "success");
    // an image is solved at once: it is paid for, no longer open, and its owner's by its id
    for _ in 0..2 {
        let image = caller.ask("/createTask", task("ImageToTextTask"))?;
        assert_eq!((image.at("status"), image.at("solution/text").is_string()), (&json!("ready"), true), "{}", image.page);
        assert_eq!(caller.poll(image.at("taskId"))?.at("solution"), image.at("solution"));
    }
    assert_eq!(caller.balance()?, "0.7");
    assert_eq!(stand.charged()?, tollgate_model::Money::parse("0.30")?);
    let seen = received(&stand)?;
    assert!(seen.contains(&format!("Authorization: Bearer {}", stand.real_key)), "{seen}");
    assert!(!seen.contains("tgk_"));
    Ok(())
}

#[test]
fn two_keys_that_differ_are_one_request_in_two_ways() -> Result<()> {
    let stand = stand("capsolver")?;
    let (one, other) = (stand.key("one", json!({ "caps": ["1/day"] }))?, stand.key("other", json!({ "caps": ["1/day"] }))?);
    let mut caller = Caller::new(stand.at, &one);
    for header in [format!("Bearer {other}"), "Bearer x".to_owned(), format!("Basic {one}")] {
        caller.headers = format!("{JSON}Authorization: {header}\r\n");
        let said = caller.ask("/createTask", task("ReCaptchaV2TaskProxyLess"))?;
        assert_eq!(said.refusal(), (Some("ambiguous_request"), 110, "ERROR_BAD_PARAMETERS"), "{header}");
    }
    assert!(stand.received()?.is_empty());
    Ok(())
}

#[test]
fn pc_16_pc_17_pc_19_pc_20_what_can_be_read_in_two_ways_sends_nothing() -> Result<()> {
    let (stand, caller) = shop()?;
    let key = stand.key("second", json!({ "caps": ["1/day"] }))?;
    let given = format!(r#""task":{{"type":"{RECAPTCHA}","websiteKey":"k"}}"#);
    let deep = format!(r#"{{"clientKey":"{key}","task":{{"type":"{RECAPTCHA}","a":{}1{}}}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for (body, code) in [
        (format!(r#"{{"clientKey":"{key}","clientKey":"x",{given}}}"#), "ambiguous_request"),
        (format!(r#"{{"clientKey":"{key}","client\u004bey":"x",{given}}}"#), "ambiguous_request"),
        (format!(r#"{{"clientKey":"{key}","ClientKey":"x",{given}}}"#), "ambiguous_request"),
        (format!(r#"{{"clientKey":"{key}",{given},{given}}}"#), "ambiguous_request"),
        (format!(r#"{{"clientKey":"{key}","task":{{"type":"ImageToTextTask","type":"{RECAPTCHA}"}}}}"#), "ambiguous_request"),
        (format!(r#"{{"clientKey":"{key}","task":{{"type":"{RECAPTCHA}","Type":"ImageToTextTask"}}}}"#), "ambiguous_request"),
        (format!(r#"{{"clientKey":"{key}","task":{{"type":"{RECAPTCHA}","clientKey":"x"}}}}"#), "ambiguous_request"),
        (format!(r#"{{"clientKey":"{key}","task":{{"type":"{RECAPTCHA}","api_key":"x"}}}}"#), "ambiguous_request"),
        (format!(r#"{{"clientKey":"{key}","task":{{"type":"{RECAPTCHA}","x":"{key}"}}}}"#), "ambiguous_request"),
        (format!(r#"{{"clientKey":{{"$ne":1}},{given}}}"#), "malformed"),
        (format!(r#"{{"clientKey":["{key}"],{given}}}"#), "malformed"),
        (format!(r#"{{"clientKey":"{key}",{given},"amount":1}}"#), "malformed"),
        (format!(r#"{{"clientKey":"{key}",{given}}} "#).repeat(2), "malformed"),
        (format!(r#"["{key}"]"#), "malformed"),
        (deep, "malformed"),
    ] {
        let said = caller.send("/createTask", &body)?;
        assert_eq!(said.refusal(), (Some(code), 110, "ERROR_BAD_PARAMETERS"), "{body:.300}");
        assert!(said.at("errorDescription").as_str().is_some_and(|text| text.contains(said.answer.id())), "{}", said.page);
    }
    assert!(stand.received()?.is_empty());
    Ok(())
}

#[test]
fn every_call_that_is_not_on_the_list_is_denied_and_no_money_moves() -> Result<()> {
    for (profile, _) in FAMILIES {
        let stand = stand(profile)?;
        let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
        let caller = Caller::new(stand.at, &key);
        for path in [
            "/sendFunds",
            "/test",
            "/getToken",
            "/getAppStats",
            "/getQueueStats",
            "/getSpendingStats",
            "/reportCorrect",
            "/in.php",
            "/res.php",
        ] {
            let said = caller.ask(path, json!({ "accountLogin": "a", "accountEmail": "b", "amount": 1 }))?;
            assert_eq!(said.refusal(), (Some("operation_denied"), 14, "ERROR_NO_SUCH_METHOD"), "{profile} {path}");
        }
        let get = call(stand.at, &format!("/getBalance?clientKey={key}"))?;
        assert_eq!(get.denied(), Some("malformed"));
        assert!(stand.received()?.is_empty());
        assert_eq!(stand.books()?["transfers"], json!([]));
    }
    Ok(())
}

#[test]
fn a_type_without_a_price_is_denied_by_its_name() -> Result<()> {
    let (stand, caller) = shop()?;
    for kind in ["HCaptchaTaskProxyless", "AnythingNew", "recaptchav2taskproxyless"] {
        let said = caller.ask("/createTask", task(kind))?;
        assert_eq!(said.refusal(), (Some("operation_denied"), 14, "ERROR_NO_SUCH_METHOD"));
        assert!(said.at("errorDescription").as_str().is_some_and(|text| text.contains(&format!("`{kind}`"))), "{}", said.page);
    }
    let images = stand.key("images", json!({ "caps": ["1/day"], "methods": ["ImageToTextTask"] }))?;
    let said = Caller::new(stand.at, &images).ask("/createTask", task(RECAPTCHA))?;
    assert_eq!(said.refusal(), (Some("operation_denied"), 14, "ERROR_NO_SUCH_METHOD"));
    let unknown =
        stand.admin("POST", "/v1/keys", Some(&json!({ "name": "x", "caps": ["1/day"], "allow": "any", "methods": ["AnythingNew"] })))?;
    assert!(unknown.status == 422 || unknown.status == 400, "{} {}", unknown.status, unknown.body);
    assert!(stand.received()?.is_empty());
    Ok(())
}

#[test]
fn eg_07_a_callback_goes_only_to_a_host_of_the_keys_list() -> Result<()> {
    let (stand, caller) = shop()?;
    let with = |caller: &Caller, url: Value| {
        let mut members = task(RECAPTCHA);
        members["callbackUrl"] = url;
        caller.ask("/createTask", members)
    };
    for url in ["https://evil.example/in", "https://hooks.example.com@evil.example/", "javascript:alert(1)", "//hooks.example.com/"] {
        assert_eq!(with(&caller, json!(url))?.refusal(), (Some("callback_denied"), 14, "ERROR_NO_SUCH_METHOD"), "{url}");
    }
    assert!(stand.received()?.is_empty());
    for none in [Value::Null, json!("")] {
        assert_eq!(with(&caller, none)?.at("errorId"), 0);
    }
    assert!(!received(&stand)?.contains("callbackUrl"));
    let key = stand.key("hooked", json!({ "caps": ["1/day"], "callbacks": ["hooks.example.com"] }))?;
    assert_eq!(with(&Caller::new(stand.at, &key), json!("https://hooks.example.com/a?b"))?.at("errorId"), 0);
    assert!(received(&stand)?.contains(r#""callbackUrl":"https://hooks.example.com/a?b"}"#));
    Ok(())
}

#[test]
fn eg_13_a_foreign_task_looks_exactly_like_one_that_nobody_has() -> Result<()> {
    for (profile, kind) in FAMILIES {
        let stand = stand(profile)?;
        let (owner, thief) = (stand.key("owner", json!({ "caps": ["9/day"] }))?, stand.key("thief", json!({ "caps": ["9/day"] }))?);
        let (owner, thief) = (Caller::new(stand.at, &owner), Caller::new(stand.at, &thief));
        let foreign = owner.buy(kind)?;
        let unknown = if profile == "anticaptcha" { json!(123) } else { json!("00000000-0000-4000-8000-000000000000") };
        let before = stand.received()?.len();
        let report = if profile == "anticaptcha" { "/reportIncorrectRecaptcha" } else { "/feedbackTask" };
        let look = |path: &str, id: &Value| {
            let more =
                if path == "/feedbackTask" { json!({ "taskId": id, "result": { "invalid": true } }) } else { json!({ "taskId": id }) };
            thief.ask(path, more)
        };
        for path in ["/getTaskResult", report] {
            let stolen = look(path, &foreign)?;
            assert_eq!(stolen.refusal(), (Some("not_owner"), 16, "ERROR_NO_SUCH_CAPCHA_ID"));
            assert_eq!(stolen.outside(), look(path, &unknown)?.outside(), "{profile} {path}");
        }
        assert_eq!(stand.received()?.len(), before, "nothing of it reached the provider");
        assert_eq!(owner.poll(&foreign)?.at("status"), "ready");
    }
    Ok(())
}

#[test]
fn i_14_whoever_cannot_prove_its_key_reads_the_same() -> Result<()> {
    let (stand, _) = shop()?;
    let revoked = stand.key("revoked", json!({ "caps": ["1/day"] }))?;
    stand.ask("POST", "/v1/keys/revoked/revoke", Some(&json!({})))?;
    let expired = stand.key("expired", json!({ "caps": ["1/day"], "expires": "1ms" }))?;
    let unknown = Caller::new(stand.at, "tgk_0000000000000000000000000000").ask("/createTask", task(RECAPTCHA))?;
    assert_eq!(unknown.refusal(), (Some("unauthenticated"), 1, "ERROR_KEY_DOES_NOT_EXIST"));
    for key in [&revoked, &expired, "", &stand.real_key] {
        assert_eq!(Caller::new(stand.at, key).ask("/createTask", task(RECAPTCHA))?.outside(), unknown.outside());
    }
    let nobody = tollgate_tests::Answer::parse(&tollgate_tests::exchange(stand.at, post("/getBalance", JSON, "{}").as_bytes())?)?;
    assert_eq!(nobody.denied(), Some("unauthenticated"));
    assert!(stand.received()?.is_empty());
    Ok(())
}

#[test]
fn i_04_an_answer_that_holds_the_real_key_is_withheld() -> Result<()> {
    for (profile, kind) in FAMILIES {
        let stand = stand(profile)?;
        let key = stand.key("shop", json!({ "caps": ["9/day"] }))?;
        let caller = Caller::new(stand.at, &key);
        let id = caller.buy(kind)?;
        for disguise in ["raw", "percent", "json", "hex", "base64", "base64_1"] {
            stand.mode(&json!({ "outcome": "reflect_key", "reflect_as": disguise }))?;
            let bought = caller.ask("/createTask", task(kind))?;
            assert_eq!(bought.refusal(), (None, 1, "ERROR_TOLLGATE_OUTCOME_UNKNOWN"), "{profile} {disguise}");
            let polled = caller.poll(&id)?;
            assert_eq!(polled.page, json!({ "errorId": 0, "status": "processing" }), "{profile} {disguise}");
            for said in [bought, polled] {
                assert!(!said.answer.body.to_lowercase().contains(&stand.real_key));
            }
        }
        stand.mode(&json!({ "outcome": "ok" }))?;
        assert_eq!(caller.poll(&id)?.at("status"), "ready", "the paid answer is there all the same");
    }
    Ok(())
}
