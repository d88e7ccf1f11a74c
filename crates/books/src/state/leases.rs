//! Which slices are wanted, granted, recalled, given back?

use tollgate_model::{Mono, Window};

use crate::port::{Counter, Fact, Holder, Lease, LeaseWant};
use crate::slot::{Kind, LimitIx};
use crate::state::State;

impl State {
    /// Cuts what has happened since the last cut.
    pub(crate) fn cut(&mut self) -> Vec<Fact> {
        for slot in &mut self.slots {
            if let Kind::Cap(cap) = &mut slot.kind {
                cap.uncut = 0;
            }
        }
        std::mem::take(&mut self.pending)
    }

    /// Every slice that somebody waits for or that runs low.
    pub(crate) fn wants(&mut self, holder: &Holder) -> Vec<(LimitIx, Window, LeaseWant)> {
        let mut wants = Vec::new();
        for (at, slot) in self.slots.iter_mut().enumerate() {
            let scope = slot.scope.clone();
            let Kind::Cap(cap) = &mut slot.kind else { continue };
            if cap.wanted == 0 && !cap.runs_low() {
                continue;
            }
            let slice = if cap.runs_low() || cap.slice() > cap.least { cap.slice() } else { 0 };
            let want = LeaseWant {
                counter: cap.counter(&scope),
                holder: holder.clone(),
                cap: cap.most,
                used: cap.known.then_some(cap.used),
                least: cap.least,
                // what is reserved and no fact yet stands in nobody's ceiling
                slice: cap.wanted.saturating_add(cap.unsent).saturating_add(slice).max(cap.least),
            };
            wants.push((LimitIx(u32::try_from(at).unwrap_or(u32::MAX)), cap.window, want));
        }
        wants
    }

    /// A slice was granted; one for a window that has passed meanwhile is of no use.
    pub(crate) fn leased(&mut self, ix: LimitIx, window: Window, lease: &Lease) {
        if let Some(Kind::Cap(cap)) = self.slots.get_mut(ix.0 as usize).map(|slot| &mut slot.kind)
            && cap.window == window
        {
            cap.leased(lease);
        }
    }

    /// The book did not answer: whoever still wants asks again.
    pub(crate) fn lease_failed(&mut self, ix: LimitIx) {
        if let Some(Kind::Cap(cap)) = self.slots.get_mut(ix.0 as usize).map(|slot| &mut slot.kind) {
            cap.wanted = 0;
        }
    }

    /// Asks for what is not known of these limits, without wanting to spend.
    pub(crate) fn warm(&mut self, limits: &[LimitIx]) {
        for ix in limits {
            if let Some(Kind::Cap(cap)) = self.slots.get_mut(ix.0 as usize).map(|slot| &mut slot.kind)
                && !cap.known
            {
                cap.wanted = cap.wanted.max(1);
            }
        }
    }

    /// Lowers the ceilings of these counters to what is used.
    pub(crate) fn recall(&mut self, counters: &[Counter]) -> Vec<(Counter, i64)> {
        self.lower(|counter, _| counters.contains(counter))
    }

    /// Lowers the ceilings of caps that nobody has used for a while.
    pub(crate) fn give_back_idle(&mut self, idle_ns: u64) -> Vec<(Counter, i64)> {
        let now = self.now.mono;
        self.lower(|_, last_used| now.nanos_since(last_used) > idle_ns)
    }

    /// Makes every slice look idle: the process ends, and unspent money must not be stranded with it.
    pub(crate) fn forget_pace(&mut self) {
        for slot in &mut self.slots {
            if let Kind::Cap(cap) = &mut slot.kind {
                cap.last_used = Mono::from_nanos(0);
            }
        }
        self.now.mono = Mono::from_nanos(u64::MAX);
    }

    fn lower(&mut self, wanted: impl Fn(&Counter, Mono) -> bool) -> Vec<(Counter, i64)> {
        let mut lowered = Vec::new();
        for slot in &mut self.slots {
            let scope = slot.scope.clone();
            if let Kind::Cap(cap) = &mut slot.kind
                && cap.known
                && cap.wanted == 0
                && cap.ceiling > cap.used
            {
                let counter = cap.counter(&scope);
                if wanted(&counter, cap.last_used) {
                    cap.ceiling = cap.used;
                    lowered.push((counter, cap.ceiling));
                }
            }
        }
        lowered
    }
}
