//! What does this account know of a cap that others spend from too?

use std::sync::atomic::Ordering;

use tollgate_model::{Amount, Denial, DenialCode, Limit, LimitKind, Money, Now};

use crate::account::Wish;
use crate::port::{Counter, Unit};
use crate::slot::{Cap, Kind, LimitIx, Slot, Together};
use crate::state::State;
use crate::state::ask::amount;

/// A cap in which a wish finds others' slices in its way.
pub(crate) struct Blocked {
    pub(crate) ix: LimitIx,
    pub(crate) counter: Counter,
    /// The same as a limit, for an account that has not bound it.
    pub(crate) limit: Limit,
    /// What this account has used.
    pub(crate) used: i64,
    /// What it wishes, and what counts of earlier buckets.
    pub(crate) more: i64,
    /// What other gates have reserved.
    pub(crate) abroad: i64,
    pub(crate) most: i64,
    /// The words, should it be reached.
    pub(crate) denial: Denial,
}

impl State {
    /// The caps in which others' slices are in the way, as far as it can be told what counts in them.
    pub(crate) fn blocked(&mut self, wish: &Wish<'_>, now: Now) -> Vec<Blocked> {
        let latest = self.latest;
        let mut all = Vec::new();
        for ix in wish.limits {
            let Some(Slot { scope, kind: Kind::Cap(cap) }) = self.slots.get_mut(ix.0 as usize) else { continue };
            let amount = amount(cap.unit, wish);
            cap.roll(latest);
            if !cap.is_told(now.mono) || !cap.blocked_elsewhere(amount) {
                continue;
            }
            let words = format!("the cap of {scope} for the {} is reached", cap.period.as_str());
            let mut denial = Denial::new(DenialCode::CapReached, words);
            denial.retry_after_ms = cap.frees_in(latest);
            let kind = LimitKind::Cap { amount: cap.amount_in_force(), period: cap.period, zone: cap.zone.clone() };
            let (used, more) = (cap.used, cap.passed().saturating_add(amount));
            let (counter, limit) = (cap.counter(scope), Limit::new(scope.clone(), kind));
            all.push(Blocked { ix: *ix, counter, limit, used, more, abroad: cap.abroad, most: cap.most, denial });
        }
        all
    }

    /// Keeps what all accounts have used of a cap; they are locked together.
    pub(crate) fn counted(&mut self, ix: LimitIx, used: i64) {
        let returned = self.returned.load(Ordering::SeqCst);
        if let Some(Slot { kind: Kind::Cap(cap), .. }) = self.slots.get_mut(ix.0 as usize) {
            cap.census = Some(Together { used, returned });
        }
    }

    /// What this account has used of a counter; nothing where the book must be asked first, which the next round does.
    pub(crate) fn used_of(&mut self, limit: &Limit, counter: &Counter) -> Option<i64> {
        let (ix, latest) = (self.bind_if_new(limit), self.latest);
        let Some(Slot { kind: Kind::Cap(cap), .. }) = self.slots.get_mut(ix.0 as usize) else { return None };
        cap.roll(latest);
        cap.asked = !cap.known;
        (cap.known && cap.window == counter.window).then_some(cap.used)
    }
}

impl Cap {
    fn amount_in_force(&self) -> Amount {
        match self.unit {
            Unit::Money => Amount::Money(Money::from_nanos(self.most)),
            Unit::Tasks => Amount::Tasks(self.most),
        }
    }
}
