//! What the provider's answer does to a hold, and what the caller reads of it.

use tollgate_dialect::v1::{AnswerForm, Charged, FreeOperation, Operation, Part, Reading, Verb, WordClass, read, render};
use tollgate_dialect::{Pricing, Profile};
use tollgate_model::{Money, TaskId};

use crate::support::{JSON, KEY, PROFILES, Request, TEXT, encoded, profile};

fn task() -> TaskId {
    TaskId::parse(b"2122988149").unwrap()
}

const fn poll(priced: bool) -> fn() -> Operation<'static> {
    if priced { || Operation::Poll { task: task(), priced: true } } else { || Operation::Poll { task: task(), priced: false } }
}

fn shown(profile: &Profile, operation: &Operation<'_>, form: AnswerForm, body: &str) -> String {
    let reading = read(operation, profile, 200, body.as_bytes());
    let mut out = Vec::new();
    render::reading(profile, operation, form, &reading, &mut out);
    String::from_utf8(out).unwrap()
}

fn on_submission<T>(profile: &Profile, status: u16, body: &str, look: impl Fn(&Operation<'_>, &Reading<'_>, &Profile) -> T) -> T {
    let request = Request::get(&format!("/in.php?key={KEY}&method=userrecaptcha"));
    let call = request.call();
    look(&call.operation, &read(&call.operation, profile, status, body.as_bytes()), profile)
}

#[test]
fn an_id_is_read_from_text_string_and_number_and_goes_on_as_it_came() {
    let profile = profile("twocaptcha");
    let request = Request::get(&format!("/in.php?key={KEY}&method=userrecaptcha"));
    let call = request.call();
    for (body, json) in [
        ("OK|2122988149", r#"{"status":1,"request":"2122988149"}"#),
        ("OK|2122988149\r\n", r#"{"status":1,"request":"2122988149"}"#),
        (r#"{"status":1,"request":"2122988149"}"#, r#"{"status":1,"request":"2122988149"}"#),
        ("{\"status\": 1, \"request\": 2122988149, \"balance\": 7}", r#"{"status":1,"request":2122988149}"#),
        ("\u{feff}{\"status\":\"1\",\"request\":2122988149}", r#"{"status":1,"request":2122988149}"#),
    ] {
        let reading = read(&call.operation, &profile, 200, body.as_bytes());
        assert!(matches!(reading, Reading::Submitted { task: found, .. } if found == task()), "{body}");
        assert_eq!(shown(&profile, &call.operation, JSON, body), json);
        assert_eq!(shown(&profile, &call.operation, TEXT, body), "OK|2122988149");
    }
}

#[test]
fn bu_10_a_definite_refusal_before_work_returns_the_hold() {
    for word in [
        "ERROR_KEY_DOES_NOT_EXIST",
        "ERROR_ZERO_BALANCE",
        "ERROR_NO_SLOT_AVAILABLE",
        "ERROR_IP_NOT_ALLOWED",
        "ERROR_PAGEURL",
        "MAX_USER_TURN",
        "ERROR: 1003",
        "IP_BANNED",
    ] {
        for (status, body) in [(200, word.to_owned()), (200, format!(r#"{{"status":0,"request":"{word}"}}"#)), (403, word.to_owned())] {
            let charged = on_submission(&profile("twocaptcha"), status, &body, |_, reading, _| match reading {
                Reading::Refused(refused) => Some((refused.word.to_owned(), refused.charged)),
                _ => None,
            });
            assert_eq!(charged, Some((word.to_owned(), Charged::No)), "{status} {body}");
        }
    }
}

#[test]
fn bu_13_trouble_garbage_and_unknown_words_leave_the_outcome_unknown() {
    for (status, body) in [
        (500, "ERROR_ZERO_BALANCE"),
        (502, "<html>502</html>"),
        (503, ""),
        (504, "OK|1"),
        (302, "OK|1"),
        (204, ""),
        (404, "not found"),
        (403, "ERROR_SOMETHING_NEW"),
        (200, ""),
        (200, "  "),
        (200, "<html>OK|1</html>"),
        (200, "OK"),
        (200, "OK|"),
        (200, "OK|1 2"),
        (200, "ok|1"),
        (200, "OK|1|0.5"),
        (200, "1234"),
        (200, "{\"status\":1,\"request\":\"12"),
        (200, "{\"status\":1}"),
        (200, "{\"status\":1,\"request\":null}"),
        (200, "{\"status\":1,\"request\":{}}"),
        (200, "{\"status\":1,\"request\":1.5}"),
        (200, "{\"status\":2,\"request\":\"1\"}"),
        (200, "{\"request\":\"1\"}"),
        (200, "{\"status\":0,\"request\":\"1\"}"),
        (200, "{\"status\":1,\"request\":\"1\",\"request\":\"2\"}"),
        (200, "ERROR_SERVER_ERROR"),
        (200, "ERROR_SOMETHING_NEW"),
        (200, "ERROR_BAD_DUPLICATES"),
        (200, "ERROR_WRONG_CAPTCHA_ID"),
        (200, "CAPCHA_NOT_READY"),
        (200, "error_zero_balance"),
        (200, "ERROR_ZERO_BALANCE|x"),
    ] {
        on_submission(&profile("twocaptcha"), status, body, |operation, reading, profile| {
            let unknown = match reading {
                Reading::Unusable(_) => true,
                Reading::Refused(refused) => refused.charged == Charged::Unknown,
                _ => false,
            };
            assert!(unknown, "{status} {body}: {reading:?}");
            let mut out = Vec::new();
            render::reading(profile, operation, TEXT, reading, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), "ERROR_TOLLGATE_OUTCOME_UNKNOWN", "{status} {body}");
        });
    }
    let reading = read(&poll(false)(), &profile("twocaptcha"), 200, b"OK|\xff\xfe");
    assert!(matches!(reading, Reading::Unusable(_)));
}

#[test]
fn an_unsolvable_task_is_charged_as_the_profile_says() {
    let refunding = profile("twocaptcha");
    let text = include_str!("../../src/profiles/twocaptcha.toml").replace("unsolvable = true", "unsolvable = false");
    let charging = Profile::parse(&text).unwrap();
    for (profile, wanted) in [(refunding, Charged::No), (charging, Charged::Yes)] {
        let Reading::Refused(refused) = read(&poll(false)(), &profile, 200, b"ERROR_CAPTCHA_UNSOLVABLE") else { panic!("not refused") };
        assert_eq!((refused.class, refused.charged, refused.ends_task), (WordClass::Unsolvable, wanted, true));
        assert_eq!(shown(&profile, &poll(false)(), TEXT, "ERROR_CAPTCHA_UNSOLVABLE"), "ERROR_CAPTCHA_UNSOLVABLE");
    }
}

#[test]
fn a_price_settles_and_only_a_caller_who_asked_sees_it() {
    let profile = profile("twocaptcha");
    for (body, price, plain, with_price) in [
        ("OK|token|0.00299", Some(2_990_000), "OK|token", "OK|token|0.00299"),
        ("OK|a|b|0.00299", Some(2_990_000), "OK|a|b", "OK|a|b|0.00299"),
        ("OK|a|7", None, "OK|a|7", "OK|a|7"),
        ("OK|token", None, "OK|token", "OK|token"),
        (r#"{"status":1,"request":"token","price":"0.00299"}"#, Some(2_990_000), "OK|token", "OK|token|0.00299"),
        (r#"{"status":1,"request":"token","price":1.0e-5}"#, Some(10_000), "OK|token", "OK|token|1.0e-5"),
        (r#"{"status":1,"request":"token","price":-1}"#, None, "OK|token", "OK|token|-1"),
    ] {
        let Reading::Answer { price: found, .. } = read(&poll(false)(), &profile, 200, body.as_bytes()) else { panic!("{body}") };
        assert_eq!(found.map(Money::nanos), price, "{body}");
        assert_eq!(shown(&profile, &poll(false)(), TEXT, body), plain);
        assert_eq!(shown(&profile, &poll(true)(), TEXT, body), with_price);
    }
    let json = shown(&profile, &poll(true)(), JSON, "OK|to\"ken|0.00299");
    assert_eq!(json, r#"{"status":1,"request":"to\"ken","price":"0.00299"}"#);
    for price in ["0.00299", "\"0.00299\""] {
        let body = format!(r#"{{"status":1,"request":"token","price":{price}}}"#);
        assert_eq!(shown(&profile, &poll(true)(), JSON, &body), body);
    }
    let unpriced = self::profile("captchaai");
    assert_eq!(shown(&unpriced, &poll(false)(), TEXT, "OK|x=1|0.5"), "OK|x=1|0.5");
}

#[test]
fn a_structured_answer_goes_on_as_it_came() {
    let profile = profile("captchaai");
    let body = r#"{"status":1,"result":"tok\/en","user_agent":"Moz","x":1,"error_text":"","request":{"a":[1.50,"b\u00e4"],"n":1e3}}"#;
    let json = r#"{"status":1,"result":"tok\/en","user_agent":"Moz","request":{"a":[1.50,"b\u00e4"],"n":1e3}}"#;
    assert_eq!(shown(&profile, &poll(false)(), JSON, body), json);
    assert_eq!(shown(&profile, &poll(false)(), TEXT, body), "OK|tok/en");
    assert_eq!(shown(&profile, &poll(false)(), TEXT, r#"{"status":1,"request":{"a":1}}"#), r#"OK|{"a":1}"#);
    assert_eq!(shown(&profile, &poll(false)(), JSON, "OK|a\u{1}\"ä"), "{\"status\":1,\"request\":\"a\\u0001\\\"ä\"}");
}

#[test]
fn a_poll_is_never_answered_with_a_word_that_destroys_a_paid_answer() {
    let profile = profile("twocaptcha");
    for body in [
        "CAPCHA_NOT_READY",
        "CAPTCHA_NOT_READY",
        "ERROR_KEY_DOES_NOT_EXIST",
        "ERROR_ZERO_BALANCE",
        "ERROR_IP_NOT_ALLOWED",
        "ERROR: 1005",
        "ERROR_SERVER_ERROR",
        "ERROR_SOMETHING_NEW",
        "<html>",
        "",
        "garbage",
    ] {
        assert_eq!(shown(&profile, &poll(false)(), TEXT, body), "CAPCHA_NOT_READY", "{body}");
    }
    for word in ["ERROR_CAPTCHA_UNSOLVABLE", "ERROR_WRONG_CAPTCHA_ID", "ERROR_BAD_DUPLICATES", "ERROR_PROXY_CONNECTION_FAILED"] {
        assert_eq!(shown(&profile, &poll(false)(), TEXT, word), word);
        let body = format!(r#"{{"status":0,"request":"{word}","error_text":"why \u00e4"}}"#);
        assert_eq!(shown(&profile, &poll(false)(), JSON, &body), body);
    }
    let many = Operation::PollMany { tasks: vec![task(), task()] };
    assert_eq!(shown(&profile, &many, TEXT, "ERROR_KEY_DOES_NOT_EXIST"), "CAPCHA_NOT_READY");
}

#[test]
fn a_submission_refused_to_the_operator_does_not_blame_the_caller() {
    let account = "ERROR_TOLLGATE_UPSTREAM_ACCOUNT";
    for (name, word, wanted) in [
        ("twocaptcha", "ERROR_WRONG_USER_KEY", account),
        ("twocaptcha", "ERROR_ZERO_BALANCE", account),
        ("twocaptcha", "ERROR_IP_NOT_ALLOWED", account),
        ("twocaptcha", "ERROR_NO_SLOT_AVAILABLE", "ERROR_NO_SLOT_AVAILABLE"),
        ("twocaptcha", "ERROR: 1001", "ERROR_NO_SLOT_AVAILABLE"),
        ("twocaptcha", "ERROR_WRONG_GOOGLEKEY", "ERROR_WRONG_GOOGLEKEY"),
        // no free threads there: its SDK waits on this word
        ("captchaai", "ERROR_ZERO_BALANCE", "ERROR_ZERO_BALANCE"),
        ("captchaai", "ERROR_KEY_DOES_NOT_EXIST", account),
        ("captchaai", "MAX_USER_TURN", "ERROR_SERVER_ERROR"),
    ] {
        let request = Request::get(&format!("/in.php?key={KEY}&method=userrecaptcha"));
        assert_eq!(shown(&profile(name), &request.call().operation, TEXT, word), wanted, "{name} {word}");
    }
}

#[test]
fn reports_balances_threads_and_direct_answers_are_read() {
    let profile = profile("captchaai");
    let report = Operation::Report { task: task(), good: true, verb: Verb::Action };
    for body in ["OK_REPORT_RECORDED", r#"{"status":1,"request":"OK_REPORT_RECORDED"}"#] {
        assert!(matches!(read(&report, &profile, 200, body.as_bytes()), Reading::ReportTaken));
        assert_eq!(shown(&profile, &report, TEXT, body), "OK_REPORT_RECORDED");
    }
    assert_eq!(shown(&profile, &report, JSON, "OK_REPORT_RECORDED"), r#"{"status":1,"request":"OK_REPORT_RECORDED"}"#);
    assert_eq!(shown(&profile, &report, TEXT, "ERROR_DUPLICATE_REPORT"), "ERROR_DUPLICATE_REPORT");
    for (body, nanos) in [
        ("1.234", Some(1_234_000_000)),
        (r#"{"status":1,"request":"1.234"}"#, Some(1_234_000_000)),
        (r#"{"status":1,"request":1.234}"#, Some(1_234_000_000)),
        ("-0.5", Some(-500_000_000)),
        ("x", None),
    ] {
        let found = match read(&Operation::Balance, &profile, 200, body.as_bytes()) {
            Reading::Balance(money) => Some(money.nanos()),
            _ => None,
        };
        assert_eq!(found, nanos, "{body}");
    }
    for body in [r#"{"status":1,"threads":"5","working_threads":"1"}"#, r#"{"status":1,"threads":5,"working_threads":1}"#] {
        assert!(matches!(read(&Operation::Threads, &profile, 200, body.as_bytes()), Reading::Threads { threads: 5, working: 1 }));
    }
    let request = Request::get(&format!("/solve.php?key={KEY}&method=base64&body=x"));
    let call = request.call();
    assert!(matches!(read(&call.operation, &profile, 200, b"OK|abc"), Reading::SolvedNow { price: None, .. }));
    assert_eq!(shown(&profile, &call.operation, TEXT, "OK|abc"), "OK|abc");
    assert!(profile.offers(&call.operation) && !self::profile("twocaptcha").offers(&call.operation));
}

#[test]
fn many_answers_part_only_into_as_many_as_were_asked_for() {
    let profile = profile("twocaptcha");
    let many = Operation::PollMany { tasks: vec![task(), task(), task()] };
    for body in
        ["abc|CAPCHA_NOT_READY|ERROR_CAPTCHA_UNSOLVABLE", r#"{"status":1,"request":"abc|CAPCHA_NOT_READY|ERROR_CAPTCHA_UNSOLVABLE"}"#]
    {
        let Reading::Many(said) = read(&many, &profile, 200, body.as_bytes()) else { panic!("{body}") };
        let parts: Vec<_> = said.parts(3).unwrap().into_iter().map(Part::read).collect();
        assert_eq!(parts, [Part::Answered, Part::NotReady, Part::Refused("ERROR_CAPTCHA_UNSOLVABLE", WordClass::Unsolvable)]);
        assert!(said.parts(2).is_none() && said.parts(4).is_none());
        assert_eq!(shown(&profile, &many, TEXT, body), "abc|CAPCHA_NOT_READY|ERROR_CAPTCHA_UNSOLVABLE");
    }
    for nothing in ["OK|", r#"{"status":1,"request":""}"#] {
        assert!(matches!(read(&many, &profile, 200, nothing.as_bytes()), Reading::Unusable(_)), "{nothing}");
    }
}

#[test]
fn an_errand_can_ask_only_what_is_free() {
    for free in [FreeOperation::Poll { task: task() }, FreeOperation::Balance, FreeOperation::Threads] {
        let operation = Operation::from(free);
        assert!(operation.is_free_read() && !operation.is_billable() && !operation.is_report());
        let out = encoded(&operation, TEXT, &profile("twocaptcha"));
        assert!(out.body.is_empty() && out.target.starts_with(b"/res.php?key="));
    }
}

#[test]
fn prices_are_the_shipped_upper_ends_and_absence_is_no_price() {
    let price = |name: &str, method: &str| profile(name).price(method).map(Money::nanos);
    assert_eq!(price("twocaptcha", "userrecaptcha"), Some(2_990_000));
    assert_eq!(price("twocaptcha", "post"), Some(1_200_000));
    assert_eq!(price("twocaptcha", "funcaptcha"), None);
    assert_eq!(price("captchaai", "userrecaptcha"), Some(0));
    assert_eq!(price("captchaai", "hcaptcha"), None);
    assert_eq!(profile("rucaptcha").prices().count(), 0);
    for name in PROFILES {
        let profile = profile(name);
        assert_eq!((profile.name(), profile.task_deadline_ms()), (name, 600_000));
        assert!(profile.origin().starts_with("https://") && profile.methods().count() >= 10);
        assert_eq!(profile.pricing() == Pricing::Threads, name == "captchaai");
    }
    assert!(Profile::builtin("nobody").is_none());
}

#[test]
fn a_profile_with_an_unknown_field_or_a_free_task_is_refused() {
    let text = include_str!("../../src/profiles/twocaptcha.toml");
    assert!(Profile::parse(text).is_ok());
    for (from, to) in [
        ("solve_now = false", "solve_now = false\nextra = 1"),
        ("post = \"0.0012\"", "post = \"0\""),
        ("post = \"0.0012\"", "posted = \"0.0012\""),
        ("post = \"0.0012\"", "post = 0.0012"),
        ("\"10min\"", "\"0s\""),
        ("\"10min\"", "\"10h\""),
        ("[words]", "[words]\nX = \"nonsense\""),
        ("keys = \"one\"", ""),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(Profile::parse(&text.replace(from, to)).is_err(), "{to}");
    }
}
