//! What is decided under the account's mutex? All limits in one step, holds, tasks; no await, no I/O.

mod ask;
mod holds;
mod leases;
mod scopes;
mod shared;
mod tasks;
mod views;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashMap;
use tollgate_model::{Denial, DenialCode, Limit, LimitKind, Now, Period, RequestId, Scope, TaskId, Timestamp};

use crate::account::Wish;
use crate::hold::{Rates, Terms};
use crate::ledger::Ledger;
use crate::port::{Counter, Fact, Unit};
use crate::rates::Counted;
use crate::slot::{Kind, LimitIx, Slot};
use crate::task::Task;
use crate::view::LimitView;
pub(crate) use leases::{Closing, Lowered, Wanted};
use scopes::{Move, Permit, Scopes};

/// A hold that is not closed.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) terms: Terms,
    /// Whether it was sent, and the book told.
    pub(crate) sent: bool,
    pub(crate) task: Option<TaskId>,
    pub(crate) unknown: bool,
    /// Whether it still counts among open tasks.
    pub(crate) permit: bool,
}

/// Entries side by side in the order in which they came: a million at a start are written one behind the other, where a table of such
/// entries would touch twice the memory, and at random.
pub(crate) type Dense<K, V> = indexmap::IndexMap<K, V, hashbrown::DefaultHashBuilder>;

pub(crate) struct State {
    pub(crate) slots: Vec<Slot>,
    index: HashMap<Identity, LimitIx>,
    scopes: Scopes,
    pub(crate) holds: Dense<RequestId, Open>,
    pub(crate) tasks: Dense<TaskId, Task>,
    /// Deadlines of open tasks, and of the permits of unknown holds: an account has one of each length, so both are in order.
    pub(crate) deadlines: VecDeque<(u64, TaskId)>,
    pub(crate) permits: VecDeque<(u64, RequestId)>,
    /// Closed tasks, oldest first, to be forgotten.
    pub(crate) closed: VecDeque<(u64, TaskId)>,
    /// What the book does not know yet.
    pub(crate) pending: Vec<Fact>,
    /// Counters that have no limit here, and of which the book reserves nothing for this account any more.
    pub(crate) recalled: Vec<Counter>,
    /// Holds that are reserved and not sent.
    pub(crate) unsent: usize,
    pub(crate) ledger: Ledger,
    /// The latest wall clock seen.
    pub(crate) latest: Timestamp,
    pub(crate) now: Now,
    /// Raised by every account when a team's limit is set, lowered, or turns out to be overdrawn: what the others have leased of
    /// it was granted under other numbers.
    edition: Arc<AtomicU64>,
    /// How often something has returned to a team, over all accounts: what the book has told of rolling periods is less since.
    returned: Arc<AtomicU64>,
}

/// What makes two limits the same one with another amount.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Identity {
    Cap(Scope, Unit, Period, String),
    Rate(Scope),
    Concurrency(Scope),
}

/// Why nothing was reserved.
pub(crate) enum Refused {
    Denied(Denial),
    Cold { elsewhere: bool },
}

/// What was reserved.
pub(crate) struct Reserved {
    pub(crate) at: Timestamp,
    pub(crate) would_deny: Option<Denial>,
}

/// Facts that may wait for the book.
const MOST_PENDING: usize = 1_000_000;

impl State {
    pub(crate) fn new(now: Now, edition: Arc<AtomicU64>, returned: Arc<AtomicU64>) -> Self {
        Self {
            slots: Vec::new(),
            index: HashMap::new(),
            scopes: Scopes::default(),
            holds: Dense::default(),
            tasks: Dense::default(),
            deadlines: VecDeque::new(),
            permits: VecDeque::new(),
            closed: VecDeque::new(),
            pending: Vec::new(),
            recalled: Vec::new(),
            unsent: 0,
            ledger: Ledger::default(),
            latest: now.wall,
            now,
            edition,
            returned,
        }
    }

    pub(crate) fn bind(&mut self, limit: &Limit, now: Now, clean: bool) -> LimitIx {
        let identity = identity(limit);
        if let Some(ix) = self.index.get(&identity) {
            let (ix, now) = (*ix, Now { wall: self.latest.max(now.wall), ..now });
            if self.slots.get_mut(ix.0 as usize).is_some_and(|slot| slot.set(limit, now)) {
                self.renew();
            }
            return ix;
        }
        let ix = LimitIx(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        // an admission that is judged later is not dated before the window that the limit begins with
        self.latest = self.latest.max(now.wall);
        let mut slot = Slot::new(limit, Now { wall: self.latest, ..now }, clean);
        self.begin(&limit.scope, &mut slot.kind);
        self.slots.push(slot);
        self.scopes.add(&limit.scope, ix);
        if matches!(limit.scope, Scope::Team(_)) {
            self.renew();
        }
        self.index.insert(identity, ix);
        ix
    }

    /// The place of a limit, which is bound if it is not; its amount stays as it is where it is.
    pub(super) fn bind_if_new(&mut self, limit: &Limit) -> LimitIx {
        match self.index.get(&identity(limit)) {
            Some(ix) => *ix,
            None => self.bind(limit, self.now, true),
        }
    }

    pub(crate) fn edition(&self) -> u64 {
        self.edition.load(Ordering::SeqCst)
    }

    /// No account spends any more of what it has leased of a team's cap; the next to want more asks the book.
    pub(crate) fn renew(&self) {
        self.edition.fetch_add(1, Ordering::SeqCst);
    }

    /// Asks every limit, then takes from every limit. A definite no comes before a cold slice.
    pub(crate) fn reserve(&mut self, wish: &Wish<'_>, counted: Counted, now: Now) -> Result<Reserved, Refused> {
        // whoever waited for a slice arrived earlier than who is already in: in a rate it counts as of now, else its own burst is
        // refused to it
        let now = Now { mono: now.mono.max(self.now.mono), ..now };
        self.look_at_clock(wish.limits, now)?;
        if self.pending.len() >= MOST_PENDING {
            return Err(Refused::Denied(
                Denial::new(DenialCode::BooksUnavailable, "the books have fallen too far behind").retry_after(5_000),
            ));
        }
        if self.holds.contains_key(&wish.request) {
            return Err(Refused::Denied(Denial::new(DenialCode::BooksUnavailable, "a request's id is in use")));
        }
        let would_deny = self.ask(wish, counted, now)?;
        let mut rates = Rates::new();
        for ix in wish.limits {
            let Some(slot) = self.slots.get_mut(ix.0 as usize) else { continue };
            match &mut slot.kind {
                Kind::Cap(cap) => cap.pace(ask::amount(cap.unit, wish), now.mono),
                Kind::Rate(_) if matches!(counted, Counted::Elsewhere) => {}
                // what is observed alone, and late, takes nothing, as a refusal does: a debt would outlast the observing
                Kind::Rate(gcra) if would_deny.is_some() && gcra.wait(now.mono) > 0 => {}
                Kind::Rate(gcra) => rates.push((*ix, gcra.take(now.mono))),
                Kind::Concurrency { .. } => {}
            }
        }
        let (team, method, at) = (wish.team.cloned(), Arc::from(wish.method), self.latest);
        let terms = Terms { request: wish.request, key: wish.key, team, method, cost: wish.cost, at, rates };
        self.tell(&terms, Some(Move::Reserved), Some(Permit::Taken));
        self.unsent += 1;
        self.holds.insert(wish.request, Open { terms, sent: false, task: None, unknown: false, permit: true });
        Ok(Reserved { at, would_deny })
    }

    /// Whether a slice runs low; the clerk is then asked before anyone has to wait.
    pub(crate) fn runs_low(&self, limits: &[LimitIx]) -> bool {
        limits
            .iter()
            .any(|ix| matches!(self.slots.get(ix.0 as usize), Some(Slot { kind: Kind::Cap(cap), .. }) if cap.runs_low(self.now.mono)))
    }

    pub(crate) fn view(&mut self, limits: &[LimitIx], now: Now) -> Vec<LimitView> {
        self.latest = self.latest.max(now.wall);
        let latest = self.latest;
        let mut views = Vec::with_capacity(limits.len());
        for ix in limits {
            if let Some(slot) = self.slots.get_mut(ix.0 as usize) {
                views.push(views::one(slot, now, latest));
            }
        }
        views
    }

    /// Open holds of a scope that count as tasks at work.
    pub(crate) fn open_of(&self, scope: &Scope) -> u32 {
        u32::try_from(self.holds.values().filter(|hold| hold.sent && hold.permit && in_scope(&hold.terms, scope)).count())
            .unwrap_or(u32::MAX)
    }
}

/// Whether a hold of this key and team counts in a scope; an account's holds are all its upstream's.
pub(crate) fn in_scope(terms: &Terms, scope: &Scope) -> bool {
    match scope {
        Scope::Key(key) => terms.key == *key,
        Scope::Team(team) => terms.team.as_ref() == Some(team),
        Scope::Upstream(_) => true,
    }
}

fn identity(limit: &Limit) -> Identity {
    let scope = limit.scope.clone();
    match &limit.kind {
        LimitKind::Cap { amount, period, zone } => Identity::Cap(scope, (*amount).into(), *period, zone.name().to_owned()),
        LimitKind::Rate(_) => Identity::Rate(scope),
        LimitKind::Concurrency(_) => Identity::Concurrency(scope),
    }
}
