//! What does a book consist of when it moves to another store? Read whole while no gate is at work, and weighed on both sides.

use std::collections::HashMap;

use tollgate_model::{KeyId, RequestId};

use crate::port::{HoldRow, StoreError, Unit};

/// Who opened a book last, and how far its journal is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The gate's name in the book.
    pub instance: String,
    /// The machine's boot id then.
    pub boot: String,
    /// Lane name → highest line number whose facts are in the book.
    pub lanes: HashMap<String, u64>,
}

/// A counted total, in the words of its table; every store writes the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterRow {
    /// `key key_…`, `team research`, `upstream 2captcha`.
    pub scope: String,
    /// Money or tasks.
    pub unit: Unit,
    /// The period's word.
    pub period: String,
    /// The zone's name.
    pub zone: String,
    /// The window's first millisecond.
    pub starts: i64,
    /// The first one behind it.
    pub ends: i64,
    /// Its holders' parts.
    pub shares: Vec<ShareRow>,
}

/// A holder's part of a counted total, in its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareRow {
    /// The gate.
    pub instance: String,
    /// The upstream account.
    pub account: String,
    /// The sum of its posted holds.
    pub posted: i64,
    /// Lost with a machine, counted as used.
    pub stranded: i64,
    /// How far its use may rise.
    pub ceiling: i64,
    /// Whether the machine died and what was lost is not counted yet.
    pub died: bool,
}

/// What was used on a UTC day: tasks, nano-dollars, milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRow {
    /// Whose.
    pub key: KeyId,
    /// The account.
    pub upstream: String,
    /// The method or task type.
    pub method: String,
    /// `2026-11-23`.
    pub day: String,
    /// The key's team; empty is none.
    pub team: String,
    /// The oldest request counted.
    pub first: RequestId,
    /// Holds that count as spent or open.
    pub tasks: i64,
    /// Settled money.
    pub settled: i64,
    /// Open money.
    pub held: i64,
    /// Money of unknown outcome.
    pub unknown: i64,
    /// Settled beyond the hold, included in `settled`.
    pub excess: i64,
    /// For how long threads of the provider's were kept at work.
    pub busy: i64,
}

/// What rolling periods look back at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinuteRow {
    /// As in `CounterRow`.
    pub scope: String,
    /// Minutes since 1970, of the admission instant.
    pub minute: i64,
    /// Tasks admitted.
    pub tasks: i64,
    /// Nano-dollars settled, held and unknown.
    pub money: i64,
}

/// A whole book, while nobody writes it.
pub trait Stock {
    /// Who opened it last; nothing if no gate ever did.
    fn opening(&mut self) -> Result<Option<Opening>, StoreError>;

    /// Every hold, oldest first: so many at most, behind this one or from the first.
    fn holds(&mut self, behind: Option<RequestId>, most: usize) -> Result<Vec<HoldRow>, StoreError>;

    /// Every counted total.
    fn counters(&mut self) -> Result<Vec<CounterRow>, StoreError>;

    /// Every day's use.
    fn days(&mut self) -> Result<Vec<DayRow>, StoreError>;

    /// The minutes of the last day and a little.
    fn minutes(&mut self) -> Result<Vec<MinuteRow>, StoreError>;

    /// What there is of something.
    fn weigh(&mut self, measure: Measure) -> Result<i128, StoreError>;
}

/// Something that is counted or summed in both stores: the same there as here, or the copy is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`words` says it of each")]
pub enum Measure {
    Keys,
    Revoked,
    Versions,
    Secrets,
    Teams,
    Holds,
    Open,
    Unknown,
    Owned,
    Held,
    Settled,
    UsedTasks,
    UsedSettled,
    UsedHeld,
    UsedUnknown,
    UsedExcess,
    Busy,
    Counters,
    Shares,
    Posted,
    Stranded,
    Ceilings,
    Died,
    Minutes,
    MinuteTasks,
    MinuteMoney,
    Lanes,
    Lines,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 28] = [
        Self::Keys,
        Self::Revoked,
        Self::Versions,
        Self::Secrets,
        Self::Teams,
        Self::Holds,
        Self::Open,
        Self::Unknown,
        Self::Owned,
        Self::Held,
        Self::Settled,
        Self::UsedTasks,
        Self::UsedSettled,
        Self::UsedHeld,
        Self::UsedUnknown,
        Self::UsedExcess,
        Self::Busy,
        Self::Counters,
        Self::Shares,
        Self::Posted,
        Self::Stranded,
        Self::Ceilings,
        Self::Died,
        Self::Minutes,
        Self::MinuteTasks,
        Self::MinuteMoney,
        Self::Lanes,
        Self::Lines,
    ];

    /// What it is, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Revoked => "revoked keys",
            Self::Versions => "versions of keys and teams, summed",
            Self::Secrets => "secrets of keys",
            Self::Teams => "teams",
            Self::Holds => "holds",
            Self::Open => "open holds",
            Self::Unknown => "holds of unknown outcome",
            Self::Owned => "tasks with an owner",
            Self::Held => "nano-dollars held by holds",
            Self::Settled => "nano-dollars settled of holds",
            Self::UsedTasks => "tasks in the days' use",
            Self::UsedSettled => "nano-dollars settled in the days' use",
            Self::UsedHeld => "nano-dollars held in the days' use",
            Self::UsedUnknown => "nano-dollars of unknown outcome in the days' use",
            Self::UsedExcess => "nano-dollars beyond holds in the days' use",
            Self::Busy => "milliseconds of threads in the days' use",
            Self::Counters => "counted totals",
            Self::Shares => "parts of counted totals",
            Self::Posted => "posted in counted totals",
            Self::Stranded => "stranded in counted totals",
            Self::Ceilings => "leased of counted totals",
            Self::Died => "parts of counted totals whose machine died",
            Self::Minutes => "minutes that rolling caps look back at",
            Self::MinuteTasks => "tasks in those minutes",
            Self::MinuteMoney => "nano-dollars in those minutes",
            Self::Lanes => "lanes of the audit log",
            Self::Lines => "lines of the audit log that are in the book",
        }
    }
}
