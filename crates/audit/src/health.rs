//! Can a lane be written? A few atomics that other threads may read while the lane's own thread hangs.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use tollgate_model::{Mono, Now, Timestamp};

/// A write or an fsync that lasts longer is a hanging one (ARCHITECTURE.md, "The journal").
const HANGING_MS: u64 = 250;

/// What a lane's thread tells the others.
#[derive(Debug)]
pub struct LaneHealth {
    lane: String,
    failing: AtomicBool,
    /// An fsync failed: what the kernel then still holds is not known, so there is no way back before a restart.
    dead: AtomicBool,
    flushed: AtomicU64,
    /// The latest wall-clock time of a write, in milliseconds.
    latest: AtomicI64,
    /// Nanoseconds at which the write or the wait for an fsync under way began, plus one; zero when there is none.
    writing: AtomicU64,
    syncing: AtomicU64,
}

impl LaneHealth {
    pub(crate) fn new(lane: &str, flushed: u64) -> Self {
        Self {
            lane: lane.to_owned(),
            failing: AtomicBool::new(false),
            dead: AtomicBool::new(false),
            flushed: AtomicU64::new(flushed),
            latest: AtomicI64::new(0),
            writing: AtomicU64::new(0),
            syncing: AtomicU64::new(0),
        }
    }

    /// The lane's name.
    pub fn lane(&self) -> &str {
        &self.lane
    }

    /// Whether the last write failed, lines wait beyond the bound, or an fsync has ever failed.
    pub fn is_failing(&self) -> bool {
        self.is_write_failing() || self.is_dead()
    }

    pub(crate) fn is_write_failing(&self) -> bool {
        self.failing.load(Ordering::Acquire)
    }

    /// Whether an fsync has failed: the lane stays failing until the process is started again.
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// Whether a write or an fsync has been under way for more than 250 ms.
    pub fn is_hanging(&self, now: Mono) -> bool {
        [&self.writing, &self.syncing].into_iter().any(|began| match began.load(Ordering::Acquire) {
            0 => false,
            began => now.millis_since(Mono::from_nanos(began - 1)) > HANGING_MS,
        })
    }

    /// The number of the last line handed to the operating system.
    pub fn flushed_upto(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    pub(crate) fn fails(&self, failing: bool) {
        self.failing.store(failing, Ordering::Release);
    }

    pub(crate) fn dies(&self) {
        self.dead.store(true, Ordering::Release);
    }

    pub(crate) fn flushed(&self, upto: u64) {
        self.flushed.store(upto, Ordering::Release);
    }

    pub(crate) fn latest(&self) -> Timestamp {
        Timestamp::from_millis(self.latest.load(Ordering::Acquire))
    }

    pub(crate) fn write_begins(&self, now: Now) {
        self.writing.store(now.mono.nanos().saturating_add(1), Ordering::Release);
        self.latest.fetch_max(now.wall.millis(), Ordering::AcqRel);
    }

    pub(crate) fn write_ends(&self) {
        self.writing.store(0, Ordering::Release);
    }

    pub(crate) fn sync_begins(&self, now: Mono) {
        let stamp = now.nanos().saturating_add(1);
        // the oldest wait counts
        let _ = self.syncing.compare_exchange(0, stamp, Ordering::AcqRel, Ordering::Acquire);
    }

    pub(crate) fn sync_ends(&self) {
        self.syncing.store(0, Ordering::Release);
    }
}
