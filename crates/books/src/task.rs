//! Whose task is it, and has its hold ended? Ids are the provider's; a foreign one looks exactly like an unknown one.

use tollgate_model::{KeyId, Money, Mono, RequestId, Timestamp};

/// A task of this account.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) request: RequestId,
    pub(crate) key: KeyId,
    /// Whether its hold is open.
    pub(crate) open: bool,
    /// Two open tasks were given one id: nobody may read either, and both holds are unknown.
    pub(crate) withheld: bool,
    /// When it is polled by the gate itself, if nobody has fetched it by then.
    pub(crate) deadline: Mono,
}

/// A task as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The request that bought it.
    pub request: RequestId,
    /// Whether its hold is open; a closed one is paid for or returned, and may be read again.
    pub open: bool,
}

/// How a task ended, in the provider's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Answered; the price where the provider says it.
    Answered(Option<Money>),
    /// It failed, and the provider gives the money back.
    Refunded,
    /// It failed, and the provider keeps the money.
    Charged,
    /// Nobody knows at its deadline: settled at the hold, flagged `assumed`.
    Assumed,
}

/// The longest that a provider works on a task.
const LONGEST_TASK_MS: i64 = 600_000;

/// Milliseconds for which a task that was paid for kept a thread at work, as far as a gate can see: from its admission until its
/// answer was fetched or taken for granted. What ended later was not worked on all the time.
pub fn busy_ms(admitted: Timestamp, settled: Timestamp) -> i64 {
    settled.millis().saturating_sub(admitted.millis()).clamp(0, LONGEST_TASK_MS)
}
