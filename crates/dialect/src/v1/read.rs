//! What did the provider answer? A typed outcome; whatever is not exactly an answer is unusable.

mod body;
mod part;

use std::borrow::Cow;

use crate::operation::Operation;
use crate::profile::Profile;
use crate::reading::{Reading, Refused, Said, Words};
use crate::v1::words;
use crate::words::WordClass;
use body::Body;

pub use part::Part;

/// Reads the provider's answer to an operation that was encoded with this profile.
///
/// Text and JSON are both understood whichever was asked for, since providers refuse in text even when asked for JSON. The
/// content type proves nothing (PHP says `text/html` of everything) and is not looked at. Only 200, and 4xx with a known
/// word, are answers.
///
/// Money: after a submission, a known word that is said before any work (`Auth`, `AccountBudget`, `AccountAddress`,
/// `NoSlot`, `CallerFault`, `Rate`) is a definite refusal, and the hold returns. The provider's own trouble, a word that is
/// not on the list and everything unusable leave the outcome unknown, and the hold stays.
pub fn read<'b>(operation: &Operation<'_>, profile: &Profile, status: u16, body: &'b [u8]) -> Reading<'b> {
    let priced = matches!(operation, Operation::Poll { .. }) && profile.priced_poll();
    let body = match Body::read(body, priced) {
        Ok(body) => body,
        Err(reason) => return Reading::Unusable(reason),
    };
    let refused = body.word().and_then(words::find);
    match (status, refused) {
        (200 | 400..=499, Some((word, class))) if class != WordClass::Unknown || status == 200 => {
            Reading::Refused(Refused::of(operation, profile, word, class).with_text(body.error_text()))
        }
        (200, _) => outcome(operation, body),
        _ => Reading::Unusable("a status that is not 200"),
    }
}

fn outcome<'b>(operation: &Operation<'_>, body: Body<'b>) -> Reading<'b> {
    match operation {
        Operation::Submit(_) => match body.accepted().and_then(|said| Some((said.task()?, said))) {
            Some((task, said)) => Reading::Submitted { task, said },
            None => Reading::Unusable("no task id where one belongs"),
        },
        Operation::SolveNow(_) => match body.accepted() {
            Some(said) => Reading::SolvedNow { price: said.money(), said },
            None => Reading::Unusable("no answer where one belongs"),
        },
        Operation::Poll { .. } if body.word().is_some_and(words::is_not_ready) => Reading::NotReady,
        Operation::Poll { .. } => match body.accepted() {
            Some(said) => Reading::Answer { price: said.money(), said },
            None => Reading::Unusable("neither an answer nor a word"),
        },
        // as many answers as tasks, or it is something else
        Operation::PollMany { tasks } => {
            body.loose().filter(|said| said.count() == tasks.len()).map_or(Reading::Unusable("no answers where some belong"), Reading::Many)
        }
        Operation::Balance => body.balance().map_or(Reading::Unusable("a balance that is no amount"), Reading::Balance),
        Operation::Threads => match body.threads() {
            Some((threads, working)) => Reading::Threads { threads, working },
            None => Reading::Unusable("no threads where some belong"),
        },
        Operation::Report { .. } if body.word() == Some(b"OK_REPORT_RECORDED") => Reading::ReportTaken,
        Operation::Report { .. } => Reading::Unusable("neither a receipt nor a word"),
    }
}

impl<'b> Said<'b> {
    /// How many texts stand between its `|`.
    fn count(&self) -> usize {
        let bars = |text: &[u8]| memchr::memchr_iter(b'|', text).count() + 1;
        match &self.words {
            Words::Text(text) => bars(text),
            Words::Json(members) => members.first().and_then(|(_, raw)| raw.scalar()).map_or(0, |text| bars(&text)),
        }
    }

    /// The texts of `count` tasks in the order asked, split at `|`; nothing if there are more or fewer, or it was not text.
    pub fn parts(&self, count: usize) -> Option<Vec<&'b [u8]>> {
        let text = match &self.words {
            Words::Text(text) => *text,
            Words::Json(members) => match members.first()? {
                ("request", raw) => match raw.scalar()? {
                    Cow::Borrowed(text) => text,
                    Cow::Owned(_) => return None,
                },
                _ => return None,
            },
        };
        let parts: Vec<&[u8]> = text.split(|byte| *byte == b'|').collect();
        (parts.len() == count).then_some(parts)
    }
}
