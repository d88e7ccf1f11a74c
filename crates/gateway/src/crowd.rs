//! Has the provider just said that all its slots are taken? Callers that ask for free threads must then hear the same.

use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_model::Mono;

/// How long what it said is taken to hold: the official CaptchaAI SDK asks for threads at once and tries again after 10 s.
const HOLDS_MS: u64 = 5_000;

/// When one account's provider said so last; in nanoseconds, and one more.
#[derive(Default)]
pub struct Crowd(AtomicU64);

impl Crowd {
    /// It has said so.
    pub(crate) fn said(&self, now: Mono) {
        self.0.store(now.nanos().saturating_add(1), Ordering::Relaxed);
    }

    /// Whether it still holds.
    pub(crate) fn is_there(&self, now: Mono) -> bool {
        match self.0.load(Ordering::Relaxed) {
            0 => false,
            said => now.millis_since(Mono::from_nanos(said - 1)) < HOLDS_MS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_there_for_a_while_and_none_is_none() {
        let (crowd, at) = (Crowd::default(), |millis: u64| Mono::from_nanos(millis * 1_000_000));
        assert!(!crowd.is_there(at(0)));
        crowd.said(at(0));
        assert_eq!((crowd.is_there(at(0)), crowd.is_there(at(4_999)), crowd.is_there(at(5_000))), (true, true, false));
        crowd.said(at(9_000));
        assert!(crowd.is_there(at(9_001)));
    }
}
