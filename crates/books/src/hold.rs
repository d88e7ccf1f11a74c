//! What may be done with held money? A hold resolves once: it is dropped unsent, or sent and then settled, voided or unknown.

use std::sync::Arc;

use smallvec::SmallVec;
use tollgate_model::{Denial, KeyId, Money, Name, Now, RequestId, TaskId, Timestamp};

use crate::account::Account;
use crate::gcra::Turn;
use crate::rates::Token;
use crate::slot::LimitIx;

/// The rates that a token was taken of.
pub(crate) type Rates = SmallVec<[(LimitIx, Turn); 4]>;

/// The facts of a hold that its account keeps while it is open.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) request: RequestId,
    pub(crate) key: KeyId,
    pub(crate) team: Option<Name>,
    pub(crate) method: Arc<str>,
    pub(crate) cost: Money,
    pub(crate) at: Timestamp,
    pub(crate) rates: Rates,
}

/// Reserved in every limit, and nothing sent. Dropped, everything returns, the rate's token too.
#[must_use = "a hold that is dropped returns what it reserved"]
pub struct Hold {
    inner: Option<(Arc<Account>, RequestId)>,
    at: Timestamp,
    would_deny: Option<Denial>,
    /// What was taken of rates that several gates share.
    token: Option<Token>,
}

/// Sent, or about to be. Dropped, it is unknown: spent until reconciled, its permit kept until the deadline.
#[must_use = "a sent hold that is dropped is spent as unknown"]
pub struct Sent {
    inner: Option<(Arc<Account>, RequestId)>,
}

/// What closing a hold came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The hold.
    pub request: RequestId,
    /// Whose.
    pub key: KeyId,
    /// The priced method.
    pub method: Arc<str>,
    /// What was held.
    pub held: Money,
    /// What it cost; zero when it was returned.
    pub settled: Money,
    /// What the provider took beyond the hold, included in `settled`: the price table is wrong, and the operation is stopped.
    pub excess: Money,
    /// Whether it was returned.
    pub voided: bool,
    /// Settled at the hold without the provider's word.
    pub assumed: bool,
}

/// A hold of unknown outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The hold.
    pub request: RequestId,
    /// Whose.
    pub key: KeyId,
    /// The priced method.
    pub method: Box<str>,
    /// What is held.
    pub held: Money,
    /// The admission instant.
    pub at: Timestamp,
}

/// Two open tasks have one id; both are withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider gave the id of an open task a second time")]
pub struct IdTwice;

impl Hold {
    pub(crate) fn new(account: Arc<Account>, request: RequestId, at: Timestamp, would_deny: Option<Denial>) -> Self {
        Self { inner: Some((account, request)), at, would_deny, token: None }
    }

    /// The same with what was taken of shared rates, and what they would have refused.
    pub(crate) fn with(mut self, token: Option<Token>, would_deny: Option<Denial>) -> Self {
        self.token = token;
        self.would_deny = self.would_deny.take().or(would_deny);
        self
    }

    /// A rate that would have refused, for a key whose rate is observed.
    pub const fn would_deny(&self) -> Option<&Denial> {
        self.would_deny.as_ref()
    }

    /// The admission instant: it decides the windows that the hold counts in.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// From here on the provider may have got it. Call it once the intent's line is written, and before the first byte is:
    /// a crash in between leaves a line without a fact, which replay mends, never a fact without a line.
    pub fn send(mut self) -> Sent {
        let inner = self.inner.take();
        if let Some((account, request)) = &inner {
            account.sent(*request);
        }
        if let Some(token) = self.token.take() {
            token.spend();
        }
        Sent { inner }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some((account, request)) = self.inner.take() {
            account.unsent(request);
        }
    }
}

impl Sent {
    /// The provider took it and named a task; the hold stays open with it. Gives a hold that this ends: its task had the id before,
    /// and was not fetched by its deadline. An id that an open task has already withholds both, and both are unknown.
    pub fn opened(mut self, task: TaskId, now: Now, deadline_ms: u64) -> Result<Option<Closed>, IdTwice> {
        match self.inner.take() {
            Some((account, request)) => account.opened(request, task, now, deadline_ms),
            None => Ok(None),
        }
    }

    /// It cost this much.
    pub fn settle(mut self, cost: Money, now: Now) -> Option<Closed> {
        let (account, request) = self.inner.take()?;
        account.close(request, Some(cost), false, now.wall)
    }

    /// The provider says that it did no work.
    pub fn void(mut self, now: Now) -> Option<Closed> {
        let (account, request) = self.inner.take()?;
        account.close(request, None, false, now.wall)
    }

    /// Nobody knows: spent until reconciled.
    pub fn unknown(self) {
        drop(self);
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        if let Some((account, request)) = self.inner.take() {
            account.unknown(request);
        }
    }
}
