//! Does somebody try keys? Failures to prove who one is, by address; a valid key from the same address is never kept waiting.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;

use tollgate_model::Mono;

/// Failures of one address in a minute that are answered as such; with 131 random bits in a key, more are noise anyway.
const MOST: u32 = 60;
const MINUTE_MS: u64 = 60_000;
/// Addresses remembered at once; a flood from more of them is held by the budgets for connections.
const SOURCES: usize = 4_096;

/// The failures of the present minute, one worker's.
#[derive(Default)]
pub(crate) struct Strangers {
    by_source: RefCell<HashMap<IpAddr, (Mono, u32)>>,
}

impl Strangers {
    /// Counts a failure; gives the milliseconds to wait once there were too many.
    pub(crate) fn failed(&self, source: IpAddr, now: Mono) -> Option<u64> {
        let mut by_source = self.by_source.borrow_mut();
        if by_source.len() >= SOURCES && !by_source.contains_key(&source) {
            by_source.retain(|_, (since, _)| now.millis_since(*since) < MINUTE_MS);
            if by_source.len() >= SOURCES {
                return None;
            }
        }
        let (since, count) = by_source.entry(source).or_insert((now, 0));
        if now.millis_since(*since) >= MINUTE_MS {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        (*count > MOST).then(|| MINUTE_MS.saturating_sub(now.millis_since(*since)).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_14_too_many_failures_of_an_address_wait_and_another_address_does_not() {
        let strangers = Strangers::default();
        let at = |millis: u64| Mono::from_nanos(millis * 1_000_000);
        let (one, other) = ("203.0.113.1".parse().unwrap(), "203.0.113.2".parse().unwrap());
        for _ in 0..MOST {
            assert_eq!(strangers.failed(one, at(0)), None);
        }
        assert_eq!(strangers.failed(one, at(10_000)), Some(50_000));
        assert_eq!(strangers.failed(other, at(10_000)), None);
        assert_eq!(strangers.failed(one, at(60_000)), None, "a new minute");
    }

    #[test]
    fn rl_04_addresses_without_end_do_not_grow_the_table_without_end() {
        let strangers = Strangers::default();
        for number in 0..3 * 4_096_u32 {
            strangers.failed(IpAddr::from(number.to_be_bytes()), Mono::from_nanos(0));
        }
        assert_eq!(strangers.by_source.borrow().len(), SOURCES);
    }
}
