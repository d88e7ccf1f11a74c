//! How much of a cap is leased at a time, and what is left of it?

use tollgate_model::Mono;

use super::Cap;
use crate::port::Lease;

const PACE_NS: u64 = 2_000_000_000;
/// Holds in a slice however seldom a limit is used, where a hundredth of the cap allows as many.
const QUIET_HOLDS: i64 = 64;

impl Cap {
    /// Notes the pace of what is reserved under it.
    pub(crate) fn pace(&mut self, amount: i64, now: Mono) {
        self.least = self.least.max(amount);
        self.last_used = now;
        if now.nanos_since(self.pace_from) > PACE_NS {
            self.pace = 0;
            self.pace_from = now;
        }
        self.pace = self.pace.saturating_add(amount);
    }

    /// One slice: a worst-case hold at least; else a hundredth of the cap or two seconds' use, whichever is less. A cap under
    /// a hundred holds is written through, one hold a slice (ARCHITECTURE.md, "Money"). Two seconds of a quiet key are one hold:
    /// it takes some dozens at once, so that ten thousand quiet keys do not ask the book with each.
    pub(crate) fn slice(&self) -> i64 {
        let use_of_two_seconds = self.pace.saturating_mul(2).max(self.least.saturating_mul(QUIET_HOLDS));
        self.least.max((self.most / 100).min(use_of_two_seconds))
    }

    /// Whether so little of the slice is left that the next should be asked for, before anyone waits for it; nobody will who has
    /// not come for a while.
    pub(crate) fn runs_low(&self, now: Mono) -> bool {
        let slice = self.slice();
        let busy = now.nanos_since(self.last_used) <= PACE_NS;
        busy && slice > self.least
            && self.ceiling.saturating_sub(self.used) < slice / 2
            && self.ceiling.saturating_add(self.elsewhere).saturating_add(self.passed()) < self.most
    }

    /// A slice that was granted before the limits of teams were last changed is not spent from: the book is asked again.
    pub(crate) fn renew(&mut self, edition: u64) {
        if self.edition != edition {
            self.edition = edition;
            self.ceiling = 0;
            self.census = None;
        }
    }

    /// What is spent from memory, and what the book may not know of yet.
    pub(crate) const fn spent(&self) -> i64 {
        if self.known { self.used } else { self.unsent }
    }

    /// Whether more is spent than the book reserves for this account: what others may spend would be told wrong.
    pub(crate) const fn is_overdrawn(&self) -> bool {
        self.spent() > self.covered
    }

    /// Takes up what the book has granted under this cap. Where all accounts together have spent more than the cap, what returns
    /// to one of them is not its own to spend again.
    pub(crate) fn leased(&mut self, cap: i64, lease: &Lease, now: Mono) {
        if !self.known {
            self.used = lease.used.saturating_add(self.unsent).saturating_add(self.uncut);
            self.known = true;
            (self.unsent, self.uncut) = (0, 0);
        }
        // a raise may have ended while the book was asked
        self.ceiling = lease.ceiling.min(cap.min(self.most).saturating_sub(lease.elsewhere).saturating_sub(lease.passed));
        if let Some(rolling) = &mut self.rolling {
            rolling.leased(lease, now);
        }
        (self.lent, self.covered) = (lease.ceiling, lease.ceiling);
        (self.elsewhere, self.abroad) = (lease.elsewhere, lease.elsewhere.saturating_sub(lease.beside));
    }
}
