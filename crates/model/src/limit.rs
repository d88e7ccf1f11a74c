//! How much, of what, over which time? The words of a limit.

mod window;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::KeyId;
use crate::money::{Money, MoneyError};
use crate::name::Name;

pub use window::{Period, Window, Zone};

/// What is counted, and up to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amount {
    /// Money, in nano-dollars.
    Money(Money),
    /// Tasks.
    Tasks(i64),
}

/// Requests a minute with a burst, for GCRA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    /// Requests in a minute; at least 1.
    pub per_minute: u32,
    /// Requests that may come at once; at least 1.
    pub burst: u32,
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// A cap over a window.
    Cap {
        /// How much.
        amount: Amount,
        /// Over which period.
        period: Period,
        /// In which zone its days and months begin.
        zone: Zone,
    },
    /// A rate.
    Rate(Rate),
    /// Open tasks at once.
    Concurrency(u32),
}

/// Whose limit it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// A key's own.
    Key(KeyId),
    /// Shared by the keys of a team.
    Team(Name),
    /// Shared by all keys of an upstream account.
    Upstream(Name),
}

/// A limit with its owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// Whose it is.
    pub scope: Scope,
    /// What it bounds.
    pub kind: LimitKind,
}

/// Why a text is not a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Not an amount and a period.
    #[error("expected an amount and a period such as `25/day`, `400/month Europe/Berlin`, `100/week`, `25/24h`, `5/hour` or `1000/total`")]
    Form,
    /// The amount is not money.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A zero bounds nothing away: leave the key paused instead.
    #[error("a limit of zero is never meant: pause the key instead")]
    Zero,
    /// No such zone.
    #[error("`{0}` is not an IANA time zone")]
    Zone(String),
    /// Not a rate.
    #[error("expected a rate such as `60/min` or `60/min burst 6`")]
    Rate,
}

impl Amount {
    /// The bare number: nano-dollars or tasks.
    pub const fn units(self) -> i64 {
        match self {
            Self::Money(money) => money.nanos(),
            Self::Tasks(tasks) => tasks,
        }
    }

    /// The same unit with another number.
    #[must_use]
    pub const fn with_units(self, units: i64) -> Self {
        match self {
            Self::Money(_) => Self::Money(Money::from_nanos(units)),
            Self::Tasks(_) => Self::Tasks(units),
        }
    }
}

impl Rate {
    /// Parses `60/min` or `60/min burst 6`; without a burst it is a tenth of the rate, rounded up.
    pub fn parse(text: &str) -> Result<Self, LimitError> {
        let mut words = text.split_ascii_whitespace();
        let per_minute = words.next().and_then(|word| word.strip_suffix("/min")).and_then(count).ok_or(LimitError::Rate)?;
        let burst = match (words.next(), words.next(), words.next()) {
            (None, None, None) => per_minute.div_ceil(10),
            (Some("burst"), Some(burst), None) => count(burst).ok_or(LimitError::Rate)?,
            _ => return Err(LimitError::Rate),
        };
        if per_minute == 0 || burst == 0 {
            return Err(LimitError::Zero);
        }
        Ok(Self { per_minute, burst })
    }
}

impl LimitKind {
    /// Parses a cap in money: `25/day`, `400/month Europe/Berlin`, `100/week`, `25/24h`, `5/hour`, `1000/total`; the zone is UTC
    /// unless named. Days, weeks and months are the calendar's, an hour and 24 hours the last ones.
    pub fn parse_cap(text: &str) -> Result<Self, LimitError> {
        Self::parse_over_period(text, |amount| Ok(Amount::Money(Money::parse(amount)?)))
    }

    /// Parses a cap in tasks: `5000/day`, `100/total`.
    pub fn parse_tasks(text: &str) -> Result<Self, LimitError> {
        Self::parse_over_period(text, |amount| count(amount).map(|tasks| Amount::Tasks(i64::from(tasks))).ok_or(LimitError::Form))
    }

    fn parse_over_period(text: &str, amount: impl Fn(&str) -> Result<Amount, LimitError>) -> Result<Self, LimitError> {
        let mut words = text.split_ascii_whitespace();
        let (number, period) = words.next().and_then(|word| word.split_once('/')).ok_or(LimitError::Form)?;
        let period = Period::parse(period).ok_or(LimitError::Form)?;
        let named = words.next();
        // a total has no day that begins somewhere; two of them must not differ by a zone that means nothing
        if words.next().is_some() || !period.has_zone() && named.is_some() {
            return Err(LimitError::Form);
        }
        let zone = named.map_or(Ok(Zone::utc()), Zone::parse)?;
        let amount = amount(number)?;
        if amount.units() == 0 { Err(LimitError::Zero) } else { Ok(Self::Cap { amount, period, zone }) }
    }
}

fn count(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/min burst {}", self.per_minute, self.burst)
    }
}

/// The shortest exact text of an amount: `25`, `0.0029`.
fn shortest(money: Money) -> String {
    let text = money.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl fmt::Display for LimitKind {
    /// The text that parses to it: `25/day Europe/Berlin`, `60/min burst 6`, `10`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cap { amount, period, zone } => {
                match amount {
                    Amount::Money(money) => out.write_str(&shortest(*money))?,
                    Amount::Tasks(tasks) => write!(out, "{tasks}")?,
                }
                write!(out, "/{}", period.as_str())?;
                if !period.has_zone() || zone.name() == "UTC" { Ok(()) } else { write!(out, " {}", zone.name()) }
            }
            Self::Rate(rate) => write!(out, "{rate}"),
            Self::Concurrency(open) => write!(out, "{open}"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(out, "{id}"),
            Self::Team(name) => write!(out, "team {name}"),
            Self::Upstream(name) => write!(out, "upstream {name}"),
        }
    }
}

impl FromStr for Rate {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        Self::parse(text)
    }
}

impl Serialize for Rate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_limit_prints_as_it_is_written() {
        for text in ["25/day", "0.0029/total", "400/month Europe/Berlin", "100/week Asia/Tokyo", "5/hour", "25/24h"] {
            assert_eq!(LimitKind::parse_cap(text).unwrap().to_string(), text);
        }
        assert_eq!(LimitKind::parse_tasks("5000/day Asia/Tokyo").unwrap().to_string(), "5000/day Asia/Tokyo");
        assert_eq!(Rate::parse("60/min").unwrap().to_string(), "60/min burst 6");
    }

    #[test]
    fn a_limit_that_is_unclear_is_refused() {
        for text in [
            "25",
            "25/year",
            "25/24h Europe/Berlin",
            "5/hour UTC",
            "-1/day",
            "25/day Berlin",
            "25/day UTC UTC",
            "25/total Europe/Berlin",
            "0/day",
            "1.2.3/day",
            "NaN/day",
            "/day",
        ] {
            assert!(LimitKind::parse_cap(text).is_err(), "{text}");
        }
        for text in ["1.5/day", "+1/day", "99999999999/day"] {
            assert!(LimitKind::parse_tasks(text).is_err(), "{text}");
        }
        for text in ["60", "60/s", "0/min", "60/min burst", "60/min burst 0", "60/min 6"] {
            assert!(Rate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tm_02_a_day_is_as_long_as_its_zone_says() {
        let hours = |zone: &str, at: &str| {
            let window = Period::Day.window(&Zone::parse(zone).unwrap(), Timestamp::parse_rfc3339(at).unwrap());
            assert!(window.contains(Timestamp::parse_rfc3339(at).unwrap()));
            (window.end.millis() - window.start.millis()) / 1_800_000
        };
        assert_eq!(hours("Europe/Berlin", "2026-03-29T12:00:00Z"), 46);
        assert_eq!(hours("Europe/Berlin", "2026-10-25T12:00:00Z"), 50);
        assert_eq!(hours("Europe/Berlin", "2026-11-23T12:00:00Z"), 48);
        assert_eq!(hours("Australia/Lord_Howe", "2026-10-04T00:00:00Z"), 47);
        assert_eq!(hours("America/New_York", "2026-11-01T12:00:00Z"), 50);
    }

    #[test]
    fn a_week_begins_on_monday_at_local_midnight_and_is_as_long_as_its_zone_says() {
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let window = Period::Week.window(&berlin, at("2026-10-25T22:59:59Z"));
        assert_eq!(
            (window.start.to_string(), window.end.to_string()),
            ("2026-10-18T22:00:00.000Z".to_owned(), "2026-10-25T23:00:00.000Z".to_owned())
        );
        let window = Period::Week.window(&berlin, at("2026-10-25T23:00:00Z"));
        assert_eq!(window.start.to_string(), "2026-10-25T23:00:00.000Z");
    }

    #[test]
    fn the_bucket_of_a_rolling_period_is_its_minute() {
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        let window = Period::Rolling.window(&Zone::utc(), at("2026-10-25T22:59:59.999Z"));
        assert_eq!((window.start, window.end), (at("2026-10-25T22:59:00Z"), at("2026-10-25T23:00:00Z")));
        assert!(!window.contains(window.end));
    }

    #[test]
    fn a_month_begins_and_ends_at_local_midnight() {
        let at = Timestamp::parse_rfc3339("2026-11-23T12:00:00Z").unwrap();
        let window = Period::Month.window(&Zone::parse("Europe/Berlin").unwrap(), at);
        assert_eq!(window.start.to_string(), "2026-10-31T23:00:00.000Z");
        assert_eq!(window.end.to_string(), "2026-11-30T23:00:00.000Z");
    }
}
