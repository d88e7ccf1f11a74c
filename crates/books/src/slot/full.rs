//! Is a cap that several accounts share used up, and when does a cap free?

use tollgate_model::{Mono, Period, Timestamp};

use super::Cap;

/// What all accounts have used of a team's cap in its window, at least: as long as nothing has returned and no limit was changed
/// it can only be more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Together {
    pub(crate) used: i64,
    /// As of which `State::returned`.
    pub(crate) returned: u64,
}

impl Cap {
    /// Milliseconds until it may free.
    pub(crate) fn frees_in(&self, at: Timestamp) -> Option<u64> {
        let frees_at = match self.period {
            Period::Total => None,
            // what is used of the present bucket counts longest
            Period::Hour | Period::Rolling => self.rolling.as_ref().and_then(|rolling| rolling.frees_at).or_else(|| {
                let back = self.period.rolls_over().filter(|_| self.used > 0)?;
                Some(self.window.end.plus_millis(back))
            }),
            Period::Day | Period::Week | Period::Month => Some(self.window.end),
        };
        frees_at.map(|end| u64::try_from(end.millis().saturating_sub(at.millis())).unwrap_or(0))
    }

    /// Whether all accounts together were found to leave no room for it, and still do.
    pub(crate) fn is_full(&self, amount: i64, now: Mono) -> bool {
        let used = |census: Together| census.used.saturating_add(self.passed()).saturating_add(amount);
        self.is_told(now) && self.census.is_some_and(|census| used(census) > self.most)
    }
}
