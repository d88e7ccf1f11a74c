//! How long is `90d`? One spelling of durations for configuration, command line and admin API.

use std::time::Duration;

/// A text that is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number and a unit such as `250ms`, `30s`, `15m`, `24h` or `90d`")]
pub struct DurationError;

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
/// Ten thousand days: beyond it an instant could leave the calendar.
const LONGEST_MS: u64 = 864_000_000_000;

/// Parses a whole number and one unit: `ms`, `s`, `m`, `h`, `d` (24 hours); zero and more than 10,000 days are refused.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or(DurationError)?;
    let number: u64 = number.parse().map_err(|_| DurationError)?;
    let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(DurationError)?;
    let millis = number.checked_mul(*unit_ms).filter(|millis| (1..=LONGEST_MS).contains(millis)).ok_or(DurationError)?;
    Ok(Duration::from_millis(millis))
}

/// The shortest text that parses to it, to the millisecond: `90d`, `36h`, `1500ms`.
pub fn format(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let whole = UNITS.iter().find(|(_, unit_ms)| millis >= *unit_ms && millis % unit_ms == 0);
    whole.map_or_else(|| format!("{millis}ms"), |(name, unit_ms)| format!("{}{name}", millis / unit_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_prints_as_it_is_written() {
        for (text, millis) in [("250ms", 250), ("30s", 30_000), ("15m", 900_000), ("36h", 129_600_000), ("90d", 7_776_000_000)] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
            assert_eq!(format(Duration::from_millis(millis)), text);
        }
        assert_eq!(format(parse("24h").unwrap()), "1d");
    }

    #[test]
    fn a_duration_that_is_unclear_is_refused() {
        for text in ["", "30", "s", "0s", "-1s", "+1s", "1.5h", "1 h", "1H", "1w", "1h30m", "10001d", "99999999999999999999d", "1٣s", "ä"]
        {
            assert_eq!(parse(text), Err(DurationError), "{text}");
        }
    }
}
