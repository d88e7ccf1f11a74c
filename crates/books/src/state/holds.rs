//! What becomes of a hold? Sent, closed once, or unknown; what it took returns to exactly the windows it was taken from.

use tollgate_model::{Money, Name, RequestId, Timestamp};

use crate::hold::{Closed, Terms};
use crate::port::{Fact, Unit};
use crate::slot::{Kind, Slot};
use crate::state::{Due, Open, State, in_scope};

/// What of a hold returns to its limits.
#[derive(Clone, Copy)]
struct Returns {
    money: i64,
    task: bool,
    permit: bool,
    rate: bool,
}

impl State {
    /// Nothing was sent: as if it had never been.
    pub(crate) fn unsent(&mut self, terms: &Terms) {
        self.give_back(terms, Returns { money: terms.cost.nanos(), task: true, permit: true, rate: true });
    }

    /// About to be sent: counted from now on whatever happens.
    pub(crate) fn sent(&mut self, terms: Terms, upstream: &Name) {
        self.pending.push(Fact::Held {
            request: terms.request,
            key: terms.key,
            team: terms.team.clone(),
            upstream: upstream.clone(),
            method: terms.method.clone().into(),
            at: terms.at,
            held: terms.cost,
        });
        self.holds.insert(terms.request, Open { terms, task: None, unknown: false, permit: true });
    }

    /// Ends a hold: at its cost, or with nothing (`None`) on the provider's word.
    pub(crate) fn close(&mut self, request: RequestId, cost: Option<Money>, assumed: bool, at: Timestamp) -> Option<Closed> {
        let open = self.holds.remove(&request)?;
        let held = open.terms.cost;
        let settled = cost.unwrap_or(Money::ZERO);
        let returns = held.nanos().saturating_sub(settled.nanos());
        self.give_back(&open.terms, Returns { money: returns, task: cost.is_none(), permit: open.permit, rate: false });
        let excess = Money::from_nanos(settled.nanos().saturating_sub(held.nanos()).max(0));
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
        open.unknown = true;
        self.pending.push(Fact::Unknown { request, at });
        let due = self.now.mono.plus_millis(UNKNOWN_PERMIT_MS).nanos();
        self.deadlines.push_back((due, Due::Permit(request)));
    }

    /// Gives the permit of an unknown hold back; its money stays.
    pub(crate) fn permit_ends(&mut self, request: RequestId) {
        let Some(open) = self.holds.get_mut(&request) else { return };
        if !open.permit {
            return;
        }
        open.permit = false;
        let terms = open.terms.clone();
        self.give_back(&terms, Returns { money: 0, task: false, permit: true, rate: false });
    }

    fn give_back(&mut self, terms: &Terms, returns: Returns) {
        match &terms.limits {
            Some(limits) => {
                for ix in limits {
                    if let Some(slot) = self.slots.get_mut(ix.0 as usize) {
                        return_to(slot, terms, returns);
                    }
                }
            }
            None => {
                for slot in &mut self.slots {
                    if in_scope(terms, &slot.scope) {
                        return_to(slot, terms, returns);
                    }
                }
            }
        }
    }

    /// Puts a hold of the book's back into memory at start.
    pub(crate) fn restore(&mut self, open: Open) {
        let due = self.now.mono.plus_millis(UNKNOWN_PERMIT_MS).nanos();
        if open.unknown {
            self.deadlines.push_back((due, Due::Permit(open.terms.request)));
        }
        self.holds.insert(open.terms.request, open);
    }
}

/// An unknown hold counts among open tasks this long: the longest that a provider works on a task.
const UNKNOWN_PERMIT_MS: u64 = 600_000;

fn return_to(slot: &mut Slot, terms: &Terms, returns: Returns) {
    match &mut slot.kind {
        // a window that has rolled on, or that the book has not told about yet, holds nothing of it in memory: the last arm
        Kind::Cap(cap) if cap.known && cap.window.contains(terms.at) => {
            let amount = match cap.unit {
                Unit::Money => returns.money,
                Unit::Tasks => i64::from(returns.task),
            };
            cap.used = cap.used.saturating_sub(amount);
        }
        Kind::Rate(gcra) if returns.rate => gcra.give_back(),
        Kind::Concurrency { open, .. } if returns.permit => *open = open.saturating_sub(1),
        Kind::Cap(_) | Kind::Rate(_) | Kind::Concurrency { .. } => {}
    }
}
