//! What was this key refused lately? Twenty refusals a key, in words, for its own holder.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use tollgate_model::{Denial, DenialCode, KeyId, Timestamp};

/// Refusals kept for one key.
const KEPT: usize = 20;
/// Keys remembered at once; keys are ours, so a caller cannot grow this, but an old registry might.
const KEYS: usize = 100_000;

/// The last refusals of every key; touched by refusals only.
#[derive(Default)]
pub struct Recent {
    by_key: Mutex<HashMap<KeyId, VecDeque<Refused>>>,
}

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// When.
    pub at: Timestamp,
    /// The code.
    pub code: DenialCode,
    /// The reason in words.
    pub reason: String,
}

impl Recent {
    /// Remembers a refusal of a known key.
    pub fn remember(&self, key: KeyId, at: Timestamp, denial: &Denial) {
        let mut by_key = self.by_key.lock();
        if by_key.len() >= KEYS && !by_key.contains_key(&key) {
            by_key.clear();
        }
        let refused = by_key.entry(key).or_default();
        if refused.len() == KEPT {
            refused.pop_front();
        }
        refused.push_back(Refused { at, code: denial.code, reason: denial.reason.clone().into_owned() });
    }

    /// The last refusals of a key, newest first.
    pub fn of(&self, key: KeyId) -> Vec<Refused> {
        self.by_key.lock().get(&key).map(|refused| refused.iter().rev().cloned().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_sees_its_own_last_twenty_refusals() {
        let recent = Recent::default();
        let key = |n| KeyId::from_bytes([n; 16]);
        for at in 0..30 {
            recent.remember(key(1), Timestamp::from_millis(at), &Denial::new(DenialCode::RateLimited, "too fast"));
        }
        let seen = recent.of(key(1));
        assert_eq!((seen.len(), seen[0].at.millis(), recent.of(key(2)).len()), (20, 29, 0));
    }
}
