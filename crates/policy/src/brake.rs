//! When does a key run away? How often its own pace it may go.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::duration;

/// A key that buys or fails so many times faster than it did is paused; written `10x`, `10x/30s` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brake {
    /// It may go as fast as its limits let it.
    Off,
    /// It is stopped beyond so many times its mean pace.
    Beyond {
        /// How many times; at least 2.
        times: u32,
        /// Over which span the pace is measured, in milliseconds: it is held against the 60 spans before.
        span_ms: u32,
    },
}

/// Not a brake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected `off`, or a multiple of the key's own pace such as `10x`, over a minute, or `10x/30s`; from `2x` to `1000x`, `1s` to `1h`"
)]
pub struct BrakeError;

impl Default for Brake {
    fn default() -> Self {
        Self::Beyond { times: 10, span_ms: 60_000 }
    }
}

impl Brake {
    /// Whether it is what a key has of which nothing was said.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl FromStr for Brake {
    type Err = BrakeError;

    fn from_str(text: &str) -> Result<Self, BrakeError> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let (times, span) = text.split_once('/').unwrap_or((text, "1m"));
        let times = times.strip_suffix('x').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let times = times.and_then(|digits| digits.parse().ok()).filter(|times| (2..=1_000).contains(times)).ok_or(BrakeError)?;
        let span = duration::parse(span).map_err(|_| BrakeError)?;
        let span_ms = u32::try_from(span.as_millis()).ok().filter(|span| (1_000..=3_600_000).contains(span)).ok_or(BrakeError)?;
        Ok(Self::Beyond { times, span_ms })
    }
}

impl fmt::Display for Brake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => out.write_str("off"),
            Self::Beyond { times, span_ms: 60_000 } => write!(out, "{times}x"),
            Self::Beyond { times, span_ms } => write!(out, "{times}x/{}", duration::format(Duration::from_millis(u64::from(*span_ms)))),
        }
    }
}

impl Serialize for Brake {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Brake {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brake_reads_back_and_what_would_stop_everything_is_none() {
        for text in ["off", "10x", "2x/1s", "1000x/90s"] {
            assert_eq!(text.parse::<Brake>().unwrap().to_string(), text);
        }
        assert!("10x/60s".parse::<Brake>().unwrap().is_usual());
        for text in ["", "x", "1x", "0x", "10", "+10x", "-3x", "1001x", "10x/", "10x/0s", "10x/2h", "ON"] {
            assert_eq!(text.parse::<Brake>(), Err(BrakeError), "{text}");
        }
    }
}
