//! Does somebody try keys? Failures to prove who one is, by address; a valid key from the same address is never kept waiting.

use std::collections::HashMap;
use std::net::IpAddr;

use parking_lot::Mutex;
use tollgate_model::Mono;

/// Failures of one address in a minute that are answered as such; with 131 random bits in a key, more are noise anyway.
const MOST: u32 = 60;
const MINUTE_MS: u64 = 60_000;
/// Addresses remembered at once; a flood from more of them is held by the budgets for connections.
const SOURCES: usize = 4_096;
/// A full table is searched for old addresses that often: the search must not become the flood's tool.
const SWEEP_MS: u64 = 1_000;

/// The failures of the present minute, all workers' together: whoever is spread over them is one address all the same. Touched
/// by failures only.
#[derive(Default)]
pub struct Strangers {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    by_source: HashMap<IpAddr, (Mono, u32)>,
    swept: Option<Mono>,
}

impl Strangers {
    /// Counts a failure; gives the milliseconds to wait once there were too many.
    pub(crate) fn failed(&self, source: IpAddr, now: Mono) -> Option<u64> {
        let mut table = self.table.lock();
        if !table.has_room_for(source, now) {
            return None;
        }
        let (since, count) = table.by_source.entry(source).or_insert((now, 0));
        if now.millis_since(*since) >= MINUTE_MS {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        (*count > MOST).then(|| MINUTE_MS.saturating_sub(now.millis_since(*since)).max(1))
    }
}

impl Table {
    fn has_room_for(&mut self, source: IpAddr, now: Mono) -> bool {
        if self.by_source.len() < SOURCES || self.by_source.contains_key(&source) {
            return true;
        }
        if self.swept.is_none_or(|swept| now.millis_since(swept) >= SWEEP_MS) {
            self.swept = Some(now);
            self.by_source.retain(|_, (since, _)| now.millis_since(*since) < MINUTE_MS);
        }
        self.by_source.len() < SOURCES
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
        assert_eq!(strangers.table.lock().by_source.len(), SOURCES);
        let later = Mono::from_nanos(MINUTE_MS * 1_000_000);
        strangers.failed("203.0.113.1".parse().unwrap(), later);
        assert_eq!(strangers.table.lock().by_source.len(), 1, "the minute is over");
    }
}
