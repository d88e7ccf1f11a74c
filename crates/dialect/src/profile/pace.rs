//! What does a provider ban for? Its own limits of an account, which every tenant would pay for.

use serde::Deserialize;
use tollgate_model::Rate;

/// The pace that a provider takes; what is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    first_poll: Option<Span>,
    poll_every: Option<Span>,
    balance_every: Option<Span>,
    submissions: Option<Rate>,
    refused_rest: Option<Span>,
}

/// Where a provider does not say how often a wrong key may be tried.
const REFUSED_REST_MS: u64 = 30_000;

impl Pace {
    /// Milliseconds from a task's submission to its first poll.
    pub fn first_poll_ms(&self) -> u64 {
        self.first_poll.map_or(0, Span::millis)
    }

    /// Milliseconds between two polls of one task.
    pub fn poll_every_ms(&self) -> u64 {
        self.poll_every.map_or(0, Span::millis)
    }

    /// Milliseconds between two questions for the account's balance.
    pub fn balance_every_ms(&self) -> u64 {
        self.balance_every.map_or(0, Span::millis)
    }

    /// Milliseconds between two tries with a key that the provider has refused.
    pub fn refused_rest_ms(&self) -> u64 {
        self.refused_rest.map_or(REFUSED_REST_MS, Span::millis)
    }

    /// Submissions of the whole account. GCRA lets at most N + B - 1 pass in any half-open period.
    pub const fn submissions(&self) -> Option<Rate> {
        self.submissions
    }
}

/// A whole number of milliseconds, seconds or minutes: `2600ms`, `90s`, `10min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Span(u64);

impl Span {
    pub(super) const fn millis(self) -> u64 {
        self.0
    }
}

impl TryFrom<String> for Span {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const BAD: &str = "expected a whole number of milliseconds, seconds or minutes such as `500ms`, `90s` or `10min`";
        let units = [("min", 60_000), ("ms", 1), ("s", 1_000)];
        let (digits, unit_ms) = units.iter().find_map(|(unit, millis)| Some((text.strip_suffix(unit)?, *millis))).ok_or(BAD)?;
        let count: u64 = digits.parse().map_err(|_| BAD)?;
        count.checked_mul(unit_ms).filter(|millis| *millis > 0).map(Self).ok_or(BAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;

    #[test]
    fn a_span_has_a_unit_and_is_not_zero() {
        let millis = |text: &str| Span::try_from(text.to_owned()).ok().map(Span::millis);
        assert_eq!(["2600ms", "90s", "10min"].map(millis), [Some(2_600), Some(90_000), Some(600_000)]);
        assert_eq!(["0s", "5", "5h", "-1s", "1.5s", "ms", "18446744073709551615min"].map(millis), [None; 7]);
    }

    /// CapSolver answers a task 120 times within 5 minutes (PROTOCOLS, task results); the gate's own late poll is one of them.
    #[test]
    fn no_task_of_capsolver_is_polled_more_often_than_it_allows() {
        let pace = *Profile::builtin("capsolver").unwrap().pace();
        assert!(5 * 60_000 / pace.poll_every_ms() < 119, "{pace:?}");
    }

    /// Five requests with a wrong key within ten minutes ban the address for ten (`ERROR: 1004`).
    #[test]
    fn se_14_no_ten_minutes_hold_five_tries_with_a_wrong_key_at_v1_providers() {
        for name in ["captchaai", "rucaptcha", "twocaptcha"] {
            let rest_ms = Profile::builtin(name).unwrap().pace().refused_rest_ms();
            // the refusal that opened the breaker, and every try behind it
            assert!(1 + (600_000 - 1) / rest_ms < 5, "{name}: {rest_ms}");
        }
        assert_eq!(Pace::default().refused_rest_ms(), 30_000);
    }

    /// More than 60 requests of `in.php` in 3 s are a ban of 10 s.
    #[test]
    fn no_three_seconds_hold_more_submissions_than_v1_providers_take() {
        for name in ["captchaai", "rucaptcha", "twocaptcha"] {
            let rate = Profile::builtin(name).unwrap().pace().submissions().unwrap();
            assert!(rate.per_minute.div_ceil(20) + rate.burst - 1 <= 60, "{name}: {rate}");
        }
    }
}
