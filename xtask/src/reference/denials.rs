//! Every code with which a request is turned away, its meaning, and what lifts it.

use std::fmt::Write as _;

use anyhow::Result;
use tollgate_model::{DenialCode, FailureCode};

const HEAD: &str = "# Denials and failures

<!-- made by `cargo xtask gen` from the codes of the model; do not edit -->

The code is the same in the header `Tollgate-Denied`, in the audit line (`tollgate.denied_by`) and in metrics. What each SDK shows
is in [operations/refusals](../operations/refusals.md).

## Denials: the gate said no, nothing was sent

| code | meaning | what lifts it |
| --- | --- | --- |
";
const FAILURES: &str = "
## Failures: something broke

| code | meaning | what to do |
| --- | --- | --- |
";

/// The page.
pub(super) fn page() -> Result<String> {
    let mut page = HEAD.to_owned();
    for code in DenialCode::ALL {
        let (meaning, remedy) = denial(*code);
        writeln!(page, "| `{code}` | {meaning} | {remedy} |")?;
    }
    page.push_str(FAILURES);
    for code in FailureCode::ALL {
        let (meaning, remedy) = failure(*code);
        writeln!(page, "| `{code}` | {meaning} | {remedy} |")?;
    }
    Ok(page)
}

fn denial(code: DenialCode) -> (&'static str, &'static str) {
    match code {
        DenialCode::Unauthenticated => {
            ("no credential, or none that the gate knows", "the right key; `tollgate trace -` says what a string is")
        }
        DenialCode::AmbiguousRequest => (
            "the request can be read in two ways: a parameter twice, an alias of one, two different keys",
            "send each parameter once, by its plain name",
        ),
        DenialCode::Malformed => ("the request cannot be read", "mend the request"),
        DenialCode::OperationDenied => (
            "the operation is not on the list, or not among the key's methods",
            "`tollgate key set K --methods …`, if the operation is one the gate knows",
        ),
        DenialCode::NetworkDenied => ("the address is not on the key's list", "`tollgate key set K --allow CIDR`"),
        DenialCode::OutsideHours => {
            ("outside the key's weekdays and hours", "wait for the opening hour, or `tollgate key set K --hours …`")
        }
        DenialCode::NotYetValid => ("before the key's first instant", "wait, or `tollgate key set K --not-before …`"),
        DenialCode::Expired => {
            ("after the key's last instant; outside it reads `unauthenticated`", "`tollgate key set K --expires …`, or a new key")
        }
        DenialCode::Revoked => ("withdrawn for good; outside it reads `unauthenticated`", "a new key"),
        DenialCode::Paused => ("the key, its team or the upstream is paused", "`tollgate key resume K`"),
        DenialCode::RateLimited => ("more submissions than the rate allows", "wait for `Retry-After`"),
        DenialCode::ConcurrencyLimited => {
            ("as many open tasks as the limit allows", "poll the open tasks, or wait for `Retry-After`: by then one is likely to end")
        }
        DenialCode::CapReached => {
            ("a cap in money or tasks is reached", "wait for its reset, or `tollgate key set K --cap …`; `tollgate why` says which cap")
        }
        DenialCode::BalanceFloor => ("the provider's balance is at the floor", "top up at the provider"),
        DenialCode::Duplicate => ("the `Idempotency-Key` came with another submission before", "a new key for each submission"),
        DenialCode::NotOwner => ("the task is another key's, or nobody's: the two look alike", "poll with the key that submitted"),
        DenialCode::CallbackDenied => ("the callback's host is not on the key's list", "`tollgate key set K --callbacks HOST`, or poll"),
        DenialCode::Overloaded => ("a budget of the gate (connections, bytes, calls in flight) is used up", "wait for `Retry-After`"),
        DenialCode::AuditUnavailable => ("the audit log cannot be written", "free or mend the disk of the state folder; `tollgate doctor`"),
        DenialCode::BooksUnavailable => ("the books cannot be reached", "mend the store; `tollgate doctor`"),
        DenialCode::SecretUnavailable => ("the real key cannot be had", "mend the key's source; `tollgate doctor`"),
        DenialCode::ClockSuspect => (
            "the clock is in doubt: it stepped back, or stands before the last line of the log",
            "set the clock (`tollgate doctor`); if it is the log that is wrong, `tollgate serve --accept-clock` once",
        ),
    }
}

fn failure(code: FailureCode) -> (&'static str, &'static str) {
    match code {
        FailureCode::OutcomeUnknown => (
            "sent, and no usable answer came: the task may have been bought, and its hold stays spent",
            "do not submit again without looking at the provider",
        ),
        FailureCode::UpstreamAccount => {
            ("the provider refused the account behind the gate: its key, address or balance", "the operator's business, not the caller's")
        }
        FailureCode::UpstreamUnreachable => ("nothing was sent: the provider could not be reached", "submit again; it costs nothing twice"),
        FailureCode::LeakWithheld => {
            ("the provider's answer held the live real key, and was withheld", "rotate the real key at the provider")
        }
    }
}
