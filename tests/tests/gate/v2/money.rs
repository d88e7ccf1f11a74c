//! What dialect v2 costs: held at the type's price, settled at what the answer says, and never above a cap.

use std::thread;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_model::Money;
use tollgate_tests::task::{Caller, task};
use tollgate_tests::{Place, Said, Setup, Stand, Stub};

const RECAPTCHA: &str = "RecaptchaV2TaskProxyless";

fn shop(profile: &str, terms: Value) -> Result<(Stand, Caller)> {
    let stand = Stand::with(Setup { profile, ..Setup::default() })?;
    let key = stand.key("shop", terms)?;
    let caller = Caller::bearer(stand.at, &key);
    Ok((stand, caller))
}

fn dollars(text: &str) -> Money {
    Money::parse(text).unwrap_or(Money::ZERO)
}

#[test]
fn the_cost_of_an_answer_settles_its_hold_exactly_and_once() -> Result<()> {
    let (stand, caller) = shop("anticaptcha", json!({ "caps": ["1/day"] }))?;
    stand.mode(&json!({ "cost": "0.0123457" }))?;
    let id = caller.buy(RECAPTCHA)?;
    assert_eq!(caller.balance()?, "0.9", "held for the worst case");
    for _ in 0..3 {
        assert_eq!(caller.poll(&id)?.at("status"), "ready");
        assert_eq!(caller.balance()?, "0.9876543");
    }
    assert_eq!(stand.charged()?, dollars("0.0123457"));
    Ok(())
}

#[test]
fn what_costs_more_than_its_type_says_is_booked_in_full_and_the_type_is_stopped() -> Result<()> {
    let (stand, caller) = shop("anticaptcha", json!({ "caps": ["1/day"] }))?;
    stand.mode(&json!({ "cost": "0.25" }))?;
    let id = caller.buy(RECAPTCHA)?;
    assert_eq!(caller.poll(&id)?.at("cost"), "0.250000");
    assert_eq!(caller.balance()?, "0.75");
    let refused = caller.ask("/createTask", task(RECAPTCHA))?;
    assert_eq!(refused.refusal(), (Some("operation_denied"), 14, "ERROR_NO_SUCH_METHOD"));
    assert_eq!(caller.ask("/createTask", task("ImageToTextTask"))?.at("errorId"), 0, "another type is not");
    assert!(!stand.lines("price_exceeded")?.is_empty());
    Ok(())
}

#[test]
fn anti_captcha_charges_what_nobody_could_solve() -> Result<()> {
    let (stand, caller) = shop("anticaptcha", json!({ "caps": ["1/day"], "concurrency": 1 }))?;
    stand.mode(&json!({ "outcome": "unsolvable", "refund_unsolvable": false }))?;
    let id = caller.buy(RECAPTCHA)?;
    assert_eq!(caller.poll(&id)?.refusal(), (None, 12, "ERROR_CAPTCHA_UNSOLVABLE"));
    assert_eq!((caller.balance()?.as_str(), stand.charged()?), ("0.9", dollars("0.10")));
    stand.mode(&json!({ "outcome": "ok" }))?;
    assert!(caller.buy(RECAPTCHA).is_ok(), "the task is over: its place is free");
    Ok(())
}

#[test]
fn i_01_many_at_once_never_pass_a_cap_and_the_provider_agrees() -> Result<()> {
    for (profile, kind) in [("anticaptcha", RECAPTCHA), ("capsolver", "ImageToTextTask")] {
        let (stand, caller) = shop(profile, json!({ "caps": ["1/day"] }))?;
        let callers: Vec<_> = (0..24)
            .map(|_| {
                let caller = caller.clone();
                thread::spawn(move || caller.ask("/createTask", task(kind)))
            })
            .collect();
        let said = callers.into_iter().map(|caller| caller.join().ok().context("a caller fell")?).collect::<Result<Vec<_>>>()?;
        let bought = said.iter().filter(|said| said.at("errorId") == 0).count();
        assert_eq!(bought, 10, "{profile}: {:?}", said.iter().map(|said| format!("{:?}", said.refusal())).collect::<Vec<_>>());
        assert!(said.iter().all(|said| matches!(said.refusal(), (None, 0, _) | (Some("cap_reached"), 10, "ERROR_ZERO_BALANCE"))));
        assert_eq!((stand.charged()?, caller.balance()?.as_str()), (dollars("1"), "0"), "{profile}");
    }
    Ok(())
}

#[test]
fn a_provider_that_refuses_in_400_and_401_did_no_work() -> Result<()> {
    let (stand, caller) = shop("capsolver", json!({ "caps": ["1/day"] }))?;
    let kind = "ReCaptchaV2TaskProxyLess";
    // what the caller sent: as it came, with nothing spent
    let bare = caller.ask("/createTask", json!({ "task": { "type": kind } }))?;
    assert_eq!((bare.answer.status, bare.refusal()), (200, (None, 1, "ERROR_BAD_PARAMETERS")));
    for (outcome, number, word) in [
        ("no_slot", 1, "ERROR_NO_SLOT_AVAILABLE"),
        ("zero_balance", 1, "ERROR_TOLLGATE_UPSTREAM_ACCOUNT"),
        ("ip_not_allowed", 1, "ERROR_TOLLGATE_UPSTREAM_ACCOUNT"),
        ("wrong_key", 1, "ERROR_TOLLGATE_UPSTREAM_ACCOUNT"),
    ] {
        stand.mode(&json!({ "outcome": outcome }))?;
        let said = caller.ask("/createTask", task(kind))?;
        assert_eq!((said.answer.status, said.refusal()), (200, (None, number, word)), "{outcome}");
    }
    assert_eq!((caller.balance()?.as_str(), stand.charged()?), ("1", Money::ZERO));
    Ok(())
}

#[test]
fn what_is_lost_on_the_way_stays_spent_and_a_poll_reads_not_ready() -> Result<()> {
    let (mut stand, caller) = shop("anticaptcha", json!({ "caps": ["1/day"] }))?;
    let id = caller.buy(RECAPTCHA)?;
    stand.mode(&json!({ "drop": "after_read" }))?;
    assert_eq!(caller.ask("/createTask", task(RECAPTCHA))?.refusal(), (None, 1, "ERROR_TOLLGATE_OUTCOME_UNKNOWN"));
    assert_eq!(caller.poll(&id)?.page, json!({ "errorId": 0, "status": "processing" }));
    assert_eq!(caller.balance()?, "0.8");
    stand.mode(&json!({ "drop": "none" }))?;
    stand.kill_and_restart()?;
    assert_eq!(caller.poll(&id)?.at("status"), "ready", "its owner is known behind a crash");
    assert_eq!(caller.balance()?, "0.8", "and so is the money");
    Ok(())
}

#[test]
fn a_task_that_was_answered_at_once_is_settled_and_owned_behind_a_crash() -> Result<()> {
    let (mut stand, caller) = shop("capsolver", json!({ "caps": ["1/day"], "concurrency": 1 }))?;
    let image = caller.ask("/createTask", task("ImageToTextTask"))?;
    assert_eq!(image.at("status"), &json!("ready"));
    stand.kill_and_restart()?;
    assert_eq!(caller.balance()?, "0.9");
    assert_eq!(caller.poll(image.at("taskId"))?.at("solution"), image.at("solution"));
    assert!(caller.buy("ReCaptchaV2TaskProxyLess").is_ok(), "its place is free");
    assert_eq!((caller.balance()?.as_str(), stand.charged()?), ("0.8", dollars("0.20")));
    let verified = tollgate_audit::verify(&stand.audit());
    assert!(verified.is_ok(), "{:?}", verified.err());
    Ok(())
}

#[test]
fn a_closed_hour_or_a_spent_cap_keeps_nobody_from_an_answer_that_is_paid_for() -> Result<()> {
    let (stand, caller) = shop("capsolver", json!({ "caps": ["0.10/day"], "rate": "1/min burst 1" }))?;
    let id = caller.buy("ReCaptchaV2TaskProxyLess")?;
    stand.ask("POST", "/v1/keys/shop/pause", Some(&json!({ "reason": "stop" })))?;
    assert_eq!(caller.ask("/createTask", task("ImageToTextTask"))?.refusal(), (Some("paused"), 1, "ERROR_TOLLGATE_PAUSED"));
    assert_eq!(caller.poll(&id)?.at("status"), "ready");
    assert_eq!(caller.balance()?, "0");
    Ok(())
}

#[test]
fn an_id_that_a_provider_gives_twice_is_withheld() -> Result<()> {
    let stub = Stub::start()?;
    let stand = Stand::with(Setup { profile: "capsolver", origin: Some(stub.at), ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let caller = Caller::new(stand.at, &key);
    let uuid = "61138bb6-19fb-41ec-a9c8-000000000001";
    stub.say(Said::body(format!(r#"{{"errorId":0,"taskId":"{uuid}","status":"idle"}}"#).as_bytes()));
    assert_eq!(caller.buy("ReCaptchaV2TaskProxyLess")?, uuid);
    stub.say(Said::body(format!(r#"{{"errorId":0,"taskId":"{uuid}","status":"ready","solution":{{"text":"a"}}}}"#).as_bytes()));
    let twice = caller.ask("/createTask", task("ImageToTextTask"))?;
    assert_eq!(twice.refusal(), (None, 1, "ERROR_TOLLGATE_OUTCOME_UNKNOWN"));
    assert_eq!(caller.poll(&json!(uuid))?.refusal(), (Some("not_owner"), 16, "ERROR_NO_SUCH_CAPCHA_ID"));
    assert_eq!(caller.balance()?, "0.8", "both stay spent");
    Ok(())
}

/// A configuration with this table of prices.
fn priced(prices: &str) -> Result<(i32, String)> {
    let place = Place::with(&format!(
        "state = \"state\"\n[[listener]]\naddress = \"127.0.0.1:0\"\nupstream = \"p\"\n[admin]\naddress = \"127.0.0.1:0\"\n\
         [[upstream]]\nname = \"p\"\nprofile = \"anticaptcha\"\norigin = \"http://127.0.0.1:19009\"\nsecret = {{ file = \"real.key\" }}\nprices = {{ {prices} }}\n"
    ))?;
    place.refusal(&["check"])
}

#[test]
fn a_price_of_nothing_is_refused_at_start_and_one_for_no_known_type_is_noticed() -> Result<()> {
    let (code, said) = priced("RecaptchaV2TaskProxyless = \"0\"")?;
    assert!(code != 0 && said.contains("a price of zero for `RecaptchaV2TaskProxyless`"), "{said}");
    let (code, said) = priced("RecaptchaV2TaskProxyles = \"0.002\"")?;
    assert!(code == 0 && said.contains("did you mean `RecaptchaV2TaskProxyless`?"), "{said}");
    Ok(())
}

#[test]
fn a_table_that_lost_the_price_of_a_type_in_use_is_refused_at_start() -> Result<()> {
    let mut stand = Stand::with(Setup { profile: "anticaptcha", upstream: "", ..Setup::default() })?;
    stand.key("shop", json!({ "caps": ["1/day"], "methods": ["RecaptchaV2TaskProxyless"] }))?;
    stand.key("old", json!({ "caps": ["1/day"], "methods": ["RecaptchaV3TaskProxyless"] })).err().context("a type without a price")?;
    let file = stand.folder().join("tollgate.toml");
    let text = std::fs::read_to_string(&file)?;
    std::fs::write(
        &file,
        text.replace("profile = \"anticaptcha\"", "profile = \"rucaptcha\"").replace("RecaptchaV2TaskProxyless = ", "post = "),
    )?;
    stand.gate.kill()?;
    let refused = stand.restart().err().context("it started")?.to_string();
    assert!(
        refused.contains("the key `shop` may use `RecaptchaV2TaskProxyless`, which has no price at the upstream `provider`"),
        "{refused}"
    );
    Ok(())
}
