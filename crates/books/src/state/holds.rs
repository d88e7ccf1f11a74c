//! What becomes of a hold? Sent, closed once, or unknown; what it took returns to exactly the windows it was taken from.

use std::sync::atomic::Ordering;

use tollgate_model::{Money, Name, Now, RequestId, Timestamp};

use crate::adjust::Adjustment;
use crate::hold::{Closed, Rates, Terms, Unknown};
use crate::port::Fact;
use crate::restored::Restored;
use crate::slot::Kind;
use crate::state::scopes::{Move, Permit, tell};
use crate::state::{Open, State};

impl State {
    /// Nothing was sent: as if it had never been.
    pub(crate) fn unsent(&mut self, request: RequestId) {
        let Some(Open { terms, .. }) = self.holds.swap_remove(&request) else { return };
        self.unsent = self.unsent.saturating_sub(1);
        self.tell(&terms, Some(Move::Unsent), Some(Permit::Returned { ended: None }));
        if terms.team.is_some() {
            self.returned.fetch_add(1, Ordering::SeqCst);
        }
        for (ix, turn) in &terms.rates {
            if let Some(Kind::Rate(gcra)) = self.slots.get_mut(ix.0 as usize).map(|slot| &mut slot.kind) {
                gcra.give_back(*turn);
            }
        }
    }

    /// About to be sent: counted from now on whatever happens.
    pub(crate) fn sent(&mut self, request: RequestId, upstream: &Name) {
        let Some(open) = self.holds.get_mut(&request) else { return };
        open.sent = true;
        self.unsent = self.unsent.saturating_sub(1);
        let terms = &open.terms;
        self.ledger.holds(terms.cost);
        tell(&mut self.slots, &self.scopes, self.latest, terms, Some(Move::Sent), None);
        for (ix, turn) in &terms.rates {
            if let Some(Kind::Rate(gcra)) = self.slots.get_mut(ix.0 as usize).map(|slot| &mut slot.kind) {
                gcra.keep(*turn);
            }
        }
        self.pending.push(Fact::Held {
            request,
            key: terms.key,
            team: terms.team.clone(),
            upstream: upstream.clone(),
            method: terms.method.to_string(),
            at: terms.at,
            held: terms.cost,
        });
    }

    /// Ends a hold: at its cost, or with nothing (`None`) on the provider's word.
    pub(crate) fn close(&mut self, request: RequestId, cost: Option<Money>, assumed: bool, at: Timestamp) -> Option<Closed> {
        let open = self.holds.swap_remove(&request)?;
        let held = open.terms.cost;
        let settled = cost.unwrap_or(Money::ZERO);
        let money = held.nanos().saturating_sub(settled.nanos());
        self.ledger.ends(held, settled);
        let returned = Move::Returned { money, task: cost.is_none() };
        self.tell(&open.terms, Some(returned), open.permit.then_some(Permit::Returned { ended: Some(at) }));
        self.recalled.clear();
        if open.terms.team.is_some() && (money != 0 || cost.is_none()) {
            self.returned.fetch_add(1, Ordering::SeqCst);
        }
        let excess = Money::from_nanos(settled.nanos().saturating_sub(held.nanos()).max(0));
        if excess > Money::ZERO && open.terms.team.is_some() {
            self.renew();
        }
        self.pending.push(match cost {
            Some(cost) => Fact::Settled { request, cost, assumed, at },
            None => Fact::Voided { request, at },
        });
        if let Some(task) = open.task {
            self.task_closed(task);
        }
        Some(Closed { request, key: open.terms.key, method: open.terms.method, held, settled, excess, voided: cost.is_none(), assumed })
    }

    /// Sent, and nobody knows: the money stays spent; the permit stays until the deadline, then a team is not locked out.
    pub(crate) fn unknown(&mut self, request: RequestId) {
        let at = self.latest;
        let Some(open) = self.holds.get_mut(&request) else { return };
        if std::mem::replace(&mut open.unknown, true) {
            return;
        }
        self.pending.push(Fact::Unknown { request, at });
        let due = self.now.mono.plus_millis(UNKNOWN_PERMIT_MS).nanos();
        self.permits.push_back((due, request));
    }

    pub(crate) fn unknowns(&self) -> Vec<Unknown> {
        let unknown = self.holds.values().filter(|hold| hold.unknown).map(|Open { terms, .. }| Unknown {
            request: terms.request,
            key: terms.key,
            method: Box::from(&*terms.method),
            held: terms.cost,
            at: terms.at,
        });
        let mut unknown: Vec<Unknown> = unknown.collect();
        unknown.sort_by_key(|unknown| unknown.request);
        unknown
    }

    /// What is known already is not said again.
    pub(crate) fn resolve(&mut self, request: RequestId, cost: Option<Money>, at: Timestamp) -> Option<Closed> {
        self.holds.get(&request).filter(|hold| hold.unknown)?;
        self.close(request, cost, false, at)
    }

    /// As what returns of a hold that cost less, or is taken by one that cost more; no task moves.
    pub(crate) fn adjust(&mut self, adjustment: Adjustment, now: Now) {
        self.latest = self.latest.max(now.wall);
        let Adjustment { request, key, team, method, at, amount, .. } = adjustment.clone();
        let terms = Terms { request, key, team, method: method.into(), cost: Money::ZERO, at, rates: Rates::new() };
        self.tell(&terms, Some(Move::Returned { money: amount.nanos().saturating_neg(), task: false }), None);
        self.recalled.clear();
        if terms.team.is_some() {
            self.returned.fetch_add(1, Ordering::SeqCst);
            self.renew();
        }
        self.pending.push(Fact::Adjusted(adjustment));
    }

    /// Gives the permit of an unknown hold back; its money stays.
    pub(crate) fn permit_ends(&mut self, request: RequestId) {
        let Some(open) = self.holds.get_mut(&request) else { return };
        if !open.permit {
            return;
        }
        open.permit = false;
        tell(&mut self.slots, &self.scopes, self.latest, &open.terms, None, Some(Permit::Returned { ended: None }));
    }

    /// Takes up the holds of the book's at a start.
    pub(crate) fn restore(&mut self, mut restored: Restored, deadline_ms: u64) {
        let now = self.now.mono;
        restored.begin(now.plus_millis(deadline_ms), now.plus_millis(UNKNOWN_PERMIT_MS));
        (self.holds, self.tasks) = (restored.holds, restored.tasks);
        (self.deadlines, self.permits, self.ledger) = (restored.deadlines, restored.permits, restored.ledger);
    }
}

/// An unknown hold counts among open tasks this long: the longest that a provider works on a task.
const UNKNOWN_PERMIT_MS: u64 = 600_000;
