//! Which day is meant? A UTC day as it is written, and the span that it is.

use std::fmt;

use tollgate_model::Timestamp;

/// A day of the UTC calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(Timestamp);

const DAY_MS: i64 = 86_400_000;

impl Day {
    /// Reads `2026-11-23`.
    pub fn parse(text: &str) -> Option<Self> {
        let begins = Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z"))?;
        (text.len() == 10).then_some(Self(begins))
    }

    /// The day of an instant.
    pub const fn of(at: Timestamp) -> Self {
        Self(Timestamp::from_millis(at.millis().div_euclid(DAY_MS).saturating_mul(DAY_MS)))
    }

    /// When it begins.
    pub const fn begins(self) -> Timestamp {
        self.0
    }

    /// When the next one does.
    pub const fn ends(self) -> Timestamp {
        self.0.plus_millis(DAY_MS)
    }

    /// Its middle: the same date in nearly every zone.
    pub const fn noon(self) -> Timestamp {
        self.0.plus_millis(DAY_MS / 2)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.to_string().get(..10).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_it_is_written_and_nothing_else_is_one() {
        let day = Day::parse("2026-02-28").unwrap();
        assert_eq!(day.to_string(), "2026-02-28");
        assert_eq!(day.noon().to_string(), "2026-02-28T12:00:00.000Z");
        assert_eq!(Day::of(day.ends()).to_string(), "2026-03-01");
        for bad in ["2026-02-30", "2026-2-3", "yesterday", "2026-02-28T00:00:00Z", ""] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
    }
}
