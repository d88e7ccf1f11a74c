//! Which slices are wanted, granted, recalled, given back?

use std::sync::atomic::Ordering;

use tollgate_model::{Mono, Scope};

use crate::port::{Counter, Fact, Holder, Lease, LeaseWant};
use crate::slot::{Cap, Kind, LimitIx, Slot};
use crate::state::State;

impl State {
    /// Cuts what has happened since the last cut.
    pub(crate) fn cut(&mut self) -> Vec<Fact> {
        for (_, _, cap) in caps(&mut self.slots) {
            cap.uncut = 0;
        }
        std::mem::take(&mut self.pending)
    }

    /// Every slice that somebody waits for, and those that run low.
    pub(crate) fn wants(&mut self, holder: &Holder) -> Vec<Wanted> {
        let (now, edition, returned) = (self.now.mono, self.edition(), self.returned.load(Ordering::SeqCst));
        let mut wants = Vec::new();
        for (ix, scope, cap) in caps(&mut self.slots) {
            let is_shared = matches!(scope, Scope::Team(_));
            if is_shared {
                cap.renew(edition);
            }
            for bucket in cap.rolling.iter().flat_map(|rolling| &rolling.closed).filter(|bucket| bucket.is_owed()) {
                let counter = Counter { window: bucket.window, ..cap.counter(scope) };
                // the book knows what was told of it; then all of it is to be reserved, whatever the others left
                let (used, slice) = if bucket.is_known { (Some(bucket.used), 0) } else { (None, bucket.used) };
                let want = LeaseWant { counter, holder: holder.clone(), cap: cap.most, used, least: 0, slice };
                wants.push(Wanted { ix, edition: cap.edition, waiting: 0, passed_over: 0, is_overdrawn: true, is_waited_for: false, want });
            }
            let (runs_low, is_overdrawn) = (cap.runs_low(now), is_shared && cap.is_overdrawn());
            let is_wanted = cap.wanted > 0 || runs_low;
            if !is_wanted && !cap.asked && !is_overdrawn {
                continue;
            }
            if let Some(rolling) = &mut cap.rolling {
                rolling.asked(returned);
            }
            let low = if runs_low || cap.slice() > cap.least { cap.slice() } else { 0 };
            let more = cap.wanted.saturating_add(cap.unsent).saturating_add(low).max(cap.least);
            let want = LeaseWant {
                counter: cap.counter(scope),
                holder: holder.clone(),
                cap: cap.most,
                used: cap.known.then_some(cap.used),
                least: if is_wanted { cap.least } else { 0 },
                // what is spent already comes first, of all accounts; who waits for more asks again
                slice: if is_overdrawn || !is_wanted { cap.unsent } else { more },
            };
            let (waiting, passed_over, edition) = (cap.wanted, cap.passed_over, cap.edition);
            let is_waited_for = waiting > 0 && !is_overdrawn;
            wants.push(Wanted { ix, edition, waiting, passed_over, is_overdrawn, is_waited_for, want });
        }
        wants
    }

    /// A slice was granted; one for a window that has passed meanwhile is of no use.
    pub(crate) fn leased(&mut self, wanted: &Wanted, lease: &Lease) {
        let Wanted { ix, edition, waiting, is_overdrawn, want, .. } = wanted;
        let now = self.now.mono;
        if let Some(cap) = self.cap(*ix) {
            cap.answered_late(&want.counter);
            if let Some(rolling) = &mut cap.rolling {
                rolling.covered(want.counter.window, lease);
            }
        }
        if let Some(cap) = self.cap(*ix).filter(|cap| cap.window == want.counter.window) {
            cap.leased(want.cap, lease, now);
            // who came while the book was asked is not served by its answer
            cap.wanted = cap.wanted.saturating_sub(*waiting).max(0);
            cap.asked = false;
            cap.passed_over = if wanted.is_short(lease) { cap.passed_over.saturating_add(1) } else { 0 };
            // asked for before the limits were changed, told after
            if cap.edition != *edition {
                cap.ceiling = 0;
            }
        }
        // what was spent beyond a slice is more than the others left: what they were told is no longer so
        if *is_overdrawn && lease.ceiling.saturating_add(lease.elsewhere).saturating_add(lease.passed) > want.cap {
            self.renew();
        }
    }

    /// The book did not answer: whoever still wants asks again. What it has granted all the same is not known.
    pub(crate) fn lease_failed(&mut self, Wanted { ix, want, .. }: &Wanted) {
        if let Some(cap) = self.cap(*ix) {
            cap.answered_late(&want.counter);
        }
        if let Some(cap) = self.cap(*ix).filter(|cap| cap.window == want.counter.window) {
            (cap.wanted, cap.asked) = (0, false);
            cap.lent = i64::MAX;
            cap.covered = cap.covered.min(want.used.unwrap_or(0));
        }
    }

    /// Asks for what is not known of these limits, without wanting to spend.
    pub(crate) fn warm(&mut self, limits: &[LimitIx]) {
        for ix in limits {
            if let Some(cap) = self.cap(*ix) {
                cap.asked = !cap.known;
            }
        }
    }

    /// What the book need not reserve any more of buckets that are over: the unspent rest, and all of it once no hold admitted there
    /// can still be told of.
    pub(crate) fn closings(&mut self) -> Vec<Closing> {
        let mut closings = Vec::new();
        let closed = |cap: &Cap| cap.rolling.as_ref().is_some_and(|rolling| !rolling.closed.is_empty());
        // nearly always so: the holds, of which there may be many, are not looked through under the account's mutex for nothing
        if !caps(&mut self.slots).any(|(_, _, cap)| closed(cap)) {
            return closings;
        }
        let unsent = || self.holds.values().filter(|hold| !hold.sent).map(|hold| hold.terms.at).min();
        let horizon = if self.unsent == 0 { None } else { unsent() };
        for (ix, scope, cap) in caps(&mut self.slots) {
            for bucket in cap.rolling.iter().flat_map(|rolling| &rolling.closed) {
                if let Some((ceiling, is_over)) = bucket.closing(horizon) {
                    closings.push(Closing { ix, counter: Counter { window: bucket.window, ..cap.counter(scope) }, ceiling, is_over });
                }
            }
        }
        closings
    }

    /// The book has taken it.
    pub(crate) fn closed(&mut self, closing: &Closing) {
        if let Some(rolling) = self.cap(closing.ix).and_then(|cap| cap.rolling.as_mut()) {
            rolling.closed(closing.counter.window, closing.ceiling, closing.is_over);
        }
    }

    /// Whoever waits for this counter asks again in the same round.
    pub(crate) fn waits_on(&mut self, Wanted { ix, waiting, want, .. }: &Wanted) {
        if let Some(cap) = self.cap(*ix).filter(|cap| cap.window == want.counter.window) {
            cap.wanted = cap.wanted.saturating_add(*waiting);
        }
    }

    /// Lowers this counter's ceiling to what is used, if the book may reserve more; of one for which somebody waits only `firmly`. Where
    /// memory knows nothing of the counter, nothing is spent from it.
    pub(crate) fn recall(&mut self, counter: &Counter, firmly: bool) -> Option<Lowered> {
        let (edition, latest) = (self.edition(), self.latest);
        let rolls = counter.period.rolls_over().is_some();
        let is_it = |scope: &Scope, cap: &Cap| {
            let own = cap.counter(scope);
            own == *counter || rolls && Counter { window: counter.window, ..own } == *counter
        };
        match caps(&mut self.slots).find(|(_, scope, cap)| is_it(scope, cap)) {
            Some((ix, scope, cap)) => {
                cap.renew(edition);
                // buckets that are over are told of with the next facts; this account may have seen an earlier time than who asks
                if rolls {
                    cap.roll(latest);
                }
                ((firmly || cap.wanted == 0) && cap.lent > cap.spent()).then(|| cap.lower(Some(ix), cap.counter(scope)))
            }
            None if self.recalled.contains(counter) => None,
            None => Some(Lowered { ix: None, counter: counter.clone(), ceiling: 0 }),
        }
    }

    /// Lowers the ceilings of caps that nobody has used for a while.
    pub(crate) fn give_back_idle(&mut self, idle_ns: u64) -> Vec<Lowered> {
        let now = self.now.mono;
        let idle = |cap: &Cap| cap.known && cap.wanted == 0 && cap.lent > cap.spent() && now.nanos_since(cap.last_used) > idle_ns;
        let idle = caps(&mut self.slots).filter(|(_, _, cap)| idle(cap));
        idle.map(|(ix, scope, cap)| cap.lower(Some(ix), cap.counter(scope))).collect()
    }

    /// The book has taken a lowered ceiling.
    pub(crate) fn given(&mut self, lowered: &Lowered) {
        let Lowered { ix, counter, ceiling } = lowered;
        if let Some(ix) = ix {
            if let Some(cap) = self.cap(*ix).filter(|cap| cap.window == counter.window) {
                cap.lent = cap.lent.min(*ceiling);
            }
            return;
        }
        let latest = self.latest;
        self.recalled.retain(|counter| latest < counter.window.end);
        self.recalled.push(counter.clone());
    }

    /// Makes every slice look idle: the process ends, and unspent money must not be stranded with it.
    pub(crate) fn forget_pace(&mut self) {
        for (_, _, cap) in caps(&mut self.slots) {
            cap.last_used = Mono::from_nanos(0);
        }
        self.now.mono = Mono::from_nanos(u64::MAX);
    }

    fn cap(&mut self, ix: LimitIx) -> Option<&mut Cap> {
        match &mut self.slots.get_mut(ix.0 as usize)?.kind {
            Kind::Cap(cap) => Some(cap),
            Kind::Rate(_) | Kind::Concurrency { .. } => None,
        }
    }
}

/// A slice to ask the book for.
pub(crate) struct Wanted {
    pub(crate) ix: LimitIx,
    /// Of which edition of the teams' limits it will be.
    edition: u64,
    /// What those need who wait for it.
    waiting: i64,
    /// In how many rounds they were passed over.
    pub(crate) passed_over: u32,
    /// Whether more is spent than the book knows of.
    pub(crate) is_overdrawn: bool,
    /// Whether somebody waits for it; if not, it runs low.
    pub(crate) is_waited_for: bool,
    pub(crate) want: LeaseWant,
}

impl Wanted {
    /// Whether somebody waits, and what others have reserved leaves less than one hold.
    pub(crate) const fn is_short(&self, lease: &Lease) -> bool {
        self.is_waited_for && lease.elsewhere > 0 && lease.ceiling < lease.used.saturating_add(self.want.least)
    }
}

/// A ceiling that was lowered in memory, and is to be in the book.
pub(crate) struct Lowered {
    ix: Option<LimitIx>,
    pub(crate) counter: Counter,
    pub(crate) ceiling: i64,
}

/// A bucket that is over.
pub(crate) struct Closing {
    ix: LimitIx,
    pub(crate) counter: Counter,
    pub(crate) ceiling: i64,
    is_over: bool,
}

impl Cap {
    fn lower(&mut self, ix: Option<LimitIx>, counter: Counter) -> Lowered {
        self.ceiling = self.ceiling.min(self.spent());
        self.covered = self.covered.min(self.spent());
        Lowered { ix, counter, ceiling: self.spent() }
    }
}

fn caps(slots: &mut [Slot]) -> impl Iterator<Item = (LimitIx, &Scope, &mut Cap)> {
    (0..).zip(slots).filter_map(|(ix, slot)| match &mut slot.kind {
        Kind::Cap(cap) => Some((LimitIx(ix), &slot.scope, cap)),
        Kind::Rate(_) | Kind::Concurrency { .. } => None,
    })
}
