//! Every cell of REFUSALS: what a caller reads when the answer is no.

use tollgate_dialect::{Operation, read};
use tollgate_model::{Denial, DenialCode, FailureCode, Money};

use crate::support::{ID, PROFILES, Request, rendered, task};

fn cell(code: DenialCode) -> (u16, &'static str) {
    use DenialCode as D;
    match code {
        D::Unauthenticated | D::Expired | D::Revoked => (1, "ERROR_KEY_DOES_NOT_EXIST"),
        D::NetworkDenied => (11, "ERROR_IP_NOT_ALLOWED"),
        D::OutsideHours => (1, "ERROR_TOLLGATE_OUTSIDE_HOURS"),
        D::NotYetValid => (1, "ERROR_TOLLGATE_NOT_YET_VALID"),
        D::Paused => (1, "ERROR_TOLLGATE_PAUSED"),
        D::CapReached | D::BalanceFloor => (10, "ERROR_ZERO_BALANCE"),
        D::AmbiguousRequest | D::Malformed => (110, "ERROR_BAD_PARAMETERS"),
        D::OperationDenied | D::CallbackDenied => (14, "ERROR_NO_SUCH_METHOD"),
        D::NotOwner => (16, "ERROR_NO_SUCH_CAPCHA_ID"),
        D::Duplicate => (1, "ERROR_TOLLGATE_DUPLICATE"),
        D::RateLimited
        | D::ConcurrencyLimited
        | D::Overloaded
        | D::AuditUnavailable
        | D::BooksUnavailable
        | D::SecretUnavailable
        | D::ClockSuspect => (2, "ERROR_NO_SLOT_AVAILABLE"),
    }
}

fn read_back(text: &str) -> (u16, String, String) {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let text = |name: &str| value[name].as_str().unwrap().to_owned();
    (value["errorId"].as_u64().unwrap().try_into().unwrap(), text("errorCode"), text("errorDescription"))
}

#[test]
fn every_denial_has_its_number_its_word_and_a_sentence_with_the_requests_id() {
    for name in PROFILES {
        for code in DenialCode::ALL {
            let denial = Denial::new(*code, "a reason with \"quotes\"");
            let (number, word, sentence) = read_back(&rendered(name, |answering, out| answering.denial(&denial, out)));
            assert_eq!((number, &*word), cell(*code), "{name} {code}");
            assert!(sentence.ends_with(&format!(" (request {ID})")), "{sentence}");
            let about_the_request = matches!(
                code,
                DenialCode::AmbiguousRequest | DenialCode::Malformed | DenialCode::OperationDenied | DenialCode::CallbackDenied
            );
            assert_eq!(sentence.contains("quotes"), about_the_request, "{code}: a reason may tell a stranger too much");
        }
    }
}

#[test]
fn i_14_an_unknown_an_expired_and_a_revoked_key_read_alike() {
    let said = |code| rendered("anticaptcha", |answering, out| answering.denial(&Denial::new(code, format!("{code}")), out));
    assert_eq!(said(DenialCode::Unauthenticated), said(DenialCode::Expired));
    assert_eq!(said(DenialCode::Unauthenticated), said(DenialCode::Revoked));
}

#[test]
fn every_failure_has_its_word() {
    for code in FailureCode::ALL {
        let wanted = match code {
            FailureCode::OutcomeUnknown | FailureCode::LeakWithheld => (1, "ERROR_TOLLGATE_OUTCOME_UNKNOWN"),
            FailureCode::UpstreamAccount => (1, "ERROR_TOLLGATE_UPSTREAM_ACCOUNT"),
            FailureCode::UpstreamUnreachable => (2, "ERROR_NO_SLOT_AVAILABLE"),
        };
        let (number, word, _) = read_back(&rendered("anticaptcha", |answering, out| answering.failure(*code, out)));
        assert_eq!((number, &*word), wanted, "{code}");
    }
}

#[test]
fn the_providers_word_about_the_task_arrives_as_it_came() {
    let request = Request::task("");
    let operation = request.call().operation;
    for (body, wanted) in [
        (
            r#"{"errorId":31,"errorCode":"ERROR_RECAPTCHA_INVALID_SITEKEY","errorDescription":"Your \u0073itekey"}"#,
            r#"{"errorId":31,"errorCode":"ERROR_RECAPTCHA_INVALID_SITEKEY","errorDescription":"Your sitekey"}"#,
        ),
        // a description is read unasked by SDKs: there is always one
        (
            r#"{"errorId":1,"errorCode":"ERROR_INVALID_TASK_DATA"}"#,
            r#"{"errorId":1,"errorCode":"ERROR_INVALID_TASK_DATA","errorDescription":"ERROR_INVALID_TASK_DATA"}"#,
        ),
    ] {
        let reading = read(&operation, &crate::support::profile("anticaptcha"), 200, body.as_bytes());
        assert_eq!(rendered("anticaptcha", |answering, out| answering.reading(&operation, &reading, out)), wanted);
    }
    let report = Operation::Report { task: task(), good: false, verb: tollgate_dialect::Verb::ReportIncorrectRecaptcha };
    let taken = read(&report, &crate::support::profile("anticaptcha"), 200, br#"{"errorId":0,"status":"success"}"#);
    assert_eq!(rendered("anticaptcha", |answering, out| answering.reading(&report, &taken, out)), r#"{"errorId":0,"status":"success"}"#);
}

#[test]
fn bu_31_a_balance_is_a_number_of_dollars() {
    for (nanos, text) in
        [(1_234_000_000, "1.234"), (25_000_000_000, "25"), (100_000_000_000, "100"), (0, "0"), (-5, "0"), (1, "0.000000001")]
    {
        let shown = rendered("anticaptcha", |answering, out| answering.balance(Money::from_nanos(nanos), out));
        assert_eq!(shown, format!(r#"{{"errorId":0,"balance":{text}}}"#));
    }
}
