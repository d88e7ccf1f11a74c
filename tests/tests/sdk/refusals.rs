//! Each refusal as each SDK's usual exception, and nothing of it at the provider.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tollgate_tests::Sdk;

use super::bench::{Bench, buy, ok, words};

/// A refusal by its code, a key that meets it, and what else the submission carries.
type Met = (&'static str, String, Value);

/// What a caller reads, by SDK: `captchaai`, `2captcha-python`, `@2captcha/captcha-solver`, and the two of dialect v2.
const READS: &[(&str, [&str; 4])] = &[
    ("unauthenticated", ["InvalidKeyError", NO_KEY, NO_KEY, NO_KEY]),
    ("revoked", ["InvalidKeyError", NO_KEY, NO_KEY, NO_KEY]),
    ("expired", ["InvalidKeyError", NO_KEY, NO_KEY, NO_KEY]),
    // its constructor asks `threadsinfo`, and reads any refusal there but the key's as this
    ("network_denied", ["threadsinfo response missing thread counts", NO_ADDRESS, NO_ADDRESS, NO_ADDRESS]),
    ("outside_hours", ["ERROR_TOLLGATE_OUTSIDE_HOURS"; 4]),
    ("not_yet_valid", ["ERROR_TOLLGATE_NOT_YET_VALID"; 4]),
    ("paused", ["ERROR_TOLLGATE_PAUSED"; 4]),
    ("cap_reached", ["ERROR_TOLLGATE_CAP_REACHED", "ERROR_ZERO_BALANCE", "ERROR_ZERO_BALANCE", "ERROR_ZERO_BALANCE"]),
    // it waits, as its provider taught it, for as long as it has patience
    ("rate_limited", ["ThreadLimitError", NO_SLOT, NO_SLOT, NO_SLOT]),
    ("concurrency_limited", ["ThreadLimitError", NO_SLOT, NO_SLOT, NO_SLOT]),
    ("operation_denied", [NO_OPERATION, NO_OPERATION, NO_OPERATION, NO_METHOD]),
    ("callback_denied", [NO_CALLBACK, NO_CALLBACK, NO_CALLBACK, NO_METHOD]),
    ("ambiguous_request", ["ValidationError", "ERROR_BAD_PARAMETERS", "ERROR_BAD_PARAMETERS", "ERROR_BAD_PARAMETERS"]),
    ("not_owner", ["Task ID not found", "ERROR_WRONG_CAPTCHA_ID", "ERROR_WRONG_CAPTCHA_ID", "ERROR_NO_SUCH_CAPCHA_ID"]),
    // nothing was sent, trouble of ours: submitting again is safe, and is what it does
    ("overloaded", ["Transient server error", NO_SLOT, NO_SLOT, NO_SLOT]),
    ("secret_unavailable", ["Transient server error", NO_SLOT, NO_SLOT, NO_SLOT]),
    ("outcome_unknown", ["ERROR_TOLLGATE_OUTCOME_UNKNOWN"; 4]),
    ("upstream_account", ["ERROR_TOLLGATE_UPSTREAM_ACCOUNT"; 4]),
    // the provider's own words; of CaptchaAI's, this one says that all threads of the plan are busy
    ("no slot", ["ThreadLimitError", NO_SLOT, NO_SLOT, NO_SLOT]),
    ("upstream_unreachable", ["Transient server error", NO_SLOT, NO_SLOT, NO_SLOT]),
];

const NO_KEY: &str = "ERROR_KEY_DOES_NOT_EXIST";
const NO_ADDRESS: &str = "ERROR_IP_NOT_ALLOWED";
const NO_SLOT: &str = "ERROR_NO_SLOT_AVAILABLE";
const NO_METHOD: &str = "ERROR_NO_SUCH_METHOD";
const NO_OPERATION: &str = "ERROR_TOLLGATE_OPERATION_DENIED";
const NO_CALLBACK: &str = "ERROR_TOLLGATE_CALLBACK_DENIED";

fn reads(sdk: Sdk, code: &str) -> &'static str {
    let [captchaai, python, node, v2] = READS.iter().find(|(name, _)| *name == code).map_or([""; 4], |(_, words)| *words);
    match sdk {
        Sdk::CaptchaAi => captchaai,
        Sdk::TwoCaptchaPython => python,
        Sdk::CaptchaSolver => node,
        Sdk::PythonAnticaptcha | Sdk::AnticaptchaOfficial | Sdk::Capsolver => v2,
    }
}

/// Keys that meet a refusal of the gate's own, whatever the provider would say.
fn met(bench: &Bench) -> Result<Vec<Met>> {
    let key = |name: &str, more: Value| {
        let mut terms = json!({ "caps": ["1/day"], "concurrency": 5 });
        if let (Some(terms), Value::Object(more)) = (terms.as_object_mut(), more) {
            terms.extend(more);
        }
        bench.stand.key(name, terms)
    };
    let act = |name: &str, verb: &str| bench.stand.ask("POST", &format!("/v1/keys/{name}/{verb}"), Some(&json!({})));
    let (capped, quick) = (key("capped", json!({ "caps": ["0.10/day"] }))?, key("quick", json!({ "rate": "1/min burst 1" }))?);
    for spent in [&capped, &quick] {
        bench.buy(spent)?;
    }
    let closed = json!({ "hours": bench.closed()? });
    let v2 = bench.sdk.speaks_v2();
    let url = "https://evil.example/in";
    let callback = if v2 { json!({ "callbackUrl": url }) } else { json!({ "pingback": url }) };
    let twofold = if v2 { json!({ "api_key": "x" }) } else { json!({ "token": "x" }) };
    let images = if v2 { "ImageToTextTask" } else { "base64" };
    let mut met = vec![
        ("unauthenticated", "tgk_0000000000000000000000000000".to_owned(), json!({})),
        ("revoked", key("revoked", json!({}))?, json!({})),
        ("expired", key("expired", json!({ "expires": "1ms" }))?, json!({})),
        ("network_denied", key("abroad", json!({ "allow": ["10.0.0.0/8"] }))?, json!({})),
        ("outside_hours", key("closed", closed)?, json!({})),
        ("not_yet_valid", key("early", json!({ "not_before": "30d" }))?, json!({})),
        ("paused", key("paused", json!({}))?, json!({})),
        ("cap_reached", capped, json!({})),
        ("rate_limited", quick, json!({})),
        ("operation_denied", key("images", json!({ "methods": [images] }))?, json!({})),
        ("callback_denied", key("caller", json!({}))?, callback),
        ("ambiguous_request", key("twofold", json!({}))?, twofold),
    ];
    // it names no callback
    met.retain(|(code, ..)| bench.sdk != Sdk::PythonAnticaptcha || *code != "callback_denied");
    act("revoked", "revoke")?;
    act("paused", "pause")?;
    Ok(met)
}

/// Every refusal, in an order in which one does not stand in the way of the next.
fn each_refusal_arrives(sdk: Sdk) -> Result<()> {
    let Some(mut bench) = Bench::new(sdk)? else { return Ok(()) };
    let met = met(&bench)?;
    let before = bench.stand.received()?.len();
    for (code, key, params) in met {
        let said = bench.refused(&key, &params)?;
        bench.meets(code, &said);
    }
    let shop = bench.stand.key("shop", json!({ "caps": ["9/day"], "concurrency": 5 }))?;
    let foreign = words(&bench.play("poll", &shop, json!({ "task": "123456789" }))?);
    bench.meets("not_owner", &foreign);
    assert_eq!(bench.stand.received()?.len(), before, "a refusal reached the provider");
    overloaded(&mut bench, &shop)?;
    let full = bench.stand.key("full", json!({ "caps": ["1/day"], "concurrency": 1 }))?;
    bench.stand.mode(&json!({ "solve_ms": 600_000 }))?;
    bench.buy(&full)?;
    let said = bench.refused(&full, &json!({}))?;
    bench.meets("concurrency_limited", &said);
    troubles(&mut bench, &shop)
}

/// A key whose calls in flight are as many as may be.
fn overloaded(bench: &mut Bench, key: &str) -> Result<()> {
    bench.stand.mode(&json!({ "latency_ms": 1_500 }))?;
    let (sdk, at, caller) = (bench.sdk, bench.stand.at, key.to_owned());
    let other = std::thread::spawn(move || buy(sdk, at, &caller));
    std::thread::sleep(Duration::from_millis(300));
    let said = bench.refused(key, &json!({}))?;
    bench.meets("overloaded", &said);
    bench.stand.mode(&json!({ "latency_ms": 0 }))?;
    let _ = other.join();
    Ok(())
}

/// What the provider says, does, and does not do.
fn troubles(bench: &mut Bench, key: &str) -> Result<()> {
    let crowded = if bench.sdk == Sdk::CaptchaAi { "zero_balance" } else { "no_slot" };
    for (mode, code) in [
        ("garbage", "outcome_unknown"),
        (crowded, "no slot"),
        ("wrong_key", "upstream_account"),
        // not shown again to a provider that has refused it
        ("wrong_key", "secret_unavailable"),
    ] {
        bench.stand.mode(&json!({ "outcome": mode }))?;
        let said = bench.refused(key, &json!({}))?;
        bench.meets(code, &said);
    }
    bench.stand.put_real_key("fedcba9876543210fedcba9876543210")?;
    bench.stand.sandbox.kill()?;
    std::thread::sleep(Duration::from_millis(1_500));
    let said = bench.refused(key, &json!({}))?;
    bench.meets("upstream_unreachable", &said);
    Ok(())
}

impl Bench {
    fn meets(&self, code: &str, said: &str) {
        let wanted = reads(self.sdk, code);
        assert!(!wanted.is_empty() && said.contains(wanted), "{code}: {said}");
    }
}

#[test]
fn each_refusal_is_captchaais_usual_exception() -> Result<()> {
    each_refusal_arrives(Sdk::CaptchaAi)
}

#[test]
fn each_refusal_is_twocaptcha_pythons_usual_exception() -> Result<()> {
    each_refusal_arrives(Sdk::TwoCaptchaPython)
}

#[test]
fn each_refusal_is_captcha_solvers_usual_exception() -> Result<()> {
    each_refusal_arrives(Sdk::CaptchaSolver)
}

#[test]
fn each_refusal_is_python_anticaptchas_usual_exception() -> Result<()> {
    each_refusal_arrives(Sdk::PythonAnticaptcha)
}

#[test]
fn each_refusal_is_anticaptchaofficials_usual_error() -> Result<()> {
    each_refusal_arrives(Sdk::AnticaptchaOfficial)
}

#[test]
fn whatever_is_refused_a_paid_answer_is_fetched_all_the_same() -> Result<()> {
    for sdk in [Sdk::CaptchaAi, Sdk::TwoCaptchaPython, Sdk::CaptchaSolver, Sdk::PythonAnticaptcha, Sdk::AnticaptchaOfficial, Sdk::Capsolver]
    {
        let Some(mut bench) = Bench::new(sdk)? else { continue };
        let key = bench.stand.key("shop", json!({ "caps": ["0.10/day"], "concurrency": 1, "rate": "1/min burst 1" }))?;
        let bought = bench.buy(&key)?;
        bench.stand.ask("PATCH", "/v1/keys/shop", Some(&json!({ "hours": bench.closed()? })))?;
        bench.stand.ask("POST", "/v1/keys/shop/pause", Some(&json!({ "reason": "stop" })))?;
        let answered = bench.play("poll", &key, json!({ "task": bought }))?;
        assert!(!ok(&answered).to_string().is_empty());
    }
    Ok(())
}
