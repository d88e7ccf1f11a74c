//! What is an amount of money? Integer nano-dollars, checked, parsed strictly; never a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const NANOS: i64 = 1_000_000_000;
const DIGITS: usize = 9;

/// An amount in nano-dollars (10⁻⁹ USD); negative only for corrections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

/// Why a decimal text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits with at most one point.
    #[error("expected dollars as a plain decimal such as `25` or `0.0029`")]
    Form,
    /// More than nine digits behind the point: it would have to be rounded.
    #[error("more than nine decimals: a nano-dollar is the smallest unit")]
    Precision,
    /// Over 9.2 thousand million dollars.
    #[error("amount too large")]
    Range,
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(i64::MAX);

    /// The amount of that many nano-dollars.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The amount in nano-dollars.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Parses an unsigned decimal of dollars: digits, at most one point with one to nine digits behind it.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(MoneyError::Form),
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(MoneyError::Form);
        }
        if fraction.len() > DIGITS {
            return Err(MoneyError::Precision);
        }
        let dollars: i64 = whole.parse().map_err(|_| MoneyError::Range)?;
        let mut nanos: i64 = 0;
        for byte in fraction.bytes().chain(std::iter::repeat(b'0')).take(DIGITS) {
            nanos = nanos * 10 + i64::from(byte - b'0');
        }
        dollars.checked_mul(NANOS).and_then(|whole| whole.checked_add(nanos)).map(Self).ok_or(MoneyError::Range)
    }

    /// The sum, or nothing when it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or nothing when it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The product, or nothing when it does not fit.
    pub fn checked_mul(self, count: i64) -> Option<Self> {
        self.0.checked_mul(count).map(Self)
    }
}

impl fmt::Display for Money {
    /// Dollars with all nine decimals: `0.002900000`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let unit = NANOS.unsigned_abs();
        write!(out, "{sign}{}.{:09}", nanos / unit, nanos % unit)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::parse(text)
    }
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, &*text),
        };
        let amount = Self::parse(digits).map_err(serde::de::Error::custom)?;
        Ok(if negative { Self(-amount.0) } else { amount })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_exact_to_the_nano_dollar() {
        for (text, nanos) in [("25", 25_000_000_000), ("0.0029", 2_900_000), ("0.000000001", 1), ("1.5", 1_500_000_000)] {
            assert_eq!(Money::parse(text), Ok(Money(nanos)), "{text}");
        }
        assert_eq!(Money(2_900_000).to_string(), "0.002900000");
        assert_eq!(Money(-1).to_string(), "-0.000000001");
    }

    #[test]
    fn anything_but_a_plain_decimal_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "NaN", "1.2.3", " 1", "1 ", "1,5", "٣", "0x1"] {
            assert_eq!(Money::parse(text), Err(MoneyError::Form), "{text}");
        }
        assert_eq!(Money::parse("0.0000000001"), Err(MoneyError::Precision));
        assert_eq!(Money::parse("9999999999999"), Err(MoneyError::Range));
        assert_eq!(Money::parse("99999999999999999999999"), Err(MoneyError::Range));
    }
}
