//! What time is it? The one place that reads the clocks; everyone else is handed a `Now`.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tollgate_model::{Mono, Now, Timestamp, fault};

/// Reads both clocks; monotonic time counts from when it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// Begins monotonic time.
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the clocks")]
    pub fn begin() -> Self {
        Self { began: Instant::now() }
    }

    /// Both clocks, now. A wall clock before 1970 reads as 1970: every paid call is then refused as `clock_suspect`.
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the clocks")]
    pub fn now(&self) -> Now {
        let passed = Duration::from_millis(fault::passed_ms()) + skipped();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + passed;
        let mono = self.began.elapsed() + passed;
        Now {
            wall: Timestamp::from_millis(i64::try_from(wall.as_millis()).unwrap_or(i64::MAX).saturating_add(fault::shift_ms())),
            mono: Mono::from_nanos(u64::try_from(mono.as_nanos()).unwrap_or(u64::MAX)),
        }
    }
}

/// How much time a test has let pass on its thread.
#[cfg(test)]
fn skipped() -> Duration {
    tests::SKIPPED.get()
}

/// Nothing, in the product.
#[cfg(not(test))]
const fn skipped() -> Duration {
    Duration::ZERO
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        pub(super) static SKIPPED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    /// Lets both clocks go on at once.
    pub(crate) fn skip(time: Duration) {
        SKIPPED.set(SKIPPED.get() + time);
    }
}
