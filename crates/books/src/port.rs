//! What must a durable book be able to do? The port that every store implements and the laws are written against.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use tollgate_model::{Amount, KeyId, Money, Name, Period, RequestId, Scope, TaskId, Timestamp, Window, Zone};

use crate::adjust::{Adjustment, Spent};
use crate::orphans::Adopting;

/// A pending answer of the store.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why the store did not do it; nothing of the transaction was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process has opened the book since: this one must not spend.
    #[error("another process holds the book")]
    Fenced,
    /// The book is older than what this gate has seen: a backup or a lagging replica.
    #[error("the book is behind what this gate has seen")]
    Behind,
    /// The deadline passed; it may be tried again.
    #[error("the book is busy")]
    Busy,
    /// The book cannot be reached or written.
    #[error("the book cannot be written: {0}")]
    Down(String),
}

/// Proof of having opened the book; a later opening makes it void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(pub u64);

/// One counted total: what a cap of this scope, unit, period and zone is compared with in one window.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Counter {
    /// Whose total.
    pub scope: Scope,
    /// Money or tasks.
    pub unit: Unit,
    /// Counted over which period.
    pub period: Period,
    /// In which zone.
    pub zone: Zone,
    /// The occurrence of the period.
    pub window: Window,
}

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// Nano-dollars.
    Money,
    /// Tasks.
    Tasks,
}

impl From<Amount> for Unit {
    fn from(amount: Amount) -> Self {
        match amount {
            Amount::Money(_) => Self::Money,
            Amount::Tasks(_) => Self::Tasks,
        }
    }
}

/// Who spends inside a lease: one upstream account of one instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Holder {
    /// The gate's instance name, stable over restarts.
    pub instance: String,
    /// The upstream account.
    pub account: Name,
}

/// A wish to spend more of a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseWant {
    /// Of which total.
    pub counter: Counter,
    /// Who asks.
    pub holder: Holder,
    /// The cap in force, in the counter's unit.
    pub cap: i64,
    /// What the holder has used in memory (held, settled and unknown), posted or not; ignored when the store knows of no
    /// lease of this process and says itself what was used.
    pub used: Option<i64>,
    /// The least that helps: one worst-case hold.
    pub least: i64,
    /// What would be convenient; at least `least`.
    pub slice: i64,
}

/// What was leased. The holder may let its own use rise to `ceiling` and no further.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// What the holder has used in this window as the store counts it: the start value for a holder without memory.
    pub used: i64,
    /// The highest use allowed to the holder in this window; when it is under `used + least` the cap leaves no room.
    pub ceiling: i64,
    /// What all other holders have reserved (their ceilings); of a rolling period also what is leased in earlier buckets and not
    /// spent.
    pub elsewhere: i64,
    /// Of that, what other accounts of the holder's instance have reserved in this window: the instance knows itself how much of it
    /// is used.
    pub beside: i64,
    /// Of a rolling period: what was admitted in earlier buckets and still counts (`Window::counted`), as far as it was posted.
    pub passed: i64,
    /// When so much of `passed` will have ceased to count that `least` is free, or if it is free now, when the first of it will;
    /// nothing if time frees nothing.
    pub frees_at: Option<Timestamp>,
}

/// What happened to a hold, in the order in which it happened; ids make repetition harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// About to be sent: `held` and one task count from now.
    Held {
        /// The hold.
        request: RequestId,
        /// Whose.
        key: KeyId,
        /// The key's team.
        team: Option<Name>,
        /// The account.
        upstream: Name,
        /// The priced method or task type.
        method: String,
        /// The admission instant: it decides the window.
        at: Timestamp,
        /// The worst case.
        held: Money,
    },
    /// The provider took it and named a task.
    Opened {
        /// The hold.
        request: RequestId,
        /// The task, owned by the hold's key.
        task: TaskId,
        /// When it was named.
        at: Timestamp,
    },
    /// The provider's price is known; a cost over the hold is booked in full, the excess also in a column of its own.
    Settled {
        /// The hold.
        request: RequestId,
        /// What it cost.
        cost: Money,
        /// Settled at the hold without the provider's word.
        assumed: bool,
        /// When.
        at: Timestamp,
    },
    /// The provider said that it did no work: money and task return.
    Voided {
        /// The hold.
        request: RequestId,
        /// When.
        at: Timestamp,
    },
    /// Sent, and nobody knows: spent until reconciled.
    Unknown {
        /// The hold.
        request: RequestId,
        /// When.
        at: Timestamp,
    },
    /// An operator's word on what a key has spent: money, and no task.
    Adjusted(Adjustment),
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldState {
    /// Held, perhaps with a task.
    Open,
    /// Paid for.
    Settled,
    /// Returned.
    Voided,
    /// Sent, and nobody knows.
    Unknown,
    /// No purchase: a correction.
    Adjusted,
}

/// A hold as the book has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// The hold.
    pub request: RequestId,
    /// Whose.
    pub key: KeyId,
    /// The key's team.
    pub team: Option<Name>,
    /// The account.
    pub upstream: Name,
    /// The priced method or task type.
    pub method: String,
    /// The admission instant.
    pub at: Timestamp,
    /// The worst case.
    pub held: Money,
    /// What it cost, once settled.
    pub settled: Option<Money>,
    /// The provider's task.
    pub task: Option<TaskId>,
    /// Where it stands.
    pub state: HoldState,
}

/// What opening the book tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The proof to show from now on.
    pub fence: Fence,
    /// Lane name → highest line number whose facts are in the book: the journal is replayed behind it.
    pub replay_from: HashMap<String, u64>,
    /// Whether the machine died since (another boot, or a journal behind its mark): open slices were counted as spent.
    pub machine_died: bool,
}

/// Sums for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// Whose.
    pub key: KeyId,
    /// The key's team.
    pub team: Option<Name>,
    /// The account.
    pub upstream: Name,
    /// The method or task type.
    pub method: String,
    /// The UTC day, `2026-11-23`.
    pub day: String,
    /// Holds that count as spent or open.
    pub tasks: i64,
    /// Settled money.
    pub settled: Money,
    /// Open money.
    pub held: Money,
    /// Money of unknown outcome.
    pub unknown: Money,
    /// Settled beyond the hold, included in `settled`.
    pub excess: Money,
    /// Milliseconds for which its tasks have kept a thread of the provider's at work (`busy_ms`).
    pub busy_ms: i64,
}

/// A durable book. Every call is one transaction, idempotent by its ids, with a deadline of the store's own; a reply that
/// says done means durable on disk (`lease`) or at the latest with the next lease (`post`).
pub trait Store: Send + Sync + 'static {
    /// Opens the book for this instance: fences every earlier opening, keeps the instance's ceilings when the machine lives
    /// (same boot id and `journal_whole`), else counts them as spent in their windows. Of those it keeps, what rolling periods
    /// leased and nobody spent is free once the journal is replayed.
    fn open(&self, instance: &str, boot: &str, journal_whole: bool) -> Reply<'_, Opened>;

    /// Raises ceilings, all wants in one durable transaction; the sum of all holders' ceilings never passes the cap. A counter
    /// not seen before starts from the holds already in the book.
    fn lease(&self, fence: Fence, wants: Vec<LeaseWant>) -> Reply<'_, Vec<Lease>>;

    /// Applies facts to holds, counters and usage, notes how far each lane's lines are in, and lowers ceilings to the values
    /// given; what is used stays reserved whatever the ceiling. A fact already applied changes nothing.
    fn post(&self, fence: Fence, facts: Vec<Fact>, upto: HashMap<String, u64>, give_back: Vec<(Counter, Holder, i64)>) -> Reply<'_, ()>;

    /// The newest hold of an account that owns this task.
    fn owner(&self, upstream: &Name, task: TaskId) -> Reply<'_, Option<HoldRow>>;

    /// Holds that are open or unknown, oldest first: so many at most, behind this one or from the first.
    fn unsettled(&self, behind: Option<RequestId>, most: usize) -> Reply<'_, Vec<HoldRow>>;

    /// Says that this gate is at work, and takes over what gates that are gone have left open or unknown; gives what it looks after
    /// for others and is not settled yet, oldest first. It counts for whoever took it, and stays in that gate's own slices. A book of one gate
    /// has nothing of others'.
    fn adopt(&self, _fence: Fence, _adopting: Adopting) -> Reply<'_, Vec<HoldRow>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// What a key has settled from an instant to another (exclusive), of purchases that were admitted there, with every correction:
    /// one row for each minute, account, method and team in which it is more than nothing, oldest first.
    fn spent(&self, key: KeyId, from: Timestamp, to: Timestamp) -> Reply<'_, Vec<Spent>>;

    /// Usage of the days from `since` to `until` (UTC days, inclusive).
    fn usage(&self, since: &str, until: &str) -> Reply<'_, Vec<UsageRow>>;
}

/// When minutes that weigh `short`, or the first of all, have ceased to count: a spend counts until so long after the end of its minute. Minutes since
/// 1970, oldest first.
pub fn frees_at(period: Period, short: i64, minutes: impl IntoIterator<Item = (i64, i64)>) -> Option<Timestamp> {
    let back = period.rolls_over()?;
    let mut short = short;
    let minute = minutes.into_iter().filter(|(_, amount)| *amount > 0).find(|(_, amount)| {
        short = short.saturating_sub(*amount);
        short <= 0
    });
    minute.map(|(minute, _)| Timestamp::from_millis(minute.saturating_add(1).saturating_mul(60_000).saturating_add(back)))
}
