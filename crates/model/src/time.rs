//! When did it happen? Two clocks, read once per wake-up and handed on as arguments.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A wall-clock instant in milliseconds since 1970-01-01T00:00:00Z: for windows, validity, expiry and records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A monotonic instant in nanoseconds since the process began: for rates, leases and deadlines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

/// Both clocks at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The wall clock.
    pub wall: Timestamp,
    /// The monotonic clock.
    pub mono: Mono,
}

impl Timestamp {
    /// `0000-01-01T00:00:00Z`
    const YEAR_ZERO: Self = Self(-62_167_219_200_000);

    /// The instant that many milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The instant that many milliseconds later, held at the ends of the range.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Writes RFC 3339 UTC with milliseconds, 24 bytes: `2026-11-23T09:00:00.000Z` (days by Hinnant's `civil_from_days`).
    pub fn write_rfc3339(self, out: &mut Vec<u8>) {
        let days = self.0.div_euclid(86_400_000);
        let millis = self.0.rem_euclid(86_400_000);
        let (year, month, day) = civil_from_days(days);
        let digits = |out: &mut Vec<u8>, value: i64, width: u32| {
            for place in (0..width).rev() {
                let digit = (value / 10_i64.pow(place)) % 10;
                out.push(b'0' + u8::try_from(digit).unwrap_or(0));
            }
        };
        digits(out, year, 4);
        out.push(b'-');
        digits(out, month, 2);
        out.push(b'-');
        digits(out, day, 2);
        out.push(b'T');
        digits(out, millis / 3_600_000, 2);
        out.push(b':');
        digits(out, millis / 60_000 % 60, 2);
        out.push(b':');
        digits(out, millis / 1000 % 60, 2);
        out.push(b'.');
        digits(out, millis % 1000, 3);
        out.push(b'Z');
    }

    /// Parses what `write_rfc3339` and people write: RFC 3339 with any offset. A year before 0 has no place in its four digits.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let at = text.parse::<jiff::Timestamp>().ok().map(|at| Self(at.as_millisecond()));
        at.filter(|at| *at >= Self::YEAR_ZERO)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(24);
        self.write_rfc3339(&mut text);
        out.write_str(&String::from_utf8_lossy(&text))
    }
}

impl Mono {
    /// The instant that many nanoseconds after the process began.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the process began.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Milliseconds from an earlier instant to this one; zero if it is later.
    pub const fn millis_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000_000
    }

    /// Nanoseconds from an earlier instant to this one; zero if it is later.
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The instant that many milliseconds later.
    #[must_use]
    pub const fn plus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis.saturating_mul(1_000_000)))
    }
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days since 1970-01-01 to a proleptic Gregorian date.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_prints_as_the_calendar_library_prints_it() {
        for millis in (0..4_102_444_800_000_i64).step_by(9_876_543_211).chain([951_782_400_000, 1_709_164_800_000, -1]) {
            let expected = jiff::Timestamp::from_millisecond(millis).unwrap();
            assert_eq!(Timestamp(millis).to_string(), format!("{expected:.3}"));
            assert_eq!(Timestamp::parse_rfc3339(&Timestamp(millis).to_string()), Some(Timestamp(millis)));
        }
    }

    #[test]
    fn a_year_before_the_year_zero_is_not_read_since_it_cannot_be_written() {
        assert_eq!(Timestamp::parse_rfc3339("0000-01-01T00:00:00Z").map(|at| at.to_string()).as_deref(), Some("0000-01-01T00:00:00.000Z"));
        assert_eq!(Timestamp::parse_rfc3339("-000001-12-31T23:59:59.999Z"), None);
        assert_eq!(Timestamp::parse_rfc3339("-009999-01-02T01:59:59Z"), None);
    }
}
