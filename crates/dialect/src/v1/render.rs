//! How does the gate answer a caller? In the provider's language, always written anew (REFUSALS).

use tollgate_model::{DenialCode, FailureCode, Money, TaskId};

use crate::json;
use crate::operation::{AnswerForm, Operation};
use crate::profile::Profile;
use crate::reading::{Price, Reading, Refused, Said, Shown, Words};

/// Appends the provider's word for a denial of ours.
pub fn denial(profile: &Profile, code: DenialCode, form: AnswerForm, out: &mut Vec<u8>) {
    word(denial_word(profile, code), form, out);
}

/// Appends the provider's word for a failure.
pub fn failure(profile: &Profile, code: FailureCode, form: AnswerForm, out: &mut Vec<u8>) {
    word(failure_word(profile, code), form, out);
}

/// The provider's word for a denial of ours: one that is true, else one of our own.
pub fn denial_word(profile: &Profile, code: DenialCode) -> &str {
    let words = profile.refusals();
    match code {
        DenialCode::Unauthenticated | DenialCode::Expired | DenialCode::Revoked => "ERROR_KEY_DOES_NOT_EXIST",
        DenialCode::NetworkDenied => "ERROR_IP_NOT_ALLOWED",
        DenialCode::OutsideHours => "ERROR_TOLLGATE_OUTSIDE_HOURS",
        DenialCode::NotYetValid => "ERROR_TOLLGATE_NOT_YET_VALID",
        DenialCode::Paused => "ERROR_TOLLGATE_PAUSED",
        DenialCode::RateLimited | DenialCode::ConcurrencyLimited => &words.busy,
        DenialCode::CapReached | DenialCode::BalanceFloor => &words.spent,
        DenialCode::AmbiguousRequest | DenialCode::Malformed => "ERROR_BAD_PARAMETERS",
        DenialCode::OperationDenied => "ERROR_TOLLGATE_OPERATION_DENIED",
        DenialCode::CallbackDenied => "ERROR_TOLLGATE_CALLBACK_DENIED",
        DenialCode::NotOwner => "ERROR_WRONG_CAPTCHA_ID",
        DenialCode::Duplicate => "ERROR_TOLLGATE_DUPLICATE",
        DenialCode::Overloaded
        | DenialCode::AuditUnavailable
        | DenialCode::BooksUnavailable
        | DenialCode::SecretUnavailable
        | DenialCode::ClockSuspect => &words.trouble,
    }
}

/// The word for a failure. An answer that was withheld may have been bought: its word forbids to submit again.
pub fn failure_word(profile: &Profile, code: FailureCode) -> &str {
    match code {
        FailureCode::OutcomeUnknown | FailureCode::LeakWithheld => "ERROR_TOLLGATE_OUTCOME_UNKNOWN",
        FailureCode::UpstreamAccount => "ERROR_TOLLGATE_UPSTREAM_ACCOUNT",
        FailureCode::UpstreamUnreachable => &profile.refusals().trouble,
    }
}

/// Appends "the answer is not there yet".
pub fn not_ready(form: AnswerForm, out: &mut Vec<u8>) {
    word("CAPCHA_NOT_READY", form, out);
}

/// Appends a balance: dollars without the zeros at the end (`1.234`, `25`, `0`); an overdraft is `0`.
pub fn balance(left: Money, form: AnswerForm, out: &mut Vec<u8>) {
    let text = left.max(Money::ZERO).to_string();
    let text = text.trim_end_matches('0').trim_end_matches('.');
    accepted(text, form, out);
}

/// Appends threads and those at work: `{"status":1,"threads":"5","working_threads":"1"}`, strings as the provider has them.
/// The text form is `threads|working`; no provider documents one.
pub fn threads(threads: u32, working: u32, form: AnswerForm, out: &mut Vec<u8>) {
    let text = if form.json {
        format!("{{\"status\":1,\"threads\":\"{threads}\",\"working_threads\":\"{working}\"}}")
    } else {
        format!("{threads}|{working}")
    };
    out.extend_from_slice(text.as_bytes());
}

/// Appends the answers of several tasks in the order asked, joined by `|`; text without `OK|`.
pub fn many(parts: &[&[u8]], form: AnswerForm, out: &mut Vec<u8>) {
    let text = parts.join(&b'|');
    accepted(&String::from_utf8_lossy(&text), form, out);
}

/// Appends what a reading says to the caller: the answer as it came, the known word as it came, or what REFUSALS has for it.
///
/// `Balance` and `Threads` of the account are never shown: those are answered from the key's own allowance, so a reading of
/// them says that the answer is not usable.
pub fn reading(profile: &Profile, operation: &Operation<'_>, form: AnswerForm, reading: &Reading<'_>, out: &mut Vec<u8>) {
    let priced = matches!(operation, Operation::Poll { priced: true, .. });
    match reading {
        Reading::Submitted { said, .. } | Reading::Solved { said, .. } | Reading::SolvedNow { said, .. } => answer(said, form, false, out),
        Reading::Answer { said, .. } => answer(said, form, priced, out),
        Reading::Many(said) => loose(said, form, out),
        Reading::NotReady => not_ready(form, out),
        Reading::ReportTaken => accepted("OK_REPORT_RECORDED", form, out),
        Reading::Refused(refusal) => refused(profile, refusal, form, out),
        Reading::Unusable(_) if operation.is_free_read() => not_ready(form, out),
        Reading::Balance(_) | Reading::Threads { .. } | Reading::Unusable(_) => failure(profile, FailureCode::OutcomeUnknown, form, out),
    }
}

/// The id of a task that was taken, for a caller whose answer was lost on our side.
pub fn submitted(task: TaskId, form: AnswerForm, out: &mut Vec<u8>) {
    if form.json {
        accepted(task.as_str(), form, out);
    } else {
        out.extend_from_slice(b"OK|");
        out.extend_from_slice(task.as_str().as_bytes());
    }
}

fn refused(profile: &Profile, refusal: &Refused<'_>, form: AnswerForm, out: &mut Vec<u8>) {
    match refusal.shown() {
        Shown::AsItCame if form.json => {
            out.extend_from_slice(b"{\"status\":0,\"request\":");
            json::write_string(refusal.word, out);
            if let Some(text) = refusal.error_text {
                out.extend_from_slice(b",\"error_text\":");
                out.extend_from_slice(text.text);
            }
            out.push(b'}');
        }
        Shown::AsItCame => out.extend_from_slice(refusal.word.as_bytes()),
        Shown::UpstreamAccount => failure(profile, FailureCode::UpstreamAccount, form, out),
        Shown::OutcomeUnknown => failure(profile, FailureCode::OutcomeUnknown, form, out),
        Shown::Wait => word(&profile.refusals().trouble, form, out),
        Shown::NotReady => not_ready(form, out),
    }
}

fn word(word: &str, form: AnswerForm, out: &mut Vec<u8>) {
    if form.json {
        out.extend_from_slice(b"{\"status\":0,\"request\":");
        json::write_string(word, out);
        out.push(b'}');
    } else {
        out.extend_from_slice(word.as_bytes());
    }
}

/// A sentence that is accepted: text as it stands, JSON beside `"status":1`.
fn accepted(text: &str, form: AnswerForm, out: &mut Vec<u8>) {
    if form.json {
        out.extend_from_slice(b"{\"status\":1,\"request\":");
        json::write_string(text, out);
        out.push(b'}');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

fn answer(said: &Said<'_>, form: AnswerForm, priced: bool, out: &mut Vec<u8>) {
    let price = said.price.filter(|_| priced);
    if form.json {
        json_members(said, out);
        if let Some(price) = price {
            out.extend_from_slice(b",\"price\":");
            match price {
                Price::Text(text) => json::write_string(&String::from_utf8_lossy(text), out),
                Price::Json(raw) => out.extend_from_slice(raw.text),
            }
        }
        out.push(b'}');
        return;
    }
    out.extend_from_slice(b"OK|");
    out.extend_from_slice(&said.plain());
    if let Some(price) = price {
        out.push(b'|');
        out.extend_from_slice(&price.text());
    }
}

fn loose(said: &Said<'_>, form: AnswerForm, out: &mut Vec<u8>) {
    if form.json {
        json_members(said, out);
        out.push(b'}');
    } else {
        out.extend_from_slice(&said.plain());
    }
}

/// Writes an object up to its last member: values as they came, a text as a string.
fn json_members(said: &Said<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"status\":1");
    match &said.words {
        Words::Text(text) => {
            out.extend_from_slice(b",\"request\":");
            json::write_string(&String::from_utf8_lossy(text), out);
        }
        Words::Json(members) => {
            for (name, raw) in members {
                out.extend_from_slice(b",\"");
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"\":");
                out.extend_from_slice(raw.text);
            }
        }
    }
}
