//! What time is it? The one place that reads the clocks; everyone else is handed a `Now`.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

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
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mono = self.began.elapsed();
        Now {
            wall: Timestamp::from_millis(i64::try_from(wall.as_millis()).unwrap_or(i64::MAX).saturating_add(fault::shift_ms())),
            mono: Mono::from_nanos(u64::try_from(mono.as_nanos()).unwrap_or(u64::MAX)),
        }
    }
}
