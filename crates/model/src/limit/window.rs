//! Which stretch of time is a cap counted over? Calendar days and months in a zone.

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

/// The calendar window a cap is counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// A calendar day in the cap's zone.
    Day,
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
            Self::Day => "day",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The occurrence that holds this instant: by the zone's own first instant of the day, so a day has 23 or 25 hours
    /// when the clocks change. Beyond the calendar's range it is the whole of time.
    pub fn window(self, zone: &Zone, at: Timestamp) -> Window {
        let always = Window { start: Timestamp::from_millis(i64::MIN), end: Timestamp::from_millis(i64::MAX) };
        if self == Self::Total {
            return always;
        }
        let bounds = || -> Result<Window, jiff::Error> {
            let date = jiff::Timestamp::from_millisecond(at.millis())?.to_zoned_datetime(zone.zone.clone()).date();
            let (first, next) = match self {
                Self::Month => (date.first_of_month(), date.last_of_month().tomorrow()?),
                Self::Day | Self::Total => (date, date.tomorrow()?),
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
