//! Does the provider take more than was bought here? Its balance beside our books: what falls faster was spent around the gate.

use parking_lot::Mutex;
use tollgate_books::Ledger;
use tollgate_model::Money;

/// Providers tell balances rounded, some to a hundredth of a cent: what is less than this may be no more than that.
const TOLERANCE: i64 = 10_000_000;

/// One account's balance beside its books. Both begin with the first reading of a process.
pub struct Drift {
    every_ms: u64,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// What later readings are compared with: small leaks add up until they are seen.
    from: Option<Reading>,
    outside: i64,
}

/// A balance, and the bounds of what had been bought here when it was told, in nano-dollars.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    balance: i64,
    /// What was settled before it was asked for: it has been charged.
    low: i64,
    /// What was settled, held or unknown after it was told: no more has been charged.
    high: i64,
}

/// What a reading says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The books explain it.
    Agrees,
    /// At least so much was taken that was not bought here.
    Outside(Money),
    /// At least so much was paid in, or given back.
    ToppedUp(Money),
}

impl Reading {
    pub(crate) const fn new(balance: Money, before: Ledger, after: Ledger) -> Self {
        let high = after.settled.nanos().saturating_add(after.held.nanos());
        Self { balance: balance.nanos(), low: before.settled.nanos(), high }
    }
}

impl Drift {
    /// Asks at most once in so many milliseconds.
    pub fn new(every_ms: u64) -> Self {
        Self { every_ms, known: Mutex::default() }
    }

    pub(crate) const fn every_ms(&self) -> u64 {
        self.every_ms
    }

    /// What has been spent around the gate since the process began, as far as was seen.
    pub fn outside(&self) -> Money {
        Money::from_nanos(self.known.lock().outside)
    }

    /// Compares a reading with the earlier one; what was said once is not said again.
    pub(crate) fn judge(&self, now: Reading) -> Found {
        let mut known = self.known.lock();
        let Some(from) = known.from else {
            known.from = Some(now);
            return Found::Agrees;
        };
        let fell = from.balance.saturating_sub(now.balance);
        let (most, least) = (now.high.saturating_sub(from.low), now.low.saturating_sub(from.high).max(0));
        let (outside, paid_in) = (fell.saturating_sub(most), least.saturating_sub(fell));
        if outside > TOLERANCE {
            *known = Known { from: Some(now), outside: known.outside.saturating_add(outside) };
            return Found::Outside(Money::from_nanos(outside));
        }
        if paid_in > TOLERANCE {
            known.from = Some(now);
            return Found::ToppedUp(Money::from_nanos(paid_in));
        }
        Found::Agrees
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENT: i64 = 10_000_000;

    fn reading(balance: i64, settled: i64, held: i64) -> Reading {
        let ledger = |settled, held| Ledger { settled: Money::from_nanos(settled * CENT), held: Money::from_nanos(held * CENT) };
        Reading::new(Money::from_nanos(balance * CENT), ledger(settled, held), ledger(settled, held))
    }

    fn cents(found: Found) -> i64 {
        match found {
            Found::Agrees => 0,
            Found::Outside(money) => money.nanos() / CENT,
            Found::ToppedUp(money) => -money.nanos() / CENT,
        }
    }

    #[test]
    fn bu_32_what_was_bought_here_explains_a_balance_and_anything_more_is_said_once() {
        let drift = Drift::new(60_000);
        let readings = [
            reading(1_000, 0, 0),
            // ten were settled, five are held: what is held may have been charged or not
            reading(990, 10, 5),
            reading(985, 10, 5),
            reading(985, 15, 0),
            // twenty more than was bought, once
            reading(965, 15, 0),
            reading(965, 15, 0),
            // a dollar was paid in
            reading(1_060, 20, 0),
            reading(1_060, 20, 0),
        ];
        assert_eq!(readings.map(|reading| cents(drift.judge(reading))), [0, 0, 0, 0, 20, 0, -100, 0]);
        assert_eq!(drift.outside().nanos(), 20 * CENT);
    }

    #[test]
    fn bu_32_a_leak_of_a_cent_at_a_time_is_seen_when_it_has_added_up() {
        let drift = Drift::new(60_000);
        let found: Vec<i64> = (0..4).map(|leaked| cents(drift.judge(reading(100 - leaked, 0, 0)))).collect();
        assert_eq!(found, [0, 0, 2, 0]);
    }

    #[test]
    fn bu_32_what_is_held_hides_no_more_than_it_holds() {
        let drift = Drift::new(60_000);
        assert_eq!(cents(drift.judge(reading(100, 0, 30))), 0);
        assert_eq!(cents(drift.judge(reading(60, 0, 30))), 10);
    }
}
