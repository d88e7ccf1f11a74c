//! Which stretch of time is a cap counted over? Calendar days, weeks and months in a zone, or the last hour or day.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::LimitError;
use crate::time::Timestamp;

/// An IANA time zone, known by its name.
#[derive(Clone)]
pub struct Zone {
    name: Arc<str>,
    zone: TimeZone,
}

const MINUTE_MS: i64 = 60_000;

/// The window a cap is counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// The last sixty minutes, whenever one looks.
    Hour,
    /// The last 24 hours, whenever one looks.
    Rolling,
    /// A calendar day in the cap's zone.
    Day,
    /// A calendar week in the cap's zone, from Monday on.
    Week,
    /// A calendar month in the cap's zone.
    Month,
    /// The whole life of the key, team or upstream.
    Total,
}

/// One occurrence of a period: from `start` until before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    /// First instant inside.
    pub start: Timestamp,
    /// First instant behind.
    pub end: Timestamp,
}

impl Zone {
    /// Universal time.
    pub fn utc() -> Self {
        Self { name: Arc::from("UTC"), zone: TimeZone::UTC }
    }

    /// Looks a zone up by its IANA name, in the system's database or the bundled one.
    pub fn parse(name: &str) -> Result<Self, LimitError> {
        let zone = TimeZone::get(name).map_err(|_| LimitError::Zone(name.to_owned()))?;
        Ok(Self { name: Arc::from(zone.iana_name().unwrap_or(name)), zone })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone as the calendar library has it.
    pub const fn time_zone(&self) -> &TimeZone {
        &self.zone
    }
}

impl Period {
    /// The word in a limit's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Rolling => "24h",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The period of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Hour, Self::Rolling, Self::Day, Self::Week, Self::Month, Self::Total].into_iter().find(|period| period.as_str() == word)
    }

    /// How far a rolling period looks back, in milliseconds; nothing for one that begins and ends. What is spent counts until so
    /// long after the end of its minute: never more than the cap in any stretch of that length.
    pub const fn rolls_over(self) -> Option<i64> {
        match self {
            Self::Hour => Some(60 * MINUTE_MS),
            Self::Rolling => Some(24 * 60 * MINUTE_MS),
            Self::Day | Self::Week | Self::Month | Self::Total => None,
        }
    }

    /// Whether its occurrences depend on a zone.
    pub const fn has_zone(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }

    /// Of a rolling period: the minute, its bucket. Else the occurrence that holds this instant: by the zone's own first instant of the day, so a day has 23 or 25 hours
    /// when the clocks change. Beyond the calendar's range it is the whole of time.
    pub fn window(self, zone: &Zone, at: Timestamp) -> Window {
        let always = Window { start: Timestamp::from_millis(i64::MIN), end: Timestamp::from_millis(i64::MAX) };
        if self.rolls_over().is_some() {
            let start = at.millis().div_euclid(MINUTE_MS).saturating_mul(MINUTE_MS);
            return Window { start: Timestamp::from_millis(start), end: Timestamp::from_millis(start.saturating_add(MINUTE_MS)) };
        }
        if self == Self::Total {
            return always;
        }
        let bounds = || -> Result<Window, jiff::Error> {
            let date = jiff::Timestamp::from_millisecond(at.millis())?.to_zoned_datetime(zone.zone.clone()).date();
            let (first, next) = match self {
                Self::Month => (date.first_of_month(), date.last_of_month().tomorrow()?),
                Self::Week => {
                    let days = i64::from(date.weekday().to_monday_zero_offset());
                    let monday = date.checked_sub(jiff::Span::new().days(days))?;
                    (monday, monday.checked_add(jiff::Span::new().days(7))?)
                }
                Self::Day | Self::Total | Self::Hour | Self::Rolling => (date, date.tomorrow()?),
            };
            let instant = |date: jiff::civil::Date| -> Result<Timestamp, jiff::Error> {
                Ok(Timestamp::from_millis(date.to_zoned_datetime(zone.zone.clone())?.timestamp().as_millisecond()))
            };
            Ok(Window { start: instant(first)?, end: instant(next)? })
        };
        bounds().unwrap_or(always)
    }
}

impl Window {
    /// What counts beside what is admitted in a bucket: of a rolling period the minutes before it too, as far back as it looks.
    #[must_use]
    pub const fn counted(&self, period: Period) -> Self {
        let back = match period.rolls_over() {
            Some(back) => back,
            None => 0,
        };
        Self { start: Timestamp::from_millis(self.start.millis().saturating_sub(back)), end: self.end }
    }

    /// Whether the instant is inside.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl std::hash::Hash for Zone {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)
    }
}
