//! Where does a limit stand, as far as memory knows?

use tollgate_model::{Limit, LimitKind, Now, Period, Timestamp};

use crate::slot::{Kind, Slot};
use crate::view::LimitView;

/// One limit, as it stands at this instant.
pub(super) fn one(slot: &mut Slot, now: Now, latest: Timestamp) -> LimitView {
    let scope = slot.scope.clone();
    match &mut slot.kind {
        Kind::Cap(cap) => {
            cap.roll(latest);
            let used = cap.used.saturating_add(cap.elsewhere).saturating_add(cap.passed());
            let resets_at = match cap.period {
                Period::Total => None,
                Period::Hour | Period::Rolling => cap.rolling.as_ref().and_then(|rolling| rolling.frees_at),
                Period::Day | Period::Week | Period::Month => Some(cap.window.end),
            };
            LimitView {
                limit: Limit::new(scope, cap.in_force()),
                used,
                left: cap.most.saturating_sub(used).max(0),
                known: cap.known,
                resets_at,
                raised_until: cap.raised_until,
            }
        }
        Kind::Rate(gcra) => {
            let rate = gcra.rate();
            let left = i64::from(gcra.wait(now.mono) == 0);
            let resets_at = Some(latest.plus_millis(i64::try_from(gcra.wait(now.mono) / 1_000_000).unwrap_or(0)));
            LimitView { limit: Limit::new(scope, LimitKind::Rate(rate)), used: 1 - left, left, known: true, resets_at, raised_until: None }
        }
        Kind::Concurrency { most, open, .. } => {
            let left = i64::from(most.saturating_sub(*open));
            LimitView {
                limit: Limit::new(scope, LimitKind::Concurrency(*most)),
                used: i64::from(*open),
                left,
                known: true,
                resets_at: None,
                raised_until: None,
            }
        }
    }
}
