//! May another one come now? GCRA (ITU-T I.371): one instant per rate, exact in every window.

use std::collections::VecDeque;

use tollgate_model::{Mono, Rate};

use crate::rates::Share;

const MINUTE_NS: u64 = 60_000_000_000;

/// A rate's state: the theoretical arrival time of the next request.
#[derive(Clone, Debug)]
pub(crate) struct Gcra {
    rate: Rate,
    arrival: u64,
    /// The part of it that is in force; the whole where it is no other gate's too.
    share: Share,
    /// The arrival time before the first of `turns`.
    before: u64,
    /// What was taken since the oldest that may still be given back: when, and what became of it. Time may have passed over one that
    /// is given back; what counts is what the arrival time would be without it.
    turns: VecDeque<(u64, Became)>,
    /// The number of the first of them.
    first: u64,
}

/// One that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn(u64);

/// What became of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Became {
    Open,
    Kept,
    GivenBack,
}

/// Turns that are remembered: calls between their admission and their sending. Beyond, the oldest is taken for kept.
const MOST_OPEN: usize = 1_024;

impl Gcra {
    /// A rate with its whole burst, or with none of it after an unclean start: what was sent before is not known.
    pub(crate) fn new(rate: Rate, now: Mono, clean: bool) -> Self {
        let share = Share { of: 1, from: Mono::from_nanos(0) };
        let mut gcra = Self { rate, arrival: now.nanos(), share, before: 0, turns: VecDeque::new(), first: 0 };
        if !clean {
            gcra.arrival = now.nanos().saturating_add(gcra.tolerance());
        }
        gcra
    }

    /// Another rate in force; as many calls stay used, whatever time each of them takes up from now on.
    pub(crate) fn set(&mut self, rate: Rate, now: Mono) {
        let before = self.interval();
        if rate != self.rate {
            self.forget();
        }
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
            self.forget();
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

    /// Takes one, which is to be kept or given back.
    pub(crate) fn take(&mut self, now: Mono) -> Turn {
        if self.turns.len() >= MOST_OPEN {
            self.keep(Turn(self.first));
        }
        if self.turns.is_empty() {
            self.before = self.arrival;
        }
        self.turns.push_back((now.nanos(), Became::Open));
        self.arrival = self.after(self.arrival, now.nanos());
        Turn(self.first.saturating_add(self.turns.len() as u64).saturating_sub(1))
    }

    /// It was sent.
    pub(crate) fn keep(&mut self, turn: Turn) {
        self.became(turn, Became::Kept);
    }

    /// Gives one back that nothing came of. Of another rate than the one in force nothing returns.
    pub(crate) fn give_back(&mut self, turn: Turn) {
        if self.became(turn, Became::GivenBack) {
            let counted = self.turns.iter().filter(|(_, became)| *became != Became::GivenBack);
            self.arrival = counted.fold(self.before, |arrival, (at, _)| self.after(arrival, *at));
        }
    }

    /// Notes it, and forgets what no longer waits for anything; says whether it was open.
    fn became(&mut self, turn: Turn, what: Became) -> bool {
        let place = turn.0.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        let Some((_, became)) = place.and_then(|place| self.turns.get_mut(place)).filter(|(_, became)| *became == Became::Open) else {
            return false;
        };
        *became = what;
        while let Some((at, became)) = self.turns.pop_front_if(|(_, became)| *became != Became::Open) {
            self.first = self.first.saturating_add(1);
            if became == Became::Kept {
                self.before = self.after(self.before, at);
            }
        }
        true
    }

    /// All that was taken is kept.
    fn forget(&mut self) {
        self.first = self.first.saturating_add(self.turns.len() as u64);
        self.turns.clear();
    }

    fn after(&self, arrival: u64, at: u64) -> u64 {
        arrival.max(at).saturating_add(self.interval())
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

    impl Gcra {
        fn keep_one(&mut self, now: Mono) {
            let turn = self.take(now);
            self.keep(turn);
        }
    }

    #[test]
    fn rl_01_what_is_given_back_when_time_has_passed_over_it_gives_no_second_call() {
        let at = |seconds: u64| Mono::from_nanos(seconds * 1_000_000_000);
        let mut gcra = Gcra::new(Rate { per_minute: 60, burst: 1 }, at(0), true);
        let early = gcra.take(at(0));
        gcra.keep_one(at(10));
        gcra.give_back(early);
        assert_eq!(gcra.wait(at(10)), 1_000_000_000, "the one at 10 s was sent");
        gcra.give_back(early);
        assert_eq!(gcra.wait(at(10)), 1_000_000_000, "and nothing is given back twice");
        // at once, the whole of it returns
        let late = gcra.take(at(11));
        gcra.give_back(late);
        assert_eq!(gcra.wait(at(11)), 0);
    }

    #[test]
    fn what_was_taken_of_another_rate_is_not_given_back_to_this_one() {
        let at = Mono::from_nanos;
        let (slow, fast) = (Rate { per_minute: 1, burst: 2 }, Rate { per_minute: 60, burst: 2 });
        let mut gcra = Gcra::new(slow, at(0), true);
        let turns = [gcra.take(at(0)), gcra.take(at(0))];
        gcra.set(fast, at(0));
        for turn in turns {
            gcra.give_back(turn);
        }
        assert_eq!(gcra.wait(at(0)), 1_000_000_000);
    }

    proptest! {
        /// Each step: so much later, one comes (and is taken where it may), and of those that wait one is sent or given back.
        #[test]
        fn rl_01_what_was_given_back_was_never_there(
            per_minute in 1_u32..200, burst in 1_u32..20,
            steps in proptest::collection::vec((0_u64..2_000_000_000, 0_usize..8, any::<bool>()), 1..400)
        ) {
            let rate = Rate { per_minute, burst };
            let mut gcra = Gcra::new(rate, Mono::from_nanos(0), true);
            let (mut now, mut open, mut counted) = (0, Vec::new(), std::collections::BTreeMap::new());
            for (number, (step, which, is_sent)) in steps.into_iter().enumerate() {
                now += step;
                if gcra.wait(Mono::from_nanos(now)) == 0 {
                    open.push((number, gcra.take(Mono::from_nanos(now))));
                    counted.insert(number, now);
                }
                if which < open.len() {
                    let (number, turn) = open.remove(which);
                    if is_sent {
                        gcra.keep(turn);
                    } else {
                        gcra.give_back(turn);
                        counted.remove(&number);
                    }
                }
                let mut reference = Gcra::new(rate, Mono::from_nanos(0), true);
                for at in counted.values() {
                    reference.keep_one(Mono::from_nanos(*at));
                }
                prop_assert_eq!(gcra.wait(Mono::from_nanos(now)), reference.wait(Mono::from_nanos(now)));
            }
        }

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
        (0..10).for_each(|_| gcra.keep_one(at(0)));
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
