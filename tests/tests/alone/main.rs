//! What must not be disturbed by other tests: times, floods, kills under load. One after the other.

mod admissions;
mod cluster;
mod crash;
mod load;
mod rates;
mod timing;

use std::sync::{Mutex, MutexGuard, PoisonError};

static ALONE: Mutex<()> = Mutex::new(());

/// Held by the test that runs; what is measured must not be another test's load.
fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
