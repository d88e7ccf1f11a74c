//! Dialect v1 as a caller speaks it: submit, poll, poll many, prices, reports, balance, threads, in text and in JSON.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::{FORM, JSON, Said, Setup, Stand, Stub, call, poll, post, submission};

fn value(text: &str) -> Result<Value> {
    serde_json::from_str(text).with_context(|| text.to_owned())
}

#[test]
fn every_call_of_the_dialect_is_answered_in_text_and_in_json() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["10/day"], "concurrency": 7 }))?;
    let ask = |target: &str| call(stand.at, target);
    let task = ask(&submission(&key))?.task().context("refused")?.to_owned();
    let second = value(&ask(&format!("{}&json=1", submission(&key)))?.body)?;
    assert_eq!(second.get("status"), Some(&json!(1)));
    let second = second.get("request").map(|id| id.to_string().replace('"', "")).context("no id")?;
    let answer = ask(&poll(&key, &task))?.body;
    let text = answer.strip_prefix("OK|").context(answer.clone())?;
    assert_eq!(value(&ask(&format!("{}&json=1", poll(&key, &task)))?.body)?, json!({ "status": 1, "request": text }));
    // `get2` tells the price too
    assert_eq!(ask(&format!("/res.php?key={key}&action=get2&id={task}"))?.body, format!("OK|{text}|0.1"));
    let priced = value(&ask(&format!("/res.php?key={key}&action=get2&id={task}&json=1"))?.body)?;
    assert_eq!(
        (priced.get("request"), priced.get("price").map(|price| price.to_string().replace('"', ""))),
        (Some(&json!(text)), Some("0.1".to_owned()))
    );
    // several at once, in the order asked
    let many = ask(&format!("/res.php?key={key}&action=get&ids={task},{second}"))?.body;
    assert_eq!(many.split('|').count(), 2, "{many}");
    assert!(many.starts_with(text), "{many}");
    assert_eq!(ask(&format!("/res.php?key={key}&action=reportgood&id={task}"))?.body, "OK_REPORT_RECORDED");
    let report = value(&ask(&format!("/res.php?key={key}&action=reportbad&id={second}&json=1"))?.body)?;
    assert_eq!(report, json!({ "status": 1, "request": "OK_REPORT_RECORDED" }));
    // the provider's own word, as it came
    assert_eq!(ask(&format!("/res.php?key={key}&action=reportbad&id={task}"))?.body, "ERROR_DUPLICATE_REPORT");
    assert_eq!(ask(&format!("/res.php?key={key}&action=getbalance"))?.body, "9.8");
    assert_eq!(value(&ask(&format!("/res.php?key={key}&action=getbalance&json=1"))?.body)?, json!({ "status": 1, "request": "9.8" }));
    let threads = value(&ask(&format!("/res.php?key={key}&action=threadsinfo&json=1"))?.body)?;
    assert_eq!(threads.get("threads"), Some(&json!("7")), "{threads}");
    let charged = stand.charged()?;
    assert_eq!(charged, tollgate_model::Money::parse("0.20")?, "reads cost nothing");
    Ok(())
}

#[test]
fn eg_13_among_ids_one_foreign_one_makes_the_call_that_of_an_unknown_one() -> Result<()> {
    let stand = Stand::new()?;
    let (owner, thief) = (stand.key("owner", json!({ "caps": ["9/day"] }))?, stand.key("thief", json!({ "caps": ["9/day"] }))?);
    let bought = |key: &str| -> Result<String> { Ok(call(stand.at, &submission(key))?.task().context("refused")?.to_owned()) };
    let (own, foreign) = (bought(&thief)?, bought(&owner)?);
    let before = stand.received()?.len();
    let look = |key: &str, action: &str, ids: &str| -> Result<String> {
        let answer = call(stand.at, &format!("/res.php?key={key}&action={action}{ids}"))?;
        let headers: Vec<_> = answer.headers.iter().filter(|(name, _)| name != "tollgate-request-id").collect();
        Ok(format!("{} {headers:?} {}", answer.status, answer.body))
    };
    for action in ["get", "get2", "reportgood", "reportbad"] {
        let stolen = look(&thief, action, &format!("&id={foreign}"))?;
        assert_eq!(stolen, look(&thief, action, "&id=123456789")?, "{action}");
        assert!(stolen.contains("ERROR_WRONG_CAPTCHA_ID") && stolen.contains("not_owner"), "{stolen}");
        assert_eq!(look(&thief, action, &format!("&id={foreign}&json=1"))?, look(&thief, action, "&id=123456789&json=1")?, "{action}");
    }
    for ids in [format!("{own},{foreign}"), format!("{foreign},{own}"), foreign.clone()] {
        let unknown = ids.replace(&foreign, "123456789");
        assert_eq!(look(&thief, "get", &format!("&ids={ids}"))?, look(&thief, "get", &format!("&ids={unknown}"))?, "{ids}");
    }
    assert_eq!(stand.received()?.len(), before, "nothing of it reached the provider");
    assert!(call(stand.at, &poll(&owner, &foreign))?.body.starts_with("OK|"), "and the owner has its answer");
    Ok(())
}

#[test]
fn a_plan_by_threads_binds_at_its_threads_and_a_task_costs_what_was_imputed() -> Result<()> {
    let upstream = "plan = { monthly = \"90\", threads = 2 }";
    let stand = Stand::with(Setup { profile: "captchaai", upstream, ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    stand.mode(&json!({ "solve_ms": 600_000 }))?;
    let answers = (0..4).map(|_| call(stand.at, &submission(&key))).collect::<Result<Vec<_>>>()?;
    let denied: Vec<_> = answers.iter().map(|answer| answer.denied()).collect();
    assert_eq!(denied, [None, None, Some("concurrency_limited"), Some("concurrency_limited")]);
    let threads = value(&call(stand.at, &format!("/res.php?key={key}&action=threadsinfo&json=1"))?.body)?;
    assert_eq!((threads.get("threads"), threads.get("working_threads")), (Some(&json!("2")), Some(&json!("2"))));
    assert_eq!(call(stand.at, &format!("/res.php?key={key}&action=getbalance"))?.body, "0.8");
    Ok(())
}

#[test]
fn solve_php_takes_answers_and_charges_in_one_call_where_the_provider_has_it() -> Result<()> {
    let stub = Stub::start()?;
    let stand = Stand::with(Setup { profile: "captchaai", origin: Some(stub.at), ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["0.20/day"] }))?;
    let target = format!("/solve.php?key={key}&method=userrecaptcha&googlekey=k&pageurl=https://example.com/");
    stub.say(Said::body(b"OK|the answer"));
    assert_eq!(call(stand.at, &target)?.body, "OK|the answer");
    stub.say(Said::body(b"ERROR_CAPTCHA_UNSOLVABLE"));
    assert_eq!(call(stand.at, &target)?.body, "ERROR_CAPTCHA_UNSOLVABLE");
    assert_eq!(call(stand.at, &format!("/res.php?key={key}&action=getbalance"))?.body, "0.1", "the second cost nothing");
    let heard = stub.heard();
    assert!(heard.len() == 2 && heard.iter().all(|heard| heard.request.contains("/solve.php")), "{heard:?}");
    let elsewhere = Stand::new()?;
    let key = elsewhere.key("shop", json!({ "caps": ["1/day"] }))?;
    assert_eq!(
        call(elsewhere.at, &target.replace(target.split_once("key=").context("no key")?.1.split_once('&').context("no end")?.0, &key))?
            .denied(),
        Some("operation_denied")
    );
    Ok(())
}

#[test]
fn the_providers_word_about_the_task_arrives_as_it_came_and_trouble_on_a_poll_reads_not_ready() -> Result<()> {
    let stub = Stub::start()?;
    let stand = Stand::with(Setup { origin: Some(stub.at), ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["9/day"] }))?;
    stub.say(Said::body(b"OK|70000001"));
    call(stand.at, &submission(&key))?;
    for word in ["CAPCHA_NOT_READY", "ERROR_WRONG_CAPTCHA_ID", "ERROR_CAPTCHA_UNSOLVABLE", "ERROR_BAD_DUPLICATES"] {
        stub.say(Said::body(word.as_bytes()));
        assert_eq!(call(stand.at, &poll(&key, "70000001"))?.body, word);
        assert_eq!(value(&call(stand.at, &format!("{}&json=1", poll(&key, "70000001")))?.body)?, json!({ "status": 0, "request": word }));
    }
    for (said, what) in [
        (Said::Nothing, "gone"),
        (Said::body(b"<html>502 Bad Gateway</html>"), "a page"),
        (Said::Pieces(vec![b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()]), "503"),
        (Said::body(b"ERROR_SERVER_ERROR"), "its own trouble"),
    ] {
        stub.say(said);
        assert_eq!(call(stand.at, &poll(&key, "70000001"))?.body, "CAPCHA_NOT_READY", "{what}");
    }
    for word in ["ERROR_PAGEURL", "ERROR_GOOGLEKEY", "ERROR_NO_SLOT_AVAILABLE"] {
        stub.say(Said::body(word.as_bytes()));
        assert_eq!(call(stand.at, &submission(&key))?.body, word, "before any work, and as it came");
    }
    let lines = stand.lines("\"provider_error\"")?;
    let told = |word: &str| lines.iter().any(|line| line.pointer("/tollgate/provider_error") == Some(&json!(word)));
    assert!(told("ERROR_PAGEURL") && told("ERROR_CAPTCHA_UNSOLVABLE") && told("ERROR_NO_SLOT_AVAILABLE"), "{lines:?}");
    assert_eq!(
        call(stand.at, &format!("/res.php?key={key}&action=getbalance"))?.body,
        "9",
        "the one task was unsolvable, and the rest was refused"
    );
    Ok(())
}

#[test]
fn au_13_i_19_neither_an_image_nor_an_answer_nor_a_page_stands_in_any_file() -> Result<()> {
    let stub = Stub::start()?;
    let stand = Stand::with(Setup { origin: Some(stub.at), ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["9/day"] }))?;
    let image = "iVBORw0KGgoNeedleOfAnImageNeedleOfAnImage".repeat(10);
    stub.say(Said::body(b"OK|70000001"));
    for request in [
        post("/in.php", JSON, &json!({ "key": key, "method": "base64", "body": image }).to_string()),
        post(
            "/in.php",
            FORM,
            &format!(
                "key={key}&method=userrecaptcha&googlekey=needle-site&pageurl=https://needle.example/&cookies=needle-cookie&proxy=needle:pass@10.0.0.1:1"
            ),
        ),
    ] {
        tollgate_tests::exchange(stand.at, request.as_bytes())?;
        stub.say(Said::body(b"OK|70000002"));
    }
    stub.say(Said::body(b"OK|needle-of-an-answer"));
    assert_eq!(call(stand.at, &poll(&key, "70000001"))?.body, "OK|needle-of-an-answer");
    assert!(stand.lines("\"intent\"")?.len() >= 2);
    let mut files = tollgate_tests::Search::default();
    files.files(&stand.state(), "")?;
    files.add("what the gate printed", stand.gate.printed());
    for needle in ["needle-of-an-answer", "NeedleOfAnImage", "needle-site", "needle.example", "needle-cookie", "needle:pass"] {
        assert_eq!(files.hits(needle), Vec::<String>::new());
    }
    assert!(!files.hits("70000001").is_empty(), "the task is named, so the search finds");
    Ok(())
}
