//! How far do the books know of a lane of the journal?

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far the facts of a lane's lines have been pushed: lines up to this number need no replay once the next cut is posted.
#[derive(Clone, Default)]
pub struct LaneMark(Arc<AtomicU64>);

impl LaneMark {
    /// All facts of lines up to `number` have been pushed.
    pub fn pushed(&self, number: u64) {
        self.0.fetch_max(number, Ordering::Release);
    }

    /// Up to which line that is.
    pub fn upto(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}
