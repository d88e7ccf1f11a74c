//! Who counts a rate? These books; or, where several gates share their rates, a counter outside, which is asked before the
//! account's mutex and never under it.
//!
//! All rates of a call are taken there in one step, or none. What another limit refuses anyway does not ask for any; what is refused
//! after all, or not sent, gives back what it took. Money is never counted there.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_model::{Denial, DenialCode, Mono, Name, Now, Rate, Scope};

use crate::account::{Account, Wish};
use crate::clerk::Books;
use crate::hold::Hold;

/// A counter that several gates share.
pub trait Rates: Send + Sync {
    /// Takes one of every rate, or of none; asked at most once for a call, and answers within milliseconds whatever happens.
    fn take<'a>(&'a self, ask: Ask<'a>) -> Pin<Box<dyn Future<Output = Taken> + Send + 'a>>;
}

/// What one call asks for.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// The account.
    pub upstream: &'a Name,
    /// The rates of key, team and account.
    pub paced: &'a [Arc<Paced>],
    /// Whether those of key and team only say what they would have refused.
    pub observed: bool,
    /// When it is asked.
    pub now: Mono,
}

/// What became of it.
pub enum Taken {
    /// One of each was taken, but of those that are observed and would have refused.
    All(Token, Option<Late>),
    /// One has none left, and nothing was taken.
    None(Late),
    /// The counter cannot be asked: this gate's own share of each rate is in force.
    Away(Share),
}

/// A rate that has none left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// Its place among those asked for.
    pub which: usize,
    /// Nanoseconds until it has one.
    pub wait: u64,
}

/// The part of every rate that one gate has while the shared counter is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Among how many gates they are parted.
    pub of: u32,
    /// From when on it counts, with nothing of a burst: what was taken before was taken of the whole.
    pub from: Mono,
}

/// Who counts the rates of a wish.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Counted {
    /// These books, whole.
    Here,
    /// These books, a share of each.
    Share(Share),
    /// Somebody else has.
    Elsewhere,
}

/// One rate that gates share.
#[derive(Debug)]
pub struct Paced {
    /// Whose.
    pub scope: Scope,
    /// How much.
    pub rate: Rate,
    /// Until then it is known to have none: a flood is refused without asking for each.
    until: AtomicU64,
}

/// What is remembered of a refusal, at most: what is given back meanwhile must be found again.
const REMEMBERED_NS: u64 = 1_000_000_000;

impl Paced {
    /// The rate of a scope.
    pub const fn new(scope: Scope, rate: Rate) -> Self {
        Self { scope, rate, until: AtomicU64::new(0) }
    }

    /// Nanoseconds in which it is known to have none.
    pub fn wait(&self, now: Mono) -> u64 {
        self.until.load(Ordering::Relaxed).saturating_sub(now.nanos())
    }

    /// Remembers that it has none for so long.
    pub fn refused(&self, now: Mono, wait: u64) {
        self.until.fetch_max(now.nanos().saturating_add(wait.min(REMEMBERED_NS)), Ordering::Relaxed);
    }

    /// Whether it is only looked at where the key's rates are observed: what the whole account may do protects others.
    pub const fn is_observable(&self) -> bool {
        !matches!(self.scope, Scope::Upstream(_))
    }
}

/// What was taken of the shared rates for one call. Dropped, it returns.
#[must_use = "a token that is dropped returns what was taken"]
pub struct Token(Option<Box<dyn FnOnce() + Send>>);

impl Token {
    /// Taken, and given back by this.
    pub fn new(give_back: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(give_back)))
    }

    /// The call is sent: nothing returns.
    pub(crate) fn spend(mut self) {
        self.0 = None;
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        if let Some(give_back) = self.0.take() {
            give_back();
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token")
    }
}

impl Books {
    /// Reserves in all limits or in none, with rates that several gates share.
    pub async fn reserve_shared(
        &self,
        account: &Arc<Account>,
        wish: &Wish<'_>,
        rates: &dyn Rates,
        paced: &[Arc<Paced>],
        now: Now,
    ) -> Result<Hold, Denial> {
        if let Some(denial) = account.refuses(wish, now) {
            return Err(denial);
        }
        let ask = Ask { upstream: account.name(), paced, observed: wish.observe_rate, now: now.mono };
        let (counted, token, late) = match rates.take(ask).await {
            Taken::All(token, late) => (Counted::Elsewhere, Some(token), late),
            Taken::None(late) => return Err(denied(paced, late)),
            Taken::Away(share) => (Counted::Share(share), None, None),
        };
        // a refusal drops the token, which returns
        let hold = self.reserve_counted(account, wish, counted, now).await?;
        Ok(hold.with(token, late.map(|late| denied(paced, late))))
    }
}

fn denied(paced: &[Arc<Paced>], late: Late) -> Denial {
    let reason = match paced.get(late.which) {
        Some(paced) => format!("the rate of {}, {}, is reached", paced.scope, paced.rate),
        None => "a rate is reached".to_owned(),
    };
    Denial::new(DenialCode::RateLimited, reason).retry_after(late.wait.div_ceil(1_000_000))
}

#[cfg(test)]
mod tests;
