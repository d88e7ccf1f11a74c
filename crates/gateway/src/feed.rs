//! Is it known what other gates have changed? A key that was revoked elsewhere must not buy for long.

use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_model::{Denial, DenialCode, Mono};

/// What is older than this is not relied on (ARCHITECTURE.md, "Fail open or closed").
const STALE_MS: u64 = 10_000;

/// When the changes of keys were last heard of, where several gates share them.
pub struct Feed {
    heard: AtomicU64,
}

impl Feed {
    /// Heard of at this instant.
    pub const fn new(now: Mono) -> Self {
        Self { heard: AtomicU64::new(now.nanos()) }
    }

    /// Every change up to this instant is known: it is the one at which they were asked for.
    pub fn heard(&self, asked: Mono) {
        self.heard.fetch_max(asked.nanos(), Ordering::Relaxed);
    }

    /// Whether a revocation may be missing for longer than it may.
    pub fn is_stale(&self, now: Mono) -> bool {
        now.millis_since(Mono::from_nanos(self.heard.load(Ordering::Relaxed))) > STALE_MS
    }

    /// Paid calls are refused while it is stale.
    pub(crate) fn permits(&self, now: Mono) -> Result<(), Denial> {
        if self.is_stale(now) {
            let why = "what other gates have changed has not been heard for ten seconds: a key may be revoked";
            return Err(Denial::new(DenialCode::BooksUnavailable, why).retry_after(1_000));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_ten_seconds_ago_is_relied_on_and_not_longer() {
        let at = |millis: u64| Mono::from_nanos(0).plus_millis(millis);
        let feed = Feed::new(at(1_000));
        assert!(feed.permits(at(11_000)).is_ok() && feed.permits(at(11_001)).is_err());
        feed.heard(at(5_000));
        // an answer that comes late tells of the instant at which it was asked for
        feed.heard(at(4_000));
        assert!(feed.permits(at(15_000)).is_ok() && feed.permits(at(15_001)).is_err());
    }
}
