//! Is it known what other gates have changed? A key that was revoked elsewhere must not buy for long.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tollgate_model::{Denial, DenialCode, Mono, Now};

/// What is older than this is not relied on (ARCHITECTURE.md, "Fail open or closed").
const STALE_MS: u64 = 10_000;

/// When the changes of keys were last heard of, where several gates share them.
pub struct Feed {
    heard: AtomicU64,
    /// How far the wall clock was ahead then, in milliseconds: the monotonic one stands still while the machine sleeps.
    ahead: AtomicI64,
}

impl Feed {
    /// Every change up to this instant is known.
    pub fn new(asked: Now) -> Self {
        Self { heard: AtomicU64::new(asked.mono.nanos()), ahead: AtomicI64::new(ahead(asked)) }
    }

    /// Every change up to this instant is known: it is the one at which they were asked for.
    pub fn heard(&self, asked: Now) {
        if self.heard.fetch_max(asked.mono.nanos(), Ordering::Relaxed) <= asked.mono.nanos() {
            self.ahead.store(ahead(asked), Ordering::Relaxed);
        }
    }

    /// Whether a revocation may be missing for longer than it may.
    pub fn is_stale(&self, now: Now) -> bool {
        let slept = ahead(now).saturating_sub(self.ahead.load(Ordering::Relaxed));
        now.mono.millis_since(Mono::from_nanos(self.heard.load(Ordering::Relaxed))) > STALE_MS || slept > STALE_MS.cast_signed()
    }

    /// Paid calls are refused while it is stale.
    pub(crate) fn permits(&self, now: Now) -> Result<(), Denial> {
        if self.is_stale(now) {
            let why = "what other gates have changed has not been heard for ten seconds: a key may be revoked";
            return Err(Denial::new(DenialCode::BooksUnavailable, why).retry_after(1_000));
        }
        Ok(())
    }
}

fn ahead(now: Now) -> i64 {
    now.wall.millis().saturating_sub_unsigned(now.mono.nanos() / 1_000_000)
}

#[cfg(test)]
mod tests {
    use tollgate_model::Timestamp;

    use super::*;

    /// After that many milliseconds, of which the machine slept so many.
    fn after(millis: i64, slept: i64) -> Now {
        let mono = Mono::from_nanos(0).plus_millis(u64::try_from(millis - slept).unwrap());
        Now { wall: Timestamp::from_millis(1_700_000_000_000 + millis), mono }
    }

    #[test]
    fn what_was_heard_ten_seconds_ago_is_relied_on_and_not_longer() {
        let at = |millis| after(millis, 0);
        let feed = Feed::new(at(1_000));
        assert!(feed.permits(at(11_000)).is_ok() && feed.permits(at(11_001)).is_err());
        feed.heard(at(5_000));
        // an answer that comes late tells of the instant at which it was asked for
        feed.heard(at(4_000));
        assert!(feed.permits(at(15_000)).is_ok() && feed.permits(at(15_001)).is_err());
    }

    #[test]
    fn what_was_heard_before_the_machine_slept_is_as_old_as_the_wall_clock_says() {
        let feed = Feed::new(after(1_000, 0));
        assert!(feed.permits(after(11_500, 10_000)).is_ok() && feed.permits(after(11_501, 10_001)).is_err());
        feed.heard(after(60_000, 50_000));
        assert!(feed.permits(after(61_000, 50_000)).is_ok());
        // a clock that is set back hides nothing
        assert!(feed.permits(after(70_001 - 3_600_000, 50_000 - 3_600_000)).is_err());
    }
}
