//! May it be reserved? Each limit's own answer; a definite no comes before a slice that must be leased first.

use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_model::{Denial, DenialCode, Now, Scope, Timestamp};

use crate::account::Wish;
use crate::port::Unit;
use crate::rates::Counted;
use crate::slot::{Cap, Kind, LimitIx, Passes, Slot};
use crate::state::{Refused, State};

/// A clock that stands further back than this behind the latest seen is in doubt (SECURITY.md D 27).
const STEP_BACK_MS: i64 = 2_000;

impl State {
    pub(super) fn ask(&mut self, wish: &Wish<'_>, counted: Counted, now: Now) -> Result<Option<Denial>, Refused> {
        let mut cold = None;
        let mut would_deny = None;
        for ix in wish.limits {
            let Some(slot) = self.slots.get_mut(ix.0 as usize) else {
                return Err(Refused::Denied(Denial::new(DenialCode::BooksUnavailable, "a limit that is not bound")));
            };
            heed_others(slot, &self.edition, &self.returned);
            // what the whole account may do protects others: no key is let past it to be observed
            let observed = wish.observe_rate && !matches!(slot.scope, Scope::Upstream(_));
            match ask_one(slot, wish, counted, now, self.latest) {
                Answer::Yes => {}
                Answer::Cold { elsewhere } => cold = Some(cold.unwrap_or(false) | elsewhere),
                Answer::No(denial) if denial.code == DenialCode::RateLimited && observed => would_deny = Some(denial),
                Answer::No(denial) => return Err(Refused::Denied(denial)),
            }
        }
        let Some(elsewhere) = cold else { return Ok(would_deny) };
        for ix in wish.limits {
            if let Some(Slot { kind: Kind::Cap(cap), .. }) = self.slots.get_mut(ix.0 as usize) {
                let amount = amount(cap.unit, wish);
                cap.least = cap.least.max(amount);
                if cap.passes(amount, self.latest, self.now.mono) == Passes::Cold {
                    cap.wanted = cap.wanted.saturating_add(amount);
                }
            }
        }
        Err(Refused::Cold { elsewhere })
    }

    /// A definite no of another limit than a rate: who is refused anyway must not take of a rate that others share.
    pub(crate) fn refuses(&mut self, wish: &Wish<'_>, now: Now) -> Option<Denial> {
        wish.limits.iter().find_map(|ix| {
            let slot = self.slots.get_mut(ix.0 as usize)?;
            heed_others(slot, &self.edition, &self.returned);
            match ask_one(slot, wish, Counted::Elsewhere, now, self.latest.max(now.wall)) {
                Answer::No(denial) => Some(denial),
                Answer::Yes | Answer::Cold { .. } => None,
            }
        })
    }

    /// A clock that has stepped back makes days doubtful: what has caps is refused until it has caught up.
    pub(super) fn look_at_clock(&mut self, limits: &[LimitIx], now: Now) -> Result<(), Refused> {
        self.now = now;
        if now.wall >= self.latest {
            self.latest = now.wall;
            return Ok(());
        }
        let behind = self.latest.millis().saturating_sub(now.wall.millis());
        let capped = limits.iter().any(|ix| matches!(self.slots.get(ix.0 as usize), Some(Slot { kind: Kind::Cap(_), .. })));
        if behind > STEP_BACK_MS && capped {
            let wait = u64::try_from(behind).unwrap_or(0);
            let denial = Denial::new(DenialCode::ClockSuspect, "the clock stands behind the latest time seen").retry_after(wait);
            return Err(Refused::Denied(denial));
        }
        Ok(())
    }
}

/// What other accounts have done to a team's cap.
fn heed_others(slot: &mut Slot, edition: &AtomicU64, returned: &AtomicU64) {
    if let (Kind::Cap(cap), Scope::Team(_)) = (&mut slot.kind, &slot.scope) {
        cap.renew(edition.load(Ordering::SeqCst));
        let returned = returned.load(Ordering::SeqCst);
        cap.census = cap.census.filter(|census| census.returned == returned);
        if let Some(rolling) = &mut cap.rolling {
            rolling.look_at_returned(returned);
        }
    }
}

enum Answer {
    Yes,
    Cold { elsewhere: bool },
    No(Denial),
}

fn ask_one(slot: &mut Slot, wish: &Wish<'_>, counted: Counted, now: Now, latest: Timestamp) -> Answer {
    let Slot { scope, kind } = slot;
    match kind {
        Kind::Cap(cap) => {
            cap.roll(latest);
            let amount = amount(cap.unit, wish);
            if amount == 0 {
                return Answer::Yes;
            }
            match cap.passes(amount, latest, now.mono) {
                Passes::Yes => Answer::Yes,
                // asked again of all accounts only when it may be otherwise: a flood of refusals would hold every one of them up
                Passes::Cold if cap.is_full(amount, now.mono) => Answer::No(reached(scope, cap, cap.frees_in(latest))),
                Passes::Cold => Answer::Cold { elsewhere: cap.blocked_elsewhere(amount) },
                Passes::Reached(wait) => Answer::No(reached(scope, cap, wait)),
            }
        }
        Kind::Rate(_) if matches!(counted, Counted::Elsewhere) => Answer::Yes,
        Kind::Rate(gcra) => {
            if let Counted::Share(share) = counted {
                gcra.part(share);
            }
            match gcra.wait(now.mono) {
                0 => Answer::Yes,
                wait => {
                    let reason = format!("the rate of {scope}, {}, is reached", gcra.rate());
                    Answer::No(Denial::new(DenialCode::RateLimited, reason).retry_after(wait.div_ceil(1_000_000)))
                }
            }
        }
        Kind::Concurrency { most, open, .. } if *open < *most => Answer::Yes,
        Kind::Concurrency { most, stay, .. } => {
            let reason = format!("{scope} has {most} open tasks, as many as it may");
            Answer::No(Denial::new(DenialCode::ConcurrencyLimited, reason).retry_after(stay.frees_in(*most)))
        }
    }
}

fn reached(scope: &Scope, cap: &Cap, frees_in: Option<u64>) -> Denial {
    let unit = if cap.unit == Unit::Tasks { " tasks" } else { "" };
    let mut denial = Denial::new(DenialCode::CapReached, format!("the cap {}{unit} of {scope} is reached", cap.in_force()));
    denial.retry_after_ms = frees_in;
    denial
}

/// What a wish takes of a cap in this unit.
pub(super) fn amount(unit: Unit, wish: &Wish<'_>) -> i64 {
    match unit {
        Unit::Money => wish.cost.nanos(),
        Unit::Tasks => 1,
    }
}
