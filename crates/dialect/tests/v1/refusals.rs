//! Every cell of REFUSALS: what a caller reads when the answer is no.

use tollgate_dialect::v1::{Operation, read, render};
use tollgate_model::{DenialCode, FailureCode, Money, TaskId};

use crate::support::{JSON, KEY, PROFILES, Request, TEXT, profile};

/// The word in both columns: CaptchaAI's profile, 2Captcha's family.
fn words(code: DenialCode) -> [&'static str; 2] {
    use DenialCode as D;
    let same = |word| [word, word];
    match code {
        D::Unauthenticated | D::Expired | D::Revoked => same("ERROR_KEY_DOES_NOT_EXIST"),
        D::NetworkDenied => same("ERROR_IP_NOT_ALLOWED"),
        D::OutsideHours => same("ERROR_TOLLGATE_OUTSIDE_HOURS"),
        D::NotYetValid => same("ERROR_TOLLGATE_NOT_YET_VALID"),
        D::Paused => same("ERROR_TOLLGATE_PAUSED"),
        D::RateLimited | D::ConcurrencyLimited => ["ERROR_ZERO_BALANCE", "ERROR_NO_SLOT_AVAILABLE"],
        D::CapReached | D::BalanceFloor => ["ERROR_TOLLGATE_CAP_REACHED", "ERROR_ZERO_BALANCE"],
        D::AmbiguousRequest | D::Malformed => same("ERROR_BAD_PARAMETERS"),
        D::OperationDenied => same("ERROR_TOLLGATE_OPERATION_DENIED"),
        D::CallbackDenied => same("ERROR_TOLLGATE_CALLBACK_DENIED"),
        D::NotOwner => same("ERROR_WRONG_CAPTCHA_ID"),
        D::Duplicate => same("ERROR_TOLLGATE_DUPLICATE"),
        D::Overloaded | D::AuditUnavailable | D::BooksUnavailable | D::SecretUnavailable | D::ClockSuspect => {
            ["ERROR_SERVER_ERROR", "ERROR_NO_SLOT_AVAILABLE"]
        }
    }
}

fn rendered(write: impl Fn(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn every_denial_has_its_word_in_every_profile_and_form() {
    for (column, names) in [(0, &["captchaai"][..]), (1, &["twocaptcha", "rucaptcha"])] {
        for name in names {
            let profile = profile(name);
            for code in DenialCode::ALL {
                let word = words(*code)[column];
                assert_eq!(rendered(|out| render::denial(&profile, *code, TEXT, out)), word, "{name} {code}");
                let json = format!(r#"{{"status":0,"request":"{word}"}}"#);
                assert_eq!(rendered(|out| render::denial(&profile, *code, JSON, out)), json, "{name} {code}");
            }
        }
    }
}

#[test]
fn every_failure_has_its_word_in_every_profile() {
    for (name, trouble) in
        [("captchaai", "ERROR_SERVER_ERROR"), ("twocaptcha", "ERROR_NO_SLOT_AVAILABLE"), ("rucaptcha", "ERROR_NO_SLOT_AVAILABLE")]
    {
        for code in FailureCode::ALL {
            let word = match code {
                FailureCode::OutcomeUnknown | FailureCode::LeakWithheld => "ERROR_TOLLGATE_OUTCOME_UNKNOWN",
                FailureCode::UpstreamAccount => "ERROR_TOLLGATE_UPSTREAM_ACCOUNT",
                FailureCode::UpstreamUnreachable => trouble,
            };
            assert_eq!(rendered(|out| render::failure(&profile(name), *code, TEXT, out)), word, "{name} {code}");
        }
    }
}

#[test]
fn words_that_sdks_misread_are_never_used() {
    for name in PROFILES {
        let profile = profile(name);
        for code in DenialCode::ALL {
            assert!(render::denial_word(&profile, *code).starts_with("ERROR_"), "{name} {code}");
        }
        for word in ["IP_BANNED", "MAX_USER_TURN", "ERROR: 1001"] {
            let request = Request::get(&format!("/in.php?key={KEY}&method=post"));
            let call = request.call();
            let reading = read(&call.operation, &profile, 200, word.as_bytes());
            let shown = rendered(|out| render::reading(&profile, &call.operation, TEXT, &reading, out));
            assert!(shown.starts_with("ERROR_"), "{word} → {shown}");
        }
    }
}

#[test]
fn bu_31_a_balance_is_plain_dollars() {
    for (nanos, text) in [
        (1_234_000_000, "1.234"),
        (25_000_000_000, "25"),
        (100_000_000_000, "100"),
        (0, "0"),
        (-5, "0"),
        (1, "0.000000001"),
        (500_000_000, "0.5"),
    ] {
        let money = Money::from_nanos(nanos);
        assert_eq!(rendered(|out| render::balance(money, TEXT, out)), text);
        assert_eq!(rendered(|out| render::balance(money, JSON, out)), format!(r#"{{"status":1,"request":"{text}"}}"#));
    }
}

#[test]
fn threads_not_ready_many_and_ids_have_the_providers_forms() {
    assert_eq!(rendered(|out| render::threads(5, 1, JSON, out)), r#"{"status":1,"threads":"5","working_threads":"1"}"#);
    assert_eq!(rendered(|out| render::threads(5, 5, TEXT, out)), "5|5");
    assert_eq!(rendered(|out| render::not_ready(TEXT, out)), "CAPCHA_NOT_READY");
    assert_eq!(rendered(|out| render::not_ready(JSON, out)), r#"{"status":0,"request":"CAPCHA_NOT_READY"}"#);
    assert_eq!(rendered(|out| render::many(&[b"a\"b", b"CAPCHA_NOT_READY"], TEXT, out)), "a\"b|CAPCHA_NOT_READY");
    assert_eq!(rendered(|out| render::many(&[b"a\"b", b"c"], JSON, out)), r#"{"status":1,"request":"a\"b|c"}"#);
    let task = TaskId::parse(b"2122988149").unwrap();
    assert_eq!(rendered(|out| render::submitted(task, TEXT, out)), "OK|2122988149");
    assert_eq!(rendered(|out| render::submitted(task, JSON, out)), r#"{"status":1,"request":"2122988149"}"#);
}

#[test]
fn the_accounts_own_balance_and_threads_are_never_shown() {
    let profile = profile("twocaptcha");
    for (operation, body) in [(Operation::Balance, "9.5"), (Operation::Threads, r#"{"status":1,"threads":"50","working_threads":"7"}"#)] {
        let reading = read(&operation, &profile, 200, body.as_bytes());
        let shown = rendered(|out| render::reading(&profile, &operation, TEXT, &reading, out));
        assert_eq!(shown, "ERROR_TOLLGATE_OUTCOME_UNKNOWN");
    }
}
