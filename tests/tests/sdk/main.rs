//! The official SDKs, unmodified, holding only a virtual key: what works, and how each refusal arrives.

mod bench;
mod refusals;

use anyhow::Result;
use serde_json::{Value, json};
use tollgate_tests::Sdk;

use bench::{Bench, ok};

fn task(value: &Value) -> &Value {
    value.get("task").unwrap_or(&Value::Null)
}

#[test]
fn captchaai_solves() -> Result<()> {
    let Some(mut bench) = Bench::new(Sdk::CaptchaAi)? else { return Ok(()) };
    let key = bench.stand.key("shop", json!({ "caps": ["1/day"], "concurrency": 5 }))?;
    assert_eq!(ok(&bench.play("construct", &key, Value::Null)?), "constructed");
    let threads = bench.play("threads", &key, Value::Null)?;
    assert_eq!(ok(&threads).get("threads").map(Value::to_string).map(|text| text.replace('"', "")), Some("5".to_owned()), "{threads}");
    let solved = bench.play("token", &key, Value::Null)?;
    assert!(ok(&solved).get("answer").and_then(Value::as_str).is_some_and(|answer| !answer.is_empty()), "{solved}");
    ok(&bench.play("image", &key, Value::Null)?);
    Ok(())
}

#[test]
fn twocaptcha_python_over_tls_solves_and_reports() -> Result<()> {
    let Some(mut bench) = Bench::new(Sdk::TwoCaptchaPython)? else { return Ok(()) };
    let key = bench.stand.key("shop", json!({ "caps": ["1/day"] }))?;
    assert_eq!(ok(&bench.play("balance", &key, Value::Null)?), &json!(1.0));
    let solved = bench.play("token", &key, Value::Null)?;
    let bought = task(ok(&solved)).clone();
    ok(&bench.play("image", &key, Value::Null)?);
    ok(&bench.play("image_file", &key, Value::Null)?);
    ok(&bench.play("report_good", &key, json!({ "task": bought }))?);
    Ok(())
}

#[test]
fn captcha_solver_for_node_solves_and_reports() -> Result<()> {
    let Some(mut bench) = Bench::new(Sdk::CaptchaSolver)? else { return Ok(()) };
    let key = bench.stand.key("shop", json!({ "caps": ["1/day"] }))?;
    assert_eq!(ok(&bench.play("balance", &key, Value::Null)?), &json!(1));
    let solved = bench.play("token", &key, Value::Null)?;
    let bought = task(ok(&solved)).clone();
    ok(&bench.play("image", &key, Value::Null)?);
    ok(&bench.play("report_bad", &key, json!({ "task": bought }))?);
    Ok(())
}

#[test]
fn python_anticaptcha_solves_and_reports() -> Result<()> {
    let Some(mut bench) = Bench::new(Sdk::PythonAnticaptcha)? else { return Ok(()) };
    let key = bench.stand.key("shop", json!({ "caps": ["1/day"] }))?;
    assert_eq!(ok(&bench.play("balance", &key, Value::Null)?), &json!(1));
    let solved = bench.play("token", &key, Value::Null)?;
    let bought = task(ok(&solved)).clone();
    ok(&bench.play("image", &key, Value::Null)?);
    assert_eq!(ok(&bench.play("report_bad", &key, json!({ "task": bought }))?), &json!(true));
    assert_eq!(ok(&bench.play("balance", &key, Value::Null)?), &json!(0.8));
    Ok(())
}

#[test]
fn anticaptchaofficial_solves_and_reports() -> Result<()> {
    let Some(mut bench) = Bench::new(Sdk::AnticaptchaOfficial)? else { return Ok(()) };
    let key = bench.stand.key("shop", json!({ "caps": ["1/day"] }))?;
    assert_eq!(ok(&bench.play("balance", &key, Value::Null)?), &json!(1));
    let solved = bench.play("token", &key, Value::Null)?;
    let bought = task(ok(&solved)).clone();
    ok(&bench.play("image", &key, Value::Null)?);
    assert_eq!(ok(&bench.play("report_good", &key, json!({ "task": bought }))?), &json!({ "errorId": 0, "status": "success" }));
    assert_eq!(ok(&bench.play("balance", &key, Value::Null)?), &json!(0.8));
    Ok(())
}

#[test]
fn capsolver_solves_and_reads_why_not() -> Result<()> {
    let Some(mut bench) = Bench::new(Sdk::Capsolver)? else { return Ok(()) };
    let key = bench.stand.key("shop", json!({ "caps": ["0.30/day"] }))?;
    ok(&bench.play("token", &key, Value::Null)?);
    ok(&bench.play("image", &key, Value::Null)?);
    assert_eq!(ok(&bench.play("balance", &key, Value::Null)?), &json!(0.1));
    let bought = bench.play("submit", &key, Value::Null)?;
    // of an error it shows the sentence alone, and no word
    for (key, said) in [(key.as_str(), "the allowance is used up"), ("tgk_0000000000000000000000000000", "no key that the gate knows")] {
        let refused = bench.refused(key, &json!({}))?;
        assert!(refused.contains(said) && refused.contains("(request "), "{refused}");
    }
    ok(&bench.play("poll", &key, json!({ "task": task(ok(&bought)) }))?);
    assert_eq!(bench.stand.charged()?, tollgate_model::Money::parse("0.30")?);
    Ok(())
}
