//! Does the provider refuse our key? Then nothing more is sent with it for a while: five wrong keys ban the address for everyone.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tollgate_model::Mono;
use tollgate_secrets::VersionId;

/// One account's breaker. Closed, it costs one relaxed load.
pub struct Breaker {
    /// How long nothing is sent; then one call tries again.
    rest_ms: u64,
    open: AtomicBool,
    refused: Mutex<Option<(VersionId, Mono)>>,
}

impl Breaker {
    /// One try in so many milliseconds with a key that was refused.
    pub fn new(rest_ms: u64) -> Self {
        Self { rest_ms, open: AtomicBool::new(false), refused: Mutex::default() }
    }

    /// How many milliseconds lie between two tries.
    pub const fn rest_ms(&self) -> u64 {
        self.rest_ms
    }

    /// Whether a call may be sent with this version now; when its rest is over, one caller in each rest may.
    pub(crate) fn permits(&self, version: &VersionId, now: Mono) -> bool {
        if !self.open.load(Ordering::Relaxed) {
            return true;
        }
        let mut refused = self.refused.lock();
        match &mut *refused {
            Some((known, until)) if known == version => {
                let over = now >= *until;
                if over {
                    *until = now.plus_millis(self.rest_ms);
                }
                over
            }
            // another version is in force since: it has not been refused
            Some(_) | None => true,
        }
    }

    /// The provider has refused this version.
    pub(crate) fn refused(&self, version: &VersionId, now: Mono) {
        *self.refused.lock() = Some((version.clone(), now.plus_millis(self.rest_ms)));
        self.open.store(true, Ordering::Relaxed);
    }

    /// The provider takes the key.
    pub(crate) fn accepted(&self) {
        if self.open.load(Ordering::Relaxed) {
            *self.refused.lock() = None;
            self.open.store(false, Ordering::Relaxed);
        }
    }

    /// Whether the provider refused the key when it was last asked.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn se_14_a_refused_key_rests_then_one_call_tries_and_another_version_is_free() {
        let breaker = Breaker::new(30_000);
        let at = |millis: u64| Mono::from_nanos(millis * 1_000_000);
        let (one, two) = (VersionId::new("1"), VersionId::new("2"));
        assert!(breaker.permits(&one, at(0)));
        breaker.refused(&one, at(0));
        assert_eq!((breaker.permits(&one, at(29_999)), breaker.permits(&two, at(1))), (false, true));
        assert_eq!((breaker.permits(&one, at(30_000)), breaker.permits(&one, at(30_001))), (true, false));
        breaker.accepted();
        assert!(breaker.permits(&one, at(30_002)));
    }
}
