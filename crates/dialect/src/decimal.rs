//! How much money does a decimal of the provider's mean? Exactly so much, without a float.

use tollgate_model::Money;

/// Which way digits beyond a nano-dollar go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// Up: what we owe.
    Up,
    /// Down: what we have.
    Down,
}

const NANO_DIGITS: i64 = 9;
const MOST_DIGITS: usize = 40;

/// Reads `12`, `0.00299`, `1.0e-5` (as PHP prints small floats in JSON); nothing for any other text, a sign included.
pub(crate) fn money(text: &[u8], rounding: Rounding) -> Option<Money> {
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => {
            let (mantissa, tail) = text.split_at(at);
            (mantissa, small_exponent(tail.split_first()?.1)?)
        }
        None => (text, 0),
    };
    let (whole, fraction) = match memchr::memchr(b'.', mantissa) {
        Some(at) => {
            let (whole, tail) = mantissa.split_at(at);
            (whole, Some(tail.split_first()?.1))
        }
        None => (mantissa, None),
    };
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if !digits(whole) || !fraction.is_none_or(digits) || mantissa.len() > MOST_DIGITS {
        return None;
    }
    let fraction = fraction.unwrap_or_default();
    // where the last digit of a nano-dollar stands, counted from the first digit
    let kept = i64::try_from(whole.len()).ok()?.checked_add(exponent)?.checked_add(NANO_DIGITS)?;
    sum(whole.iter().chain(fraction).copied(), kept, rounding)
}

fn sum(digits: impl Iterator<Item = u8>, kept: i64, rounding: Rounding) -> Option<Money> {
    let (mut nanos, mut read, mut lost) = (0_i64, 0_i64, false);
    for digit in digits.map(|byte| i64::from(byte.wrapping_sub(b'0'))) {
        if read < kept {
            nanos = nanos.checked_mul(10)?.checked_add(digit)?;
        } else {
            lost |= digit != 0;
        }
        read += 1;
    }
    while read < kept && nanos != 0 {
        nanos = nanos.checked_mul(10)?;
        read += 1;
    }
    let up = i64::from(lost && rounding == Rounding::Up);
    nanos.checked_add(up).map(Money::from_nanos)
}

fn small_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str, rounding: Rounding) -> Option<i64> {
        money(text.as_bytes(), rounding).map(Money::nanos)
    }

    #[test]
    fn a_decimal_is_read_exactly_and_the_rest_goes_to_the_safe_side() {
        for (text, up, down) in [
            ("0.00299", 2_990_000, 2_990_000),
            ("12", 12_000_000_000, 12_000_000_000),
            ("1.0e-5", 10_000, 10_000),
            ("2.5E+1", 25_000_000_000, 25_000_000_000),
            ("0.0000000001", 1, 0),
            ("1.0000000000", 1_000_000_000, 1_000_000_000),
            ("1e-20", 1, 0),
            ("0e999", 0, 0),
            ("12.34567890123", 12_345_678_902, 12_345_678_901),
        ] {
            assert_eq!((nanos(text, Rounding::Up), nanos(text, Rounding::Down)), (Some(up), Some(down)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_amount() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "NaN", "1e", "1e+", "1e1000", "1.2.3", " 1", "1,5", "9e99", "99999999999"] {
            assert_eq!(nanos(text, Rounding::Up), None, "{text}");
        }
        assert_eq!(nanos(&"1".repeat(41), Rounding::Up), None);
    }
}
