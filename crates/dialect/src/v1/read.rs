//! What did the provider answer? A typed outcome; whatever is not exactly an answer is unusable.

mod body;
mod part;

use std::borrow::Cow;

use smallvec::SmallVec;
use tollgate_model::{Money, TaskId};

use crate::json::Raw;
use crate::profile::Profile;
use crate::v1::operation::Operation;
use crate::v1::words::{self, WordClass};
use body::Body;

pub use part::Part;

/// What the provider answered.
#[derive(Debug)]
pub enum Reading<'b> {
    /// The task was taken.
    Submitted {
        /// Its id.
        task: TaskId,
        /// The id as it was said (a string or a number in JSON).
        said: Said<'b>,
    },
    /// `solve.php`: the task was taken and this is its answer.
    SolvedNow {
        /// What it cost, where that is said.
        price: Option<Money>,
        /// The answer.
        said: Said<'b>,
    },
    /// The task is being worked on.
    NotReady,
    /// The task's answer.
    Answer {
        /// What it cost, where that is said.
        price: Option<Money>,
        /// The answer.
        said: Said<'b>,
    },
    /// The answers of several tasks.
    Many(Said<'b>),
    /// The account's balance; a negative one is an overdraft.
    Balance(Money),
    /// The account's threads.
    Threads {
        /// All of the plan.
        threads: u32,
        /// Those at work.
        working: u32,
    },
    /// The report is recorded.
    ReportTaken,
    /// A word of refusal.
    Refused(Refused<'b>),
    /// Nothing that can be relied on; after a submission nobody knows whether it was bought.
    Unusable(&'static str),
}

/// What was said, as it was said: rendered anew, word by word, in the caller's form.
#[derive(Debug)]
pub struct Said<'b> {
    pub(crate) words: Words<'b>,
    pub(crate) price: Option<Price<'b>>,
}

/// The price as it was said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Price<'b> {
    /// The last field of a text.
    Text(&'b [u8]),
    /// A string or a number.
    Json(Raw<'b>),
}

impl<'b> Price<'b> {
    /// It without quotes.
    pub(crate) fn text(&self) -> Cow<'b, [u8]> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Json(raw) => raw.scalar().unwrap_or_default(),
        }
    }
}

#[derive(Debug)]
pub(crate) enum Words<'b> {
    /// What stood behind `OK|`, without the price.
    Text(&'b [u8]),
    /// The members that go on.
    Json(SmallVec<[(&'static str, Raw<'b>); 4]>),
}

/// A refusal in the provider's words.
#[derive(Debug)]
pub struct Refused<'b> {
    /// The word; one of the known list unless the class is `Unknown`. Plain, at most 64 bytes: fit for a record.
    pub word: &'b str,
    /// What it is about.
    pub class: WordClass,
    /// What it says about the hold.
    pub charged: Charged,
    /// Whether the task polled is over and will have no answer.
    pub ends_task: bool,
    pub(crate) error_text: Option<Raw<'b>>,
    pub(crate) shown: Shown,
}

/// Whether a refusal cost money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charged {
    /// It cost nothing: the provider did no work, or gives the money back.
    No,
    /// It cost the price.
    Yes,
    /// It does not say; the hold stays.
    Unknown,
}

/// What the caller is shown of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The word itself.
    AsItCame,
    /// That the provider refused the operator, not the caller (`upstream_account`).
    UpstreamAccount,
    /// The word for "nothing was bought, wait".
    Wait,
    /// That nobody knows whether it was bought (`outcome_unknown`).
    OutcomeUnknown,
    /// That the answer is not there yet: a fatal word would destroy a paid answer.
    NotReady,
}

impl Refused<'_> {
    /// What the caller is shown.
    pub const fn shown(&self) -> Shown {
        self.shown
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
            Reading::Refused(refusal(operation, profile, word, class, body.error_text()))
        }
        (200, _) => outcome(operation, body),
        _ => Reading::Unusable("a status that is not 200"),
    }
}

fn refusal<'b>(operation: &Operation<'_>, profile: &Profile, word: &'b str, class: WordClass, error_text: Option<Raw<'b>>) -> Refused<'b> {
    let class = profile.class_of(word).unwrap_or(class);
    let polled = matches!(operation, Operation::Poll { .. } | Operation::PollMany { .. });
    let charged = charged(operation, profile, class);
    let ends_task = polled && matches!(class, WordClass::Unsolvable | WordClass::TaskFault | WordClass::CallerFault);
    let shown = if operation.is_billable() { shown_of_submission(class, charged) } else { shown_of_free(class, polled) };
    Refused { word, class, charged, ends_task, error_text, shown }
}

fn charged(operation: &Operation<'_>, profile: &Profile, class: WordClass) -> Charged {
    match class {
        WordClass::Unsolvable if operation.is_report() => Charged::Unknown,
        WordClass::Unsolvable if profile.refunds_unsolvable() => Charged::No,
        WordClass::Unsolvable => Charged::Yes,
        WordClass::Auth
        | WordClass::AccountBudget
        | WordClass::AccountAddress
        | WordClass::NoSlot
        | WordClass::CallerFault
        | WordClass::Rate
            if operation.is_billable() =>
        {
            Charged::No
        }
        WordClass::Auth
        | WordClass::AccountBudget
        | WordClass::AccountAddress
        | WordClass::NoSlot
        | WordClass::CallerFault
        | WordClass::Rate
        | WordClass::TaskFault
        | WordClass::WrongId
        | WordClass::Report
        | WordClass::Transient
        | WordClass::Unknown => Charged::Unknown,
    }
}

fn shown_of_submission(class: WordClass, charged: Charged) -> Shown {
    match class {
        WordClass::Auth | WordClass::AccountBudget | WordClass::AccountAddress => Shown::UpstreamAccount,
        WordClass::Rate => Shown::Wait,
        _ if charged == Charged::Unknown => Shown::OutcomeUnknown,
        WordClass::NoSlot
        | WordClass::CallerFault
        | WordClass::TaskFault
        | WordClass::Unsolvable
        | WordClass::WrongId
        | WordClass::Report
        | WordClass::Transient
        | WordClass::Unknown => Shown::AsItCame,
    }
}

fn shown_of_free(class: WordClass, polled: bool) -> Shown {
    match class {
        WordClass::CallerFault | WordClass::TaskFault | WordClass::Unsolvable | WordClass::WrongId | WordClass::Report => Shown::AsItCame,
        // what is wrong with the account, and what is wrong for now, says nothing about a task that is paid for
        _ if polled => Shown::NotReady,
        WordClass::Auth | WordClass::AccountBudget | WordClass::AccountAddress => Shown::UpstreamAccount,
        WordClass::NoSlot | WordClass::Rate | WordClass::Transient => Shown::Wait,
        WordClass::Unknown => Shown::OutcomeUnknown,
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
