//! How many of what? Counts over all workers, without names of tenants.

use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_model::{DenialCode, FailureCode};

const OPERATIONS: [&str; 10] = ["submit", "solve", "poll", "poll_many", "balance", "threads", "report_good", "report_bad", "me", "none"];

/// Answers by what they were.
#[derive(Default)]
pub struct Tally {
    allowed: [AtomicU64; OPERATIONS.len()],
    denied: [AtomicU64; DenialCode::ALL.len()],
    failed: [AtomicU64; FailureCode::ALL.len()],
}

impl Tally {
    /// Counts one answer.
    pub(crate) fn count(&self, operation: Option<&str>, denied: Option<DenialCode>, failed: Option<FailureCode>) {
        let place = match (denied, failed) {
            (Some(code), _) => place(DenialCode::ALL, &code).and_then(|at| self.denied.get(at)),
            (None, Some(code)) => place(FailureCode::ALL, &code).and_then(|at| self.failed.get(at)),
            (None, None) => place(&OPERATIONS, &operation.unwrap_or("none")).and_then(|at| self.allowed.get(at)),
        };
        if let Some(place) = place {
            place.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Answers that went through, by operation.
    pub fn allowed(&self) -> impl Iterator<Item = (&'static str, u64)> {
        OPERATIONS.iter().zip(&self.allowed).map(|(name, count)| (*name, count.load(Ordering::Relaxed)))
    }

    /// Refusals by code.
    pub fn denied(&self) -> impl Iterator<Item = (DenialCode, u64)> {
        DenialCode::ALL.iter().zip(&self.denied).map(|(code, count)| (*code, count.load(Ordering::Relaxed)))
    }

    /// Failures by code.
    pub fn failed(&self) -> impl Iterator<Item = (FailureCode, u64)> {
        FailureCode::ALL.iter().zip(&self.failed).map(|(code, count)| (*code, count.load(Ordering::Relaxed)))
    }
}

fn place<T: PartialEq>(all: &[T], one: &T) -> Option<usize> {
    all.iter().position(|other| other == one)
}
