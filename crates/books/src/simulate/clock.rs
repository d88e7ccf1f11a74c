//! What time is it in a history? Both clocks, set and not slept for.

use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;
use tokio::time::Instant;
use tollgate_model::{Mono, Now, Timestamp};

/// Both clocks, over tokio's paused one.
pub(super) struct Clock {
    world: Instant,
    wall: AtomicI64,
    process: Mutex<Instant>,
}

impl Clock {
    /// Both begin; the wall clock at an instant.
    pub(super) fn begin(at: Timestamp) -> Self {
        let now = Instant::now();
        Self { world: now, wall: AtomicI64::new(at.millis()), process: Mutex::new(now) }
    }

    /// A new process counts from here.
    pub(super) fn restart(&self) {
        *self.process.lock() = Instant::now();
    }

    pub(super) fn now(&self) -> Now {
        let since = |begin: Instant| Instant::now().saturating_duration_since(begin);
        let millis = i64::try_from(since(self.world).as_millis()).unwrap_or(i64::MAX);
        let mono = u64::try_from(since(*self.process.lock()).as_nanos()).unwrap_or(u64::MAX);
        Now { wall: Timestamp::from_millis(self.wall.load(Ordering::Relaxed).saturating_add(millis)), mono: Mono::from_nanos(mono) }
    }

    /// The wall clock steps.
    pub(super) fn step(&self, millis: i64) {
        self.wall.fetch_add(millis, Ordering::Relaxed);
    }
}
