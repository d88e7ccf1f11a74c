//! How does the gate answer a caller? In the provider's language, always written anew (REFUSALS).

use tollgate_model::{Denial, DenialCode, FailureCode, Money, RequestId, TaskId};

use super::words;
use crate::json::{write_string, write_value};
use crate::operation::Operation;
use crate::profile::{Profile, TaskIds};
use crate::reading::{Reading, Refused, Said, Shown, Words};

/// Appends the provider's word for a denial of ours, with one sentence and the request's id.
pub fn denial(profile: &Profile, denial: &Denial, id: RequestId, out: &mut Vec<u8>) {
    word(denial_word(profile, denial.code), sentence(denial), id, out);
}

/// Appends the provider's word for a failure, with one sentence and the request's id.
pub fn failure(profile: &Profile, code: FailureCode, id: RequestId, out: &mut Vec<u8>) {
    let (said, sentence) = match code {
        FailureCode::OutcomeUnknown | FailureCode::LeakWithheld => {
            ("ERROR_TOLLGATE_OUTCOME_UNKNOWN", "sent, and no usable answer came: it may have been bought, so do not submit it again")
        }
        FailureCode::UpstreamAccount => {
            ("ERROR_TOLLGATE_UPSTREAM_ACCOUNT", "the provider refused the account behind the gate: its operator knows")
        }
        FailureCode::UpstreamUnreachable => {
            (&*profile.refusals().trouble, "nothing was sent, since the provider could not be reached: try again later")
        }
    };
    word(said, sentence, id, out);
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
        DenialCode::OperationDenied | DenialCode::CallbackDenied => "ERROR_NO_SUCH_METHOD",
        DenialCode::NotOwner => "ERROR_NO_SUCH_CAPCHA_ID",
        DenialCode::Duplicate => "ERROR_TOLLGATE_DUPLICATE",
        DenialCode::Overloaded
        | DenialCode::AuditUnavailable
        | DenialCode::BooksUnavailable
        | DenialCode::SecretUnavailable
        | DenialCode::ClockSuspect => &words.trouble,
    }
}

/// What a person reads. Of what the caller itself wrote, the reason as it is; of everything else one sentence that says no more
/// than the code, since a reason may tell a stranger whether its key was ever one.
fn sentence(denial: &Denial) -> &str {
    match denial.code {
        DenialCode::AmbiguousRequest | DenialCode::Malformed | DenialCode::OperationDenied | DenialCode::CallbackDenied => &denial.reason,
        DenialCode::Unauthenticated | DenialCode::Expired | DenialCode::Revoked => "no key that the gate knows",
        DenialCode::NetworkDenied => "this key may not be used from this address",
        DenialCode::OutsideHours => "outside the hours of this key",
        DenialCode::NotYetValid => "this key is not valid yet",
        DenialCode::Paused => "this key is paused",
        DenialCode::RateLimited => "more than is allowed for now: wait",
        DenialCode::ConcurrencyLimited => "as many open tasks as allowed: poll them, or wait",
        DenialCode::CapReached => "the allowance is used up: `tollgate why` says when it resets",
        DenialCode::BalanceFloor => "the account's balance is at its floor",
        DenialCode::NotOwner => "no task of this key has this id",
        DenialCode::Duplicate => "this `Idempotency-Key` came with another submission before",
        DenialCode::Overloaded
        | DenialCode::AuditUnavailable
        | DenialCode::BooksUnavailable
        | DenialCode::SecretUnavailable
        | DenialCode::ClockSuspect => "nothing was sent, for a trouble of the gate's own: try again later",
    }
}

/// Appends "the answer is not there yet".
pub fn not_ready(out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"errorId\":0,\"status\":\"processing\"}");
}

/// Appends a balance, a number without the zeros at its end; an overdraft is `0`.
pub fn balance(left: Money, out: &mut Vec<u8>) {
    let text = left.max(Money::ZERO).to_string();
    out.extend_from_slice(b"{\"errorId\":0,\"balance\":");
    out.extend_from_slice(text.trim_end_matches('0').trim_end_matches('.').as_bytes());
    out.push(b'}');
}

/// Appends what a reading says to the caller: the answer as it came, the known word as it came, or what REFUSALS has for it.
///
/// A balance of the account is never shown: it is answered from the key's own allowance.
pub fn reading(profile: &Profile, operation: &Operation<'_>, reading: &Reading<'_>, id: RequestId, out: &mut Vec<u8>) {
    match reading {
        Reading::Submitted { said, .. } | Reading::Solved { said, .. } | Reading::Answer { said, .. } => answer(said, out),
        Reading::NotReady => not_ready(out),
        Reading::ReportTaken => out.extend_from_slice(b"{\"errorId\":0,\"status\":\"success\"}"),
        Reading::Refused(refusal) => refused(profile, refusal, id, out),
        Reading::Unusable(_) if operation.is_free_read() => not_ready(out),
        Reading::SolvedNow { .. } | Reading::Many(_) | Reading::Balance(_) | Reading::Threads { .. } | Reading::Unusable(_) => {
            failure(profile, FailureCode::OutcomeUnknown, id, out);
        }
    }
}

/// Appends the id of a task that was taken, as the provider writes ids.
pub fn submitted(profile: &Profile, task: TaskId, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"errorId\":0,\"taskId\":");
    match profile.v2().map(|v2| v2.task_ids) {
        Some(TaskIds::Number) => out.extend_from_slice(task.as_str().as_bytes()),
        Some(TaskIds::Text) | None => write_string(task.as_str(), out),
    }
    out.push(b'}');
}

fn answer(said: &Said<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"errorId\":0");
    let members = match &said.words {
        Words::Json(members) => &members[..],
        Words::Text(_) => &[],
    };
    for (name, raw) in members {
        out.push(b',');
        write_string(name, out);
        out.push(b':');
        // the address that submitted the task is the gate's (PROTOCOLS 0.12)
        if *name == "ip" { out.extend_from_slice(b"\"\"") } else { write_value(*raw, out) }
    }
    out.push(b'}');
}

fn refused(profile: &Profile, refusal: &Refused<'_>, id: RequestId, out: &mut Vec<u8>) {
    match refusal.shown() {
        Shown::AsItCame => {
            begin(refusal.number.unwrap_or_else(|| words::number(refusal.word)), refusal.word, out);
            match refusal.error_text {
                Some(text) => write_value(text, out),
                None => write_string(refusal.word, out),
            }
            out.push(b'}');
        }
        Shown::UpstreamAccount => failure(profile, FailureCode::UpstreamAccount, id, out),
        Shown::OutcomeUnknown => failure(profile, FailureCode::OutcomeUnknown, id, out),
        Shown::Wait => word(&profile.refusals().trouble, "the provider asks to wait; nothing was bought", id, out),
        Shown::NotReady => not_ready(out),
    }
}

fn word(word: &str, sentence: &str, id: RequestId, out: &mut Vec<u8>) {
    begin(words::number(word), word, out);
    write_string(&format!("{sentence} (request {id})"), out);
    out.push(b'}');
}

/// Up to the description, whose name stands already: SDKs read it unasked.
fn begin(number: u16, word: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{{\"errorId\":{number},\"errorCode\":").as_bytes());
    write_string(word, out);
    out.extend_from_slice(b",\"errorDescription\":");
}
