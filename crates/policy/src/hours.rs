//! At which weekdays and hours? Openings in a zone's local wall-clock time, over midnight and over the clocks' changes.

mod next;
mod text;

use serde::{Deserialize, Serialize};
use tollgate_model::{Denial, DenialCode, Timestamp, Zone};

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// The times at which a key may act: open while one of its openings is; never without an opening.
///
/// Serialized as the list of its openings' texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Opening>", into = "Vec<Opening>")]
pub struct Hours(Vec<Opening>);

/// One opening: on these days from the first minute until before the last, by the wall clock of its zone.
///
/// If the last minute is not after the first, it is the next day's: `Fri 22:00-06:00` ends on Saturday. An hour that the
/// clocks skip is never open, an hour that they repeat is open twice: what the wall clock shows decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    days: Days,
    from: Minute,
    until: Minute,
    zone: Zone,
}

/// A set of weekdays, bit 0 is Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Days(u8);

/// A minute of the day, 0 to 1440.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Minute(i64);

/// Why a text is not an opening.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Not days, times and a zone.
    #[error("expected weekdays, times and a zone such as `Mon-Fri 09:00-17:00 Europe/Berlin` or `Sat,Sun 22:00-06:00`")]
    Form,
    /// First and last minute are the same: a whole day, or nothing?
    #[error("opening and closing are the same minute: write `00:00-24:00` for a whole day")]
    Empty,
    /// No such zone.
    #[error("`{0}` is not an IANA time zone")]
    Zone(String),
    /// No opening at all.
    #[error("hours without an opening would never be open: pause the key instead")]
    Never,
}

/// What a wall clock shows, in milliseconds as if its zone were UTC.
#[derive(Clone, Copy)]
struct Wall(i64);

impl Hours {
    /// The hours made of these openings.
    pub fn new(openings: Vec<Opening>) -> Result<Self, HoursError> {
        if openings.is_empty() { Err(HoursError::Never) } else { Ok(Self(openings)) }
    }

    /// Parses one or several openings, separated by `;`.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        text.split(';').map(Opening::parse).collect::<Result<_, _>>().and_then(Self::new)
    }

    /// Parses a list of texts, each of one or several openings.
    pub fn parse_all<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, HoursError> {
        let mut openings = Vec::new();
        for text in texts {
            openings.extend(Self::parse(text.as_ref())?.0);
        }
        Self::new(openings)
    }

    /// Whether one of the openings holds this instant.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.0.iter().any(|opening| opening.is_open(at))
    }

    /// The first instant at or after this one that is open; nothing if there is none within five weeks.
    pub fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open(at) {
            return Some(at);
        }
        self.0.iter().filter_map(|opening| next::after(opening, at)).min()
    }

    /// Whether a key with these hours may act; a refusal tells the wait.
    pub fn permit(&self, now: Timestamp) -> Result<(), Denial> {
        if self.is_open(now) {
            return Ok(());
        }
        let denial = Denial::new(DenialCode::OutsideHours, format!("open {self}"));
        Err(match self.next_opening(now).and_then(|next| u64::try_from(next.millis() - now.millis()).ok()) {
            Some(wait) => denial.retry_after(wait),
            None => denial,
        })
    }

    /// The openings.
    pub fn openings(&self) -> &[Opening] {
        &self.0
    }
}

impl Opening {
    /// Whether it holds this instant; an instant outside the calendar is in no opening.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let Some(Wall(wall)) = self.wall(at) else { return false };
        let (day, time) = (wall.div_euclid(DAY_MS), wall.rem_euclid(DAY_MS));
        let (from, until) = (self.from.0 * MINUTE_MS, self.until.0 * MINUTE_MS);
        if from < until {
            self.days.hold(day) && from <= time && time < until
        } else {
            (self.days.hold(day) && from <= time) || (self.days.hold(day - 1) && time < until)
        }
    }

    /// What the wall clock of the zone shows at an instant.
    fn wall(&self, at: Timestamp) -> Option<Wall> {
        let instant = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
        let offset = self.zone.time_zone().to_offset(instant);
        Some(Wall(at.millis() + i64::from(offset.seconds()) * 1000))
    }
}

impl Days {
    /// Whether the weekday of this day since 1970-01-01, a Thursday, is in the set.
    fn hold(self, day: i64) -> bool {
        self.0 & (1 << (day + 3).rem_euclid(7)) != 0
    }
}

impl TryFrom<Vec<Opening>> for Hours {
    type Error = HoursError;

    fn try_from(openings: Vec<Opening>) -> Result<Self, HoursError> {
        Self::new(openings)
    }
}

impl From<Hours> for Vec<Opening> {
    fn from(hours: Hours) -> Self {
        hours.0
    }
}

#[cfg(test)]
mod tests;
