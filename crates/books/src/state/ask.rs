//! What does one limit say to a wish? Yes, no, or that the book must be asked first.

use tollgate_model::{Denial, DenialCode, Now, Timestamp};

use crate::account::Wish;
use crate::port::Unit;
use crate::slot::{Kind, Passes, Slot};

pub(super) enum Answer {
    Yes,
    Cold { elsewhere: bool },
    No(Denial),
}

pub(super) fn ask_one(slot: &mut Slot, wish: &Wish<'_>, now: Now, latest: Timestamp) -> Answer {
    let Slot { scope, kind } = slot;
    match kind {
        Kind::Cap(cap) => {
            cap.roll(latest);
            let amount = amount(cap.unit, wish);
            if amount == 0 {
                return Answer::Yes;
            }
            match cap.passes(amount, latest) {
                Passes::Yes => Answer::Yes,
                Passes::Cold => Answer::Cold { elsewhere: cap.blocked_elsewhere(amount) },
                Passes::Reached(wait) => {
                    let mut denial =
                        Denial::new(DenialCode::CapReached, format!("the cap of {scope} for the {} is reached", cap.period.as_str()));
                    denial.retry_after_ms = wait;
                    Answer::No(denial)
                }
            }
        }
        Kind::Rate(gcra) => match gcra.wait(now.mono) {
            0 => Answer::Yes,
            wait => {
                let reason = format!("the rate of {scope}, {}, is reached", gcra.rate());
                Answer::No(Denial::new(DenialCode::RateLimited, reason).retry_after(wait.div_ceil(1_000_000)))
            }
        },
        Kind::Concurrency { most, open } if *open < *most => Answer::Yes,
        Kind::Concurrency { most, .. } => {
            let reason = format!("{scope} has {most} open tasks, as many as it may");
            Answer::No(Denial::new(DenialCode::ConcurrencyLimited, reason).retry_after(5_000))
        }
    }
}

/// What a wish takes of a cap in this unit.
pub(super) fn amount(unit: Unit, wish: &Wish<'_>) -> i64 {
    match unit {
        Unit::Money => wish.cost.nanos(),
        Unit::Tasks => 1,
    }
}
