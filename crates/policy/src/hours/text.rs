//! How are hours written? `Mon-Fri 09:00-17:00 Europe/Berlin`, and back to the same text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tollgate_model::Zone;

use super::{Days, Hours, HoursError, Minute, Opening};

const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const EVERY_DAY: Days = Days(0b111_1111);

impl Opening {
    /// Parses `[DAYS] HH:MM-HH:MM [ZONE]`: days are every day unless named (`Mon-Fri`, `Mon,Wed`, `Sat-Mon`), the zone is UTC
    /// unless named, `24:00` is the end of a day.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let mut words = text.split_ascii_whitespace().peekable();
        let days = match words.next_if(|word| !word.starts_with(|first: char| first.is_ascii_digit())) {
            Some(days) => Days::parse(days)?,
            None => EVERY_DAY,
        };
        let (from, until) = words.next().and_then(|times| times.split_once('-')).ok_or(HoursError::Form)?;
        let (from, until) = (Minute::parse(from)?, Minute::parse(until)?);
        if from == Minute::END {
            return Err(HoursError::Form);
        }
        let zone = words.next().map_or(Ok(Zone::utc()), |name| Zone::parse(name).map_err(|_| HoursError::Zone(name.to_owned())))?;
        if words.next().is_some() {
            return Err(HoursError::Form);
        }
        if from == until { Err(HoursError::Empty) } else { Ok(Self { days, from, until, zone }) }
    }
}

impl Days {
    fn parse(text: &str) -> Result<Self, HoursError> {
        let number = |name: &str| NAMES.iter().position(|known| *known == name).ok_or(HoursError::Form);
        let mut days = 0;
        for part in text.split(',') {
            let (first, last) = match part.split_once('-') {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(part)?, number(part)?),
            };
            // `Sat-Mon` goes over the week's end
            let length = (last + 7 - first) % 7;
            for day in first..=first + length {
                days |= 1 << (day % 7);
            }
        }
        Ok(Self(days))
    }

    fn has(self, day: usize) -> bool {
        self.0 & (1 << (day % 7)) != 0
    }

    /// Runs of three days and more as `Mon-Fri`, shorter ones day by day.
    fn runs(self) -> Vec<String> {
        let name = |day: usize| NAMES.iter().cycle().nth(day).copied().unwrap_or_default();
        let begins = (0..7).filter(|day| self.has(*day) && !self.has(*day + 6));
        begins
            .map(|first| {
                let last = (first..first + 7).take_while(|day| self.has(*day)).last().unwrap_or(first);
                match last - first {
                    0 => name(first).to_owned(),
                    1 => format!("{},{}", name(first), name(last)),
                    _ => format!("{}-{}", name(first), name(last)),
                }
            })
            .collect()
    }
}

impl Minute {
    /// Midnight at the end of a day.
    const END: Self = Self(1440);

    fn parse(text: &str) -> Result<Self, HoursError> {
        let (hour, minute) = text.split_once(':').ok_or(HoursError::Form)?;
        let two = |digits: &str| {
            let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if plain { digits.parse::<i64>().map_err(|_| HoursError::Form) } else { Err(HoursError::Form) }
        };
        let (hour, minute) = (two(hour)?, two(minute)?);
        let whole = hour * 60 + minute;
        if minute < 60 && whole <= Self::END.0 { Ok(Self(whole)) } else { Err(HoursError::Form) }
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Display for Days {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == EVERY_DAY { out.write_str("Mon-Sun") } else { out.write_str(&self.runs().join(",")) }
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}-{} {}", self.days, self.from, self.until, self.zone.name())
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, opening) in self.0.iter().enumerate() {
            out.write_str(if place == 0 { "" } else { "; " })?;
            write!(out, "{opening}")?;
        }
        Ok(())
    }
}

impl FromStr for Opening {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        Self::parse(text)
    }
}

impl FromStr for Hours {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        Self::parse(text)
    }
}

impl Serialize for Opening {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Opening {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
