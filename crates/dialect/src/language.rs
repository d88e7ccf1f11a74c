//! Which language does this provider speak? The one place where a profile's dialect is asked; whoever speaks goes through here.

use crate::incoming::Incoming;
use crate::misread::Misread;
use crate::operation::{AnswerForm, Call, Carried, Operation, Submit};
use crate::outgoing::{Boundary, Outgoing};
use crate::profile::{Dialect, Profile};
use crate::reading::Reading;
use crate::v1::encode::Asked;
use crate::{v1, v2};

/// The dialect has no call for this operation; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider's dialect has no call for this operation")]
pub struct Unspoken;

/// Reads one request to a provider of this profile as one operation, or says why not.
///
/// # Errors
/// `ambiguous_request` if it can be read in two ways, `malformed` if it cannot be read, `operation_denied` if it asks for
/// what is not on the list.
pub fn parse<'a>(profile: &Profile, incoming: &Incoming<'a>) -> Result<Call<'a>, Misread<'a>> {
    match profile.dialect() {
        Dialect::V1 => v1::parse(incoming),
        Dialect::V2 => v2::parse(incoming, profile),
    }
}

/// Guesses the form that a caller of this provider wants, for an answer to a request that is not or cannot be read.
pub fn guess_form(profile: &Profile, incoming: &Incoming<'_>) -> AnswerForm {
    match profile.dialect() {
        Dialect::V1 => v1::guess_form(incoming),
        Dialect::V2 => v2::FORM,
    }
}

/// The form of an answer to a caller that has not said which it wants.
pub const fn usual_form(profile: &Profile) -> AnswerForm {
    match profile.dialect() {
        Dialect::V1 => AnswerForm { json: false, header_acao: false },
        Dialect::V2 => v2::FORM,
    }
}

/// Writes an operation into `out`, whose buffers are cleared first. Buffers are sized before the key is written: no growth
/// leaves a copy of it behind.
///
/// # Errors
/// The dialect has no such call, and `out` is empty.
pub fn encode(
    operation: &Operation<'_>,
    form: AnswerForm,
    real_key: &[u8],
    profile: &Profile,
    boundary: &Boundary,
    out: &mut Outgoing,
) -> Result<(), Unspoken> {
    out.clear();
    let asked = Asked { form, real_key, boundary };
    let spoken = match (operation, profile.dialect()) {
        (Operation::Submit(submit), dialect) => submission(b"/in.php", submit, &asked, profile, dialect, out),
        (Operation::SolveNow(submit), Dialect::V1) => submission(b"/solve.php", submit, &asked, profile, Dialect::V1, out),
        (Operation::SolveNow(_), Dialect::V2) => false,
        (_, Dialect::V1) => {
            v1::encode::result(operation, form, real_key, profile, out);
            true
        }
        (_, Dialect::V2) => v2::encode::free(operation, real_key, profile, out),
    };
    if spoken { Ok(()) } else { Err(Unspoken) }
}

/// What was read in one dialect is said in that one only.
fn submission(path: &[u8], submit: &Submit<'_>, asked: &Asked<'_>, profile: &Profile, dialect: Dialect, out: &mut Outgoing) -> bool {
    match (&submit.carried, dialect) {
        (Carried::Form(form), Dialect::V1) => v1::encode::submission(path, submit, form, asked, out),
        (Carried::Task(task), Dialect::V2) => v2::encode::submission(task, submit.callback.as_ref(), asked.real_key, profile, out),
        (Carried::Form(_), Dialect::V2) | (Carried::Task(_), Dialect::V1) => return false,
    }
    true
}

/// Reads the provider's answer to an operation that was encoded with this profile.
pub fn read<'b>(operation: &Operation<'_>, profile: &Profile, status: u16, body: &'b [u8]) -> Reading<'b> {
    match profile.dialect() {
        Dialect::V1 => v1::read(operation, profile, status, body),
        Dialect::V2 => v2::read(operation, profile, status, body),
    }
}
