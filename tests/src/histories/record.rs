//! When did each step happen? Between two ticks of one counter that all callers share.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::order::{Step, What};

/// A history as it is told.
#[derive(Default)]
pub(super) struct Record {
    tick: AtomicU64,
    steps: Mutex<Vec<Step>>,
    late: AtomicU64,
}

impl Record {
    /// A step is about to be taken.
    pub(super) fn begin(&self) -> u64 {
        self.tick.fetch_add(1, Ordering::SeqCst)
    }

    /// It has been taken, with this result, or with these, in any order.
    pub(super) fn end(&self, begun: u64, what: impl IntoIterator<Item = What>) {
        let ended = self.tick.fetch_add(1, Ordering::SeqCst);
        if let Ok(mut steps) = self.steps.lock() {
            steps.extend(what.into_iter().map(|what| Step { begun, ended, what }));
        }
    }

    /// A step was given up, and nothing was changed.
    pub(super) fn is_late(&self) {
        self.late.fetch_add(1, Ordering::SeqCst);
    }

    /// How many were.
    pub(super) fn late(&self) -> u64 {
        self.late.load(Ordering::SeqCst)
    }

    /// Everything that was told.
    pub(super) fn take(&self) -> Vec<Step> {
        self.steps.lock().map(|mut steps| std::mem::take(&mut *steps)).unwrap_or_default()
    }
}
