//! May another one come now? GCRA (ITU-T I.371): one instant per rate, exact in every window.

use tollgate_model::{Mono, Rate};

use crate::rates::Share;

const MINUTE_NS: u64 = 60_000_000_000;

/// A rate's state: the theoretical arrival time of the next request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gcra {
    rate: Rate,
    arrival: u64,
    /// The part of it that is in force; the whole where it is no other gate's too.
    share: Share,
}

impl Gcra {
    /// A rate with its whole burst, or with none of it after an unclean start: what was sent before is not known.
    pub(crate) fn new(rate: Rate, now: Mono, clean: bool) -> Self {
        let mut gcra = Self { rate, arrival: now.nanos(), share: Share { of: 1, from: Mono::from_nanos(0) } };
        if !clean {
            gcra.arrival = now.nanos().saturating_add(gcra.tolerance());
        }
        gcra
    }

    /// Another rate in force; as many calls stay used, whatever time each of them takes up from now on.
    pub(crate) fn set(&mut self, rate: Rate, now: Mono) {
        let before = self.interval();
        self.rate = rate;
        if let Some(used) = self.arrival.checked_sub(now.nanos()) {
            let used = u128::from(used) * u128::from(self.interval()) / u128::from(before.max(1));
            self.arrival = now.nanos().saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
        }
    }

    /// Puts a share of it in force. Another than before begins with nothing: all gates together have no more than the whole, whoever
    /// had taken what before. One that began earlier is of a call that has waited: the later one stays.
    pub(crate) fn part(&mut self, share: Share) {
        if share.from < self.share.from {
            return;
        }
        let begins = self.share.from != share.from;
        self.share = share;
        if begins {
            self.arrival = share.from.nanos().saturating_add(self.tolerance()).saturating_add(self.interval());
        }
    }

    pub(crate) const fn rate(&self) -> Rate {
        self.rate
    }

    /// Nanoseconds to wait before the next may come; zero when it may come now.
    pub(crate) fn wait(&self, now: Mono) -> u64 {
        self.arrival.saturating_sub(now.nanos()).saturating_sub(self.tolerance())
    }

    /// Takes one.
    pub(crate) fn take(&mut self, now: Mono) {
        self.arrival = self.arrival.max(now.nanos()).saturating_add(self.interval());
    }

    /// Gives one back that nothing came of.
    pub(crate) fn give_back(&mut self) {
        self.arrival = self.arrival.saturating_sub(self.interval());
    }

    /// Rounded up, so that a minute never holds one more than the rate.
    fn interval(&self) -> u64 {
        MINUTE_NS.div_ceil(u64::from(self.rate.per_minute).max(1)).saturating_mul(u64::from(self.share.of))
    }

    fn tolerance(&self) -> u64 {
        self.interval().saturating_mul(u64::from((self.rate.burst / self.share.of.max(1)).saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rl_01_no_minute_holds_more_than_the_rate_and_its_burst(
            per_minute in 1_u32..200, burst in 1_u32..50, steps in proptest::collection::vec(0_u64..3_000_000_000, 1..400)
        ) {
            let rate = Rate { per_minute, burst };
            let mut gcra = Gcra::new(rate, Mono::from_nanos(0), true);
            let mut now = 0;
            let mut admitted = Vec::new();
            for step in steps {
                now += step;
                if gcra.wait(Mono::from_nanos(now)) == 0 {
                    gcra.take(Mono::from_nanos(now));
                    admitted.push(now);
                }
            }
            for (first, from) in admitted.iter().enumerate() {
                let inside = admitted[first..].iter().take_while(|at| **at < from + MINUTE_NS).count();
                prop_assert!(inside <= (per_minute + burst - 1) as usize);
            }
        }
    }

    #[test]
    fn rl_02_the_last_moments_of_a_minute_and_the_first_of_the_next_have_one_burst_together() {
        let rate = Rate { per_minute: 60, burst: 6 };
        for edge in [MINUTE_NS, 10 * MINUTE_NS, 60 * MINUTE_NS] {
            let mut gcra = Gcra::new(rate, Mono::from_nanos(0), true);
            let mut admitted = 0;
            // 10 ms before and 10 ms behind, every tenth of a millisecond
            for at in (edge - 10_000_000..edge + 10_000_000).step_by(100_000).map(Mono::from_nanos) {
                if gcra.wait(at) == 0 {
                    gcra.take(at);
                    admitted += 1;
                }
            }
            assert_eq!(admitted, 6, "no second allowance at {edge}");
        }
    }

    #[test]
    fn rl_05_after_the_wait_it_may_come() {
        let mut gcra = Gcra::new(Rate { per_minute: 60, burst: 2 }, Mono::from_nanos(0), true);
        let at = |nanos| Mono::from_nanos(nanos);
        gcra.take(at(0));
        gcra.take(at(0));
        let wait = gcra.wait(at(0));
        assert_eq!((wait, gcra.wait(at(wait - 1)) > 0, gcra.wait(at(wait))), (1_000_000_000, true, 0));
    }

    proptest! {
        #[test]
        fn rl_07_the_shares_of_all_gates_together_hold_no_more_than_the_rate_from_the_moment_they_begin(
            per_minute in 1_u32..6_000, burst in 1_u32..50, of in 1_u32..6, steps in proptest::collection::vec(0_u64..300_000_000, 1..600)
        ) {
            let rate = Rate { per_minute, burst };
            let from = 5_000_000_000;
            let mut gates: Vec<Gcra> = (0..of).map(|_| Gcra::new(rate, Mono::from_nanos(0), true)).collect();
            let (mut now, mut admitted) = (from, Vec::new());
            for (turn, step) in steps.into_iter().enumerate() {
                now += step;
                let gate = &mut gates[turn % of as usize];
                gate.part(Share { of, from: Mono::from_nanos(from) });
                if gate.wait(Mono::from_nanos(now)) == 0 {
                    gate.take(Mono::from_nanos(now));
                    admitted.push(now);
                }
            }
            let interval = MINUTE_NS.div_ceil(u64::from(per_minute));
            // whatever was taken of the whole just before
            for (count, at) in admitted.iter().enumerate() {
                prop_assert!((count as u64) < (at - from) / interval, "the {}th {} ns after the beginning", count + 1, at - from);
            }
        }
    }

    #[test]
    fn a_changed_rate_keeps_the_calls_that_were_taken_and_not_their_time() {
        let (slow, fast) = (Rate { per_minute: 1, burst: 10 }, Rate { per_minute: 600, burst: 10 });
        let at = Mono::from_nanos;
        let mut gcra = Gcra::new(slow, at(0), true);
        (0..10).for_each(|_| gcra.take(at(0)));
        gcra.set(fast, at(0));
        assert_eq!(gcra.wait(at(0)), 100_000_000, "one interval of the new rate, not ten minutes");
        gcra.set(slow, at(0));
        assert_eq!(gcra.wait(at(0)), MINUTE_NS, "and no new burst");
    }

    #[test]
    fn a_share_that_began_earlier_is_not_put_in_force_again() {
        let at = Mono::from_nanos;
        let mut gcra = Gcra::new(Rate { per_minute: 60, burst: 1 }, at(0), true);
        let share = |from| Share { of: 2, from: at(from) };
        gcra.part(share(5_000_000_000));
        gcra.take(at(9_000_000_000));
        let wait = gcra.wait(at(9_000_000_000));
        gcra.part(share(1_000_000_000));
        gcra.part(share(5_000_000_000));
        assert_eq!(gcra.wait(at(9_000_000_000)), wait);
    }

    #[test]
    fn an_unclean_start_gives_no_burst() {
        let mut gcra = Gcra::new(Rate { per_minute: 60, burst: 10 }, Mono::from_nanos(0), false);
        assert_eq!(gcra.wait(Mono::from_nanos(0)), 0);
        gcra.take(Mono::from_nanos(0));
        assert_eq!(gcra.wait(Mono::from_nanos(0)), 1_000_000_000);
    }
}
