//! When does a place among open tasks become free? Nobody says when a task will end: what is known is how long they took lately.

use tollgate_model::Timestamp;

/// How long a task of this limit has kept its place, from its admission to its end, lately.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stay(Option<i64>);

/// Said while no task has ended yet: what the providers tell their callers to wait between two polls.
const UNSEEN_MS: u64 = 5_000;
/// Whoever is told to wait longer than a minute is told wrong: most tasks end sooner.
const SAID_MS: std::ops::RangeInclusive<u64> = 1_000..=60_000;

impl Stay {
    /// A task has ended. The last eight or so count.
    pub(crate) fn ended(&mut self, from: Timestamp, to: Timestamp) {
        let took = to.millis().saturating_sub(from.millis()).max(0);
        self.0 = Some(self.0.map_or(took, |before| before.saturating_add(took.saturating_sub(before) / 8)));
    }

    /// Milliseconds until one of so many places is likely to be free: tasks that began at any time end evenly spread.
    pub(crate) fn frees_in(self, places: u32) -> u64 {
        let Some(took) = self.0 else { return UNSEEN_MS };
        let spread = took / i64::from(places).saturating_add(1);
        u64::try_from(spread).unwrap_or(0).clamp(*SAID_MS.start(), *SAID_MS.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_said_to_be_free_when_the_next_of_so_many_tasks_is_likely_to_end() {
        let at = Timestamp::from_millis;
        let mut stay = Stay::default();
        assert_eq!(stay.frees_in(1), 5_000, "nothing has ended yet");
        stay.ended(at(1_000), at(31_000));
        assert_eq!([1, 2, 29, 30, 1_000].map(|places| stay.frees_in(places)), [15_000, 10_000, 1_000, 1_000, 1_000]);
        (0..100).for_each(|_| stay.ended(at(0), at(600_000)));
        assert_eq!(stay.frees_in(1), 60_000, "never more than a minute");
        (0..100).for_each(|_| stay.ended(at(0), at(9_000)));
        assert!((4_500..4_600).contains(&stay.frees_in(1)), "what was long ago is forgotten: {}", stay.frees_in(1));
        stay.ended(at(9), at(0));
    }
}
