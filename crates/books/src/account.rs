//! What does one upstream account admit? The short mutex of the hot path, and everything that is decided under it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tollgate_model::{Denial, KeyId, Limit, Money, Name, Now, RequestId, Scope, TaskId, Timestamp};

use crate::adjust::Adjustment;
use crate::clerk::STEP;
use crate::hold::{Closed, Hold, IdTwice, Unknown};
use crate::ledger::Ledger;
use crate::orphans::{Orphan, Orphans};
use crate::port::Fact;
use crate::rates::Counted;
use crate::slot::LimitIx;
use crate::state::{Closing, Refused, State};
use crate::task::{Ending, Owned};
use crate::view::LimitView;

/// A wish to spend.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// The id of request, hold and lines.
    pub request: RequestId,
    /// Whose.
    pub key: KeyId,
    /// The key's team.
    pub team: Option<&'a Name>,
    /// The priced method.
    pub method: &'a str,
    /// The worst case.
    pub cost: Money,
    /// Every limit in force: key's, team's, upstream's.
    pub limits: &'a [LimitIx],
    /// Whether a rate only says what it would have refused.
    pub observe_rate: bool,
}

/// What trying to reserve came to.
pub enum Tried {
    /// Reserved.
    Held(Hold),
    /// Refused; nothing was changed.
    Refused(Denial),
    /// A slice must be leased first; the clerk has been told.
    Cold {
        /// Whether what other holders reserved stands in the way.
        elsewhere: bool,
    },
}

/// One upstream account's books.
pub struct Account {
    name: Name,
    pub(crate) state: Mutex<State>,
    /// Of gates that are gone. No request waits for them.
    pub(crate) orphans: Mutex<Orphans>,
    /// Wakes the clerk.
    pub(crate) bell: Arc<Notify>,
    /// Tells it that there are facts for a whole step.
    full: Arc<Notify>,
    /// Wakes everybody who waits for a slice, in the order in which they began to: a round of the clerk has ended.
    pub(crate) rounds: Notify,
    /// Another process holds the book: nothing may be spent.
    pub(crate) fenced: Arc<AtomicBool>,
    clean: bool,
    waits: AtomicU64,
}

/// What all accounts share.
#[derive(Clone, Default)]
pub(crate) struct Shared {
    /// Wakes the clerk.
    pub(crate) bell: Arc<Notify>,
    /// See `Account::full`.
    pub(crate) full: Arc<Notify>,
    /// Another process holds the book: nothing may be spent.
    pub(crate) fenced: Arc<AtomicBool>,
    /// See `State::edition`.
    edition: Arc<AtomicU64>,
    /// See `State::returned`.
    returned: Arc<AtomicU64>,
}

impl Account {
    pub(crate) fn new(name: Name, shared: Shared, clean: bool, now: Now) -> Arc<Self> {
        let Shared { bell, full, fenced, edition, returned } = shared;
        let (state, waits) = (Mutex::new(State::new(now, edition, returned)), AtomicU64::new(0));
        Arc::new(Self { name, state, orphans: Mutex::default(), bell, full, rounds: Notify::new(), fenced, clean, waits })
    }

    /// Its upstream's name.
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// How often a request found the books of this account in other hands, and waited.
    pub fn waits(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }

    /// The state for a request, which counts if it has to wait.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.try_lock().unwrap_or_else(|| {
            self.waits.fetch_add(1, Ordering::Relaxed);
            self.state.lock()
        })
    }

    /// Puts a limit in force, or its new amount; the same limit has the same place for the life of the process.
    pub fn bind(&self, limit: &Limit, now: Now) -> LimitIx {
        self.state.lock().bind(limit, now, self.clean)
    }

    /// Reserves in all limits or in none.
    pub fn try_reserve(self: &Arc<Self>, wish: &Wish<'_>, now: Now) -> Tried {
        self.try_reserve_counted(wish, Counted::Here, now)
    }

    /// What another limit than a rate refuses at this instant; nothing is changed.
    pub(crate) fn refuses(&self, wish: &Wish<'_>, now: Now) -> Option<Denial> {
        self.state().refuses(wish, now)
    }

    pub(crate) fn try_reserve_counted(self: &Arc<Self>, wish: &Wish<'_>, counted: Counted, now: Now) -> Tried {
        if self.fenced.load(Ordering::Relaxed) {
            return Tried::Refused(Denial::new(
                tollgate_model::DenialCode::BooksUnavailable,
                "another process holds the books, or they are behind what was seen of them",
            ));
        }
        let mut state = self.state();
        match state.reserve(wish, counted, now) {
            Ok(reserved) => {
                let low = state.runs_low(wish.limits);
                drop(state);
                if low {
                    self.bell.notify_one();
                }
                Tried::Held(Hold::new(self.clone(), wish.request, reserved.at, reserved.would_deny))
            }
            Err(Refused::Denied(denial)) => Tried::Refused(denial),
            Err(Refused::Cold { elsewhere }) => {
                drop(state);
                self.bell.notify_one();
                Tried::Cold { elsewhere }
            }
        }
    }

    /// The task, if it is this key's; in memory only.
    pub fn task(&self, key: KeyId, task: TaskId) -> Option<Owned> {
        self.state().task(key, task)
    }

    /// Takes a task of the book's back into memory, closed or open as it stands there.
    pub fn remember(&self, task: TaskId, request: RequestId, key: KeyId) {
        self.state().remember(task, request, key);
    }

    /// Ends a task's hold, once: a replayed answer changes nothing and gives nothing.
    pub fn end(&self, task: TaskId, ending: Ending, now: Now) -> Option<Closed> {
        self.state().end(task, ending, now.wall)
    }

    /// Holds of unknown outcome, oldest first, also of gates that are gone: spent until somebody says what became of them.
    pub fn unknowns(&self) -> Vec<Unknown> {
        let mut unknowns = self.state.lock().unknowns();
        unknowns.extend(self.orphans.lock().unknowns());
        unknowns.sort_by_key(|unknown| unknown.request);
        unknowns
    }

    /// Ends a hold of unknown outcome on an operator's word: at its cost, or with nothing. Nothing if there is none.
    pub fn resolve(&self, request: RequestId, cost: Option<Money>, now: Now) -> Option<Closed> {
        let own = self.state().resolve(request, cost, now.wall);
        own.or_else(|| {
            let (closed, fact) = self.orphans.lock().resolve(request, cost, now)?;
            self.tell(fact);
            Some(closed)
        })
    }

    /// Holds of gates that are gone, to be ended: their tasks are overdue. So many at most; each is given once.
    pub fn orphans(&self, most: usize) -> Vec<Orphan> {
        self.orphans.lock().give(most)
    }

    /// Ends one of them, as its task has ended.
    pub fn end_orphan(&self, request: RequestId, ending: Ending, now: Now) -> Option<Closed> {
        let (closed, fact) = self.orphans.lock().end(request, ending, now)?;
        self.tell(fact);
        Some(closed)
    }

    /// Of one of them nobody knows whether it was worked on.
    pub fn lose_orphan(&self, request: RequestId, now: Now) {
        if let Some(fact) = self.orphans.lock().lose(request, now) {
            self.tell(fact);
        }
    }

    /// What happened to another gate's hold: the book is told, and nothing here counts it.
    fn tell(&self, fact: Fact) {
        self.state.lock().pending.push(fact);
    }

    /// What it has spent since the process began.
    pub fn ledger(&self) -> Ledger {
        self.state.lock().ledger
    }

    /// Counts an operator's correction in every limit of its key, its team and this account.
    pub fn adjust(&self, adjustment: Adjustment, now: Now) {
        self.state().adjust(adjustment, now);
    }

    /// Open tasks whose deadline has passed, oldest first; each is given once.
    pub fn overdue(&self, now: Now, most: usize) -> Vec<TaskId> {
        self.state.lock().overdue(now, most)
    }

    /// Where these limits stand, as far as memory knows; `Books::view` asks the book for the rest.
    pub fn view(&self, limits: &[LimitIx], now: Now) -> Vec<LimitView> {
        self.state.lock().view(limits, now)
    }

    /// Open holds of this scope: tasks at work.
    pub fn open_holds(&self, scope: &Scope) -> u32 {
        self.state.lock().open_of(scope)
    }

    pub(crate) fn sent(&self, request: RequestId) {
        let mut state = self.state();
        state.sent(request, &self.name);
        if state.pending.len() >= STEP {
            drop(state);
            self.full.notify_one();
        }
    }

    pub(crate) fn unsent(&self, request: RequestId) {
        self.state().unsent(request);
    }

    pub(crate) fn opened(&self, request: RequestId, task: TaskId, now: Now, deadline_ms: u64) -> Result<Option<Closed>, IdTwice> {
        self.state().opened(request, task, now, deadline_ms)
    }

    pub(crate) fn close(&self, request: RequestId, cost: Option<Money>, assumed: bool, at: Timestamp) -> Option<Closed> {
        self.state().close(request, cost, assumed, at)
    }

    pub(crate) fn unknown(&self, request: RequestId) {
        self.state().unknown(request);
    }

    /// Cuts what has happened since the last cut.
    pub(crate) fn cut(&self) -> (Vec<Fact>, Vec<Closing>) {
        let mut state = self.state.lock();
        (state.cut(), state.closings())
    }

    /// Puts facts back that the book did not take, in front of newer ones.
    pub(crate) fn put_back(&self, mut facts: Vec<Fact>) {
        let mut state = self.state.lock();
        facts.append(&mut state.pending);
        state.pending = facts;
    }
}

#[cfg(test)]
mod tests;
