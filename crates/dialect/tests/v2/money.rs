//! What an answer means for the hold: only the provider's word returns money, and its `cost` settles exactly.

use tollgate_dialect::{Charged, FreeOperation, Operation, Reading, Shown, WordClass, read};
use tollgate_model::Money;

use crate::support::{PROFILES, Request, profile, rendered, task};

const POLL: fn() -> Operation<'static> = || Operation::Poll { task: task(), priced: true };

fn cost(name: &str, cost: &str) -> Option<Money> {
    let body = format!(r#"{{"errorId":0,"status":"ready","solution":{{"text":"a"}},"cost":{cost}}}"#);
    match read(&POLL(), &profile(name), 200, body.as_bytes()) {
        Reading::Answer { price, .. } => price,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_cost_of_an_answer_is_read_exactly_as_text_or_number() {
    for (text, nanos) in [(r#""0.000700""#, 700_000), ("0.0007", 700_000), (r#""0.00299""#, 2_990_000), ("7e-4", 700_000), (r#""0""#, 0)] {
        assert_eq!(cost("anticaptcha", text), Some(Money::from_nanos(nanos)), "{text}");
    }
    for text in [r#""-1""#, r#""free""#, "null", "{}", r#""""#] {
        assert_eq!(cost("anticaptcha", text), None, "{text}: settled at the hold");
    }
    assert_eq!(cost("capsolver", r#""0""#), None, "who does not say what a task cost is not believed that it was nothing");
}

#[test]
fn a_submission_is_taken_with_an_id_in_either_form_and_may_be_answered_at_once() {
    let request = Request::task("");
    let operation = request.call().operation;
    for (body, id) in [
        (r#"{"errorId":0,"taskId":7654321}"#, "7654321"),
        (
            r#"{"errorId":0,"errorCode":null,"errorDescription":"","taskId":"61138bb6-19fb-11ec-a9c8-0242ac110006","status":"idle"}"#,
            "61138bb6-19fb-11ec-a9c8-0242ac110006",
        ),
    ] {
        assert!(
            matches!(read(&operation, &profile("capsolver"), 200, body.as_bytes()), Reading::Submitted { task, .. } if task.as_str() == id)
        );
    }
    let ready = r#"{"errorId":0,"taskId":"61138bb6-19fb-11ec-a9c8-0242ac110006","status":"ready","solution":{"text":"44795sds"}}"#;
    let reading = read(&operation, &profile("capsolver"), 200, ready.as_bytes());
    assert!(matches!(&reading, Reading::Solved { task, price: None, .. } if task.as_str().starts_with("61138bb6")));
    assert_eq!(
        rendered("capsolver", |answering, out| answering.reading(&operation, &reading, out)),
        r#"{"errorId":0,"status":"ready","taskId":"61138bb6-19fb-11ec-a9c8-0242ac110006","solution":{"text":"44795sds"}}"#
    );
}

#[test]
fn what_is_not_exactly_an_answer_leaves_a_submission_unknown() {
    let request = Request::task("");
    let operation = request.call().operation;
    for (status, body) in [
        (200, ""),
        (200, "<html>"),
        (200, "OK|7654321"),
        (200, "[]"),
        (200, "{}"),
        (200, r#"{"taskId":1}"#),
        (200, r#"{"errorId":0}"#),
        (200, r#"{"errorId":0,"taskId":null}"#),
        (200, r#"{"errorId":0,"taskId":[1]}"#),
        (200, r#"{"errorId":0,"taskId":1,"taskId":2}"#),
        (200, r#"{"errorId":0,"errorCode":"ERROR_ZERO_BALANCE","taskId":1}"#),
        (200, r#"{"errorId":1}"#),
        (200, r#"{"errorId":-1,"errorCode":"ERROR_ZERO_BALANCE"}"#),
        (200, r#"{"errorId":1,"errorCode":"no word"}"#),
        (201, r#"{"errorId":0,"taskId":1}"#),
        (400, r#"{"errorId":0,"taskId":1}"#),
        (400, r#"{"errorId":1,"errorCode":"ERROR_OF_A_NEW_KIND"}"#),
        (500, r#"{"errorId":10,"errorCode":"ERROR_ZERO_BALANCE"}"#),
    ] {
        assert!(matches!(read(&operation, &profile("capsolver"), status, body.as_bytes()), Reading::Unusable(_)), "{status} {body}");
    }
}

#[test]
fn money_returns_on_words_that_are_said_before_any_work() {
    let request = Request::task("");
    let operation = request.call().operation;
    for (status, word, class, charged, shown) in [
        (200, "ERROR_KEY_DOES_NOT_EXIST", WordClass::Auth, Charged::No, Shown::UpstreamAccount),
        (401, "ERROR_KEY_DENIED_ACCESS", WordClass::Auth, Charged::No, Shown::UpstreamAccount),
        (200, "ERROR_ZERO_BALANCE", WordClass::AccountBudget, Charged::No, Shown::UpstreamAccount),
        (200, "ERROR_IP_NOT_ALLOWED", WordClass::AccountAddress, Charged::No, Shown::UpstreamAccount),
        (200, "ERROR_NO_SLOT_AVAILABLE", WordClass::NoSlot, Charged::No, Shown::AsItCame),
        (400, "ERROR_INVALID_TASK_DATA", WordClass::CallerFault, Charged::No, Shown::AsItCame),
        (200, "ERROR_RATE_LIMIT", WordClass::Rate, Charged::No, Shown::Wait),
        (400, "ERROR_SERVICE_UNAVALIABLE", WordClass::Transient, Charged::Unknown, Shown::OutcomeUnknown),
        (200, "ERROR_OF_A_NEW_KIND", WordClass::Unknown, Charged::Unknown, Shown::OutcomeUnknown),
        // charged at both: five workers tried, or nobody knows
        (200, "ERROR_CAPTCHA_UNSOLVABLE", WordClass::Unsolvable, Charged::Yes, Shown::AsItCame),
    ] {
        let body = format!(r#"{{"errorId":1,"errorCode":"{word}","errorDescription":"d"}}"#);
        for name in PROFILES {
            match read(&operation, &profile(name), status, body.as_bytes()) {
                Reading::Refused(refused) => {
                    assert_eq!((refused.class, refused.charged, refused.shown()), (class, charged, shown), "{name} {word}");
                }
                other => panic!("{word}: {other:?}"),
            }
        }
    }
}

#[test]
fn an_unsolvable_task_is_over_and_was_charged() {
    let body = br#"{"errorId":12,"errorCode":"ERROR_CAPTCHA_UNSOLVABLE","errorDescription":"Captcha unsolvable"}"#;
    match read(&POLL(), &profile("anticaptcha"), 200, body) {
        Reading::Refused(refused) => assert_eq!((refused.charged, refused.ends_task), (Charged::Yes, true)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_poll_is_not_ready_until_it_is() {
    for body in [
        r#"{"errorId":0,"status":"processing"}"#,
        r#"{"errorId":0,"status":"idle","taskId":"x"}"#,
        r#"{"errorCode":null,"errorDescription":null,"errorId":0,"status":"processing"}"#,
        r#"{"errorId":1,"errorCode":"CAPTCHA_NOT_READY"}"#,
    ] {
        for name in PROFILES {
            let reading = read(&POLL(), &profile(name), 200, body.as_bytes());
            assert!(matches!(reading, Reading::NotReady), "{body}");
            assert_eq!(
                rendered(name, |answering, out| answering.reading(&POLL(), &reading, out)),
                r#"{"errorId":0,"status":"processing"}"#
            );
        }
    }
    // trouble on a poll of a paid task reads the same
    for (status, body) in [
        (500, "{}"),
        (200, ""),
        (200, r#"{"errorId":1,"errorCode":"ERROR_KEY_DOES_NOT_EXIST"}"#),
        (200, r#"{"errorId":0,"status":"ready"}"#),
    ] {
        let reading = read(&POLL(), &profile("anticaptcha"), status, body.as_bytes());
        assert_eq!(
            rendered("anticaptcha", |answering, out| answering.reading(&POLL(), &reading, out)),
            r#"{"errorId":0,"status":"processing"}"#
        );
    }
}

#[test]
fn an_answer_goes_on_as_it_came_without_the_gates_own_address() {
    let body = br#"{"errorId":0,"status":"ready","solution":{"text":"deditur","url":"http://61.39.233.233/1/147220556452507.jpg"},"cost":"0.000700","ip":"46.98.54.221","createTime":1472205564,"endTime":1472205570,"solveCount":"0","account":"x"}"#;
    let reading = read(&POLL(), &profile("anticaptcha"), 200, body);
    assert_eq!(
        rendered("anticaptcha", |answering, out| answering.reading(&POLL(), &reading, out)),
        r#"{"errorId":0,"status":"ready","solution":{"text":"deditur","url":"http://61.39.233.233/1/147220556452507.jpg"},"cost":"0.000700","ip":"","createTime":1472205564,"endTime":1472205570,"solveCount":"0"}"#
    );
}

#[test]
fn the_accounts_balance_is_read_for_the_gate_and_shown_to_nobody() {
    let body = br#"{"errorId":0,"balance":12.3456,"captchaCredits":85000,"packages":[{"token":"CAP-1234"}]}"#;
    let operation = Operation::from(FreeOperation::Balance);
    let reading = read(&operation, &profile("capsolver"), 200, body);
    assert!(matches!(reading, Reading::Balance(money) if money == Money::parse("12.3456").unwrap()));
    let shown = rendered("capsolver", |answering, out| answering.reading(&operation, &reading, out));
    assert!(shown.contains("ERROR_TOLLGATE_OUTCOME_UNKNOWN") && !shown.contains("CAP-") && !shown.contains("12.3"), "{shown}");
}

#[test]
fn every_shipped_price_is_of_a_known_type_and_no_task_is_free() {
    for name in PROFILES {
        let profile = profile(name);
        assert!(profile.prices().count() > 3);
        for (kind, price) in profile.prices() {
            assert!(profile.knows(kind) && price > Money::ZERO, "{name} {kind}");
        }
        assert!(!profile.refunds_unsolvable());
    }
}
