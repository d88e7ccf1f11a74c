//! What may a provider have answered? The outcomes that every dialect's reader gives, and what a refusal means for the hold.

use std::borrow::Cow;

use smallvec::SmallVec;
use tollgate_model::{Money, TaskId};

use crate::json::Raw;
use crate::operation::Operation;
use crate::profile::Profile;
use crate::words::WordClass;

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
    /// `createTask` with its answer: the task was taken, has an id, and is over.
    Solved {
        /// Its id.
        task: TaskId,
        /// What it cost, where that is said.
        price: Option<Money>,
        /// Id and answer.
        said: Said<'b>,
    },
    /// `solve.php`: the task was taken and this is its answer; it has no id.
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
    /// A sentence beside the word, a JSON string.
    pub(crate) error_text: Option<Raw<'b>>,
    /// The number beside the word, where the dialect has one.
    pub(crate) number: Option<u16>,
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

impl<'b> Refused<'b> {
    /// What a word means as the answer to this operation, at this provider.
    pub(crate) fn of(operation: &Operation<'_>, profile: &Profile, word: &'b str, class: WordClass) -> Self {
        let class = profile.class_of(word).unwrap_or(class);
        let polled = matches!(operation, Operation::Poll { .. } | Operation::PollMany { .. });
        let charged = charged(operation, profile, class);
        let ends_task = polled && matches!(class, WordClass::Unsolvable | WordClass::TaskFault | WordClass::CallerFault);
        let shown = if operation.is_billable() { shown_of_submission(class, charged) } else { shown_of_free(class, polled) };
        Self { word, class, charged, ends_task, error_text: None, number: None, shown }
    }

    pub(crate) fn with_text(self, error_text: Option<Raw<'b>>) -> Self {
        Self { error_text, ..self }
    }

    /// What the caller is shown.
    pub const fn shown(&self) -> Shown {
        self.shown
    }
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
