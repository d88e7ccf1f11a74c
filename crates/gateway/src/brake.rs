//! Does a key run away? Its purchases and failures of this span, held against its own of the 60 spans before.
//!
//! Each key has a measure of its own: only calls of one key meet at its mutex, once for each paid call.

use std::sync::atomic::{AtomicU8, Ordering};

use parking_lot::Mutex;
use tollgate_model::{Money, Mono, Name};
use tollgate_policy::Brake;

/// Spans that are remembered: an hour of minutes.
const SPANS: usize = 60;
/// Spans with a call in them, without which a key has no pace: a new or quiet one is not stopped by its first burst.
const PACED: usize = 10;
/// Calls or failures of a span that are no runaway, however quiet the key was.
const FLOOR: u32 = 30;

const FREE: u8 = 0;
const TRIPPED: u8 = 1;
const APPLIED: u8 = 2;

/// One key's measure.
#[derive(Default)]
pub struct Pace {
    state: AtomicU8,
    measure: Mutex<Measure>,
}

/// A key that ran away, until the registry has paused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runaway {
    /// The key.
    pub key: Name,
    /// What was seen.
    pub reason: String,
}

#[derive(Default)]
struct Measure {
    /// The number of the present span since the clock's beginning.
    span: u64,
    span_ms: u32,
    now: Spent,
    before: std::collections::VecDeque<Spent>,
    usual: Usual,
}

/// What happened in a span.
#[derive(Clone, Copy, Default)]
struct Spent {
    calls: u32,
    failures: u32,
    nanos: i64,
}

impl Pace {
    /// Whether its key is stopped: at once, whatever the registry says yet.
    pub fn is_stopped(&self) -> bool {
        self.state.load(Ordering::Relaxed) == TRIPPED
    }

    /// The registry is about to say so: from then on a record that is not paused begins a fresh measure.
    pub fn applied(&self) {
        self.state.store(APPLIED, Ordering::Relaxed);
    }

    /// The registry did not: it is still stopped here.
    pub fn not_applied(&self) {
        self.state.store(TRIPPED, Ordering::Relaxed);
    }

    /// Whether it was paused for this measure, which ends with the pause.
    pub fn is_over(&self) -> bool {
        self.state.load(Ordering::Relaxed) == APPLIED
    }

    /// Counts a paid call; what it tells, it tells once.
    pub(crate) fn count(&self, brake: Brake, held: Money, failed: bool, now: Mono) -> Option<String> {
        let Brake::Beyond { times, span_ms } = brake else { return None };
        let reason = {
            let mut measure = self.measure.lock();
            measure.go_to(span_ms, now);
            let spent = &mut measure.now;
            spent.calls = spent.calls.saturating_add(1);
            spent.failures = spent.failures.saturating_add(u32::from(failed));
            spent.nanos = spent.nanos.saturating_add(held.nanos());
            measure.runs_away(times)?
        };
        let first = self.state.compare_exchange(FREE, TRIPPED, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        first.then_some(reason)
    }
}

/// What the spans before come to; the same until the next span, so that a call does not add them up again.
#[derive(Clone, Copy, Default)]
struct Usual {
    /// Spans with a call in them.
    active: usize,
    sum: Spent,
}

impl Usual {
    fn of(before: &std::collections::VecDeque<Spent>) -> Self {
        before.iter().filter(|spent| spent.calls > 0).fold(Self::default(), |Self { active, sum }, spent| Self {
            active: active + 1,
            sum: Spent {
                calls: sum.calls.saturating_add(spent.calls),
                failures: sum.failures.saturating_add(spent.failures),
                nanos: sum.nanos.saturating_add(spent.nanos),
            },
        })
    }
}

impl Measure {
    fn go_to(&mut self, span_ms: u32, now: Mono) {
        let span = now.nanos() / 1_000_000 / u64::from(span_ms.max(1));
        if self.span_ms != span_ms {
            *self = Self { span, span_ms, ..Self::default() };
        }
        let passed = span.saturating_sub(self.span);
        if passed == 0 {
            return;
        }
        for _ in 0..passed.min(SPANS as u64 + 1) {
            self.before.push_back(std::mem::take(&mut self.now));
            if self.before.len() > SPANS {
                self.before.pop_front();
            }
        }
        self.span = span;
        self.usual = Usual::of(&self.before);
    }

    fn runs_away(&self, times: u32) -> Option<String> {
        let Spent { calls, failures, nanos } = self.now;
        if calls < FLOOR {
            return None;
        }
        let Usual { active, sum } = self.usual;
        if active < PACED {
            return None;
        }
        let active = i64::try_from(active).unwrap_or(i64::MAX);
        // tasks that cost nothing by themselves are counted instead
        let (spent, before) = if sum.nanos > 0 { (nanos, sum.nanos) } else { (i64::from(calls), i64::from(sum.calls)) };
        let beyond = |now: i64, before: i64| i128::from(now) * i128::from(active) > i128::from(times) * i128::from(before);
        let span = self.span_ms / 1_000;
        if beyond(spent, before) {
            let mean = Money::from_nanos(sum.nanos / active);
            let usual = sum.calls / u32::try_from(active).unwrap_or(u32::MAX);
            let held = Money::from_nanos(nanos);
            return Some(format!(
                "brake: {calls} tasks for ${held} within {span} s, more than {times} times the key's own pace ({usual} for ${mean})"
            ));
        }
        (failures >= FLOOR && beyond(i64::from(failures), i64::from(sum.failures))).then(|| {
            let usual = i64::from(sum.failures) / active;
            format!("brake: {failures} of {calls} tasks failed within {span} s, more than {times} times the key's own pace ({usual})")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRAKE: Brake = Brake::Beyond { times: 10, span_ms: 60_000 };
    const DIME: Money = Money::from_nanos(100_000_000);

    fn at(second: u64) -> Mono {
        Mono::from_nanos(second * 1_000_000_000)
    }

    /// So many calls a minute for so many minutes; then how many of 2,000 more at once go by.
    fn burst(pace: &Pace, brake: Brake, minutes: u64, calls: u64, cost: Money, failing: bool) -> Option<u64> {
        for minute in 0..minutes {
            for call in 0..calls {
                assert_eq!(pace.count(brake, cost, false, at(minute * 60 + call % 60)), None);
            }
        }
        (0..2_000).find(|_| pace.count(brake, cost, failing, at(minutes * 60)).is_some())
    }

    #[test]
    fn a_key_beyond_ten_times_its_own_pace_is_stopped_and_told_of_once() {
        let pace = Pace::default();
        assert_eq!(burst(&pace, BRAKE, 10, 4, DIME, false), Some(40), "the 41st is more than ten times four");
        assert!(pace.is_stopped());
        assert_eq!(pace.count(BRAKE, DIME, false, at(601)), None);
        assert_eq!(burst(&Pace::default(), BRAKE, 10, 4, Money::ZERO, false), Some(40), "tasks without a price are counted");
    }

    #[test]
    fn a_new_key_a_quiet_one_and_one_without_a_brake_are_not_stopped_by_a_burst() {
        assert_eq!(burst(&Pace::default(), BRAKE, 0, 0, DIME, false), None);
        assert_eq!(burst(&Pace::default(), BRAKE, 9, 4, DIME, false), None);
        assert_eq!(burst(&Pace::default(), BRAKE, 10, 1, DIME, false), Some(29), "thirty of a span are needed");
        assert_eq!(burst(&Pace::default(), Brake::Off, 10, 4, DIME, false), None);
        let pace = Pace::default();
        assert_eq!(burst(&pace, Brake::Beyond { times: 1_000, span_ms: 60_000 }, 10, 4, DIME, false), None);
    }

    #[test]
    fn failures_are_held_against_their_own_pace() {
        let pace = Pace::default();
        let brake = Brake::Beyond { times: 10, span_ms: 60_000 };
        assert_eq!(burst(&pace, brake, 20, 200, DIME, true), Some(29), "it buys no faster, and every task fails");
    }

    #[test]
    fn an_hour_of_silence_forgets_the_pace() {
        let pace = Pace::default();
        burst(&pace, Brake::Beyond { times: 1_000, span_ms: 60_000 }, 10, 4, DIME, false);
        assert!((0..2_000).all(|_| pace.count(BRAKE, DIME, false, at(60 * 72)).is_none()));
    }
}
