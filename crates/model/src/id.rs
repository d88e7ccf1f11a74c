//! Which one is it? Typed ids that cannot be taken for one another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::hex::hex_of;
use crate::time::Timestamp;

/// The id of one arrival, of its hold and of its lines in the audit log: a UUIDv7 (RFC 9562 §5.7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId([u8; 16]);

/// The id of a virtual key, the same over all its rotations: a UUIDv7 printed with the prefix `key_`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 16]);

/// A task's id in the provider's own words; opaque to us, 1 to 39 of `A-Z a-z 0-9 -`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    len: u8,
    bytes: [u8; 39],
}

/// A text that is not an id of the kind wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct IdError;

impl RequestId {
    /// Makes an id from the wall clock and 10 random bytes.
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        Self(uuid_v7(at, random))
    }

    /// The sixteen bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// An id from its sixteen bytes, as the store keeps it.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 36 characters of the hyphenated form.
    pub fn text(&self) -> [u8; 36] {
        uuid_text(&self.0)
    }
}

impl KeyId {
    /// Makes an id from the wall clock and 10 random bytes.
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        Self(uuid_v7(at, random))
    }

    /// The sixteen bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// An id from its sixteen bytes, as the store keeps it.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 36 characters of the hyphenated form, without the prefix.
    pub fn text(&self) -> [u8; 36] {
        uuid_text(&self.0)
    }
}

impl TaskId {
    /// Parses an id: 1 to 39 of `A-Z a-z 0-9 -` (decimal numbers and UUIDs fit).
    pub fn parse(text: &[u8]) -> Result<Self, IdError> {
        let mut bytes = [0; 39];
        let plain = text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        let place = bytes.get_mut(..text.len()).ok_or(IdError)?;
        if text.is_empty() || !plain {
            return Err(IdError);
        }
        place.copy_from_slice(text);
        Ok(Self { len: u8::try_from(text.len()).map_err(|_| IdError)?, bytes })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

fn uuid_v7(at: Timestamp, random: [u8; 10]) -> [u8; 16] {
    let [_, _, t0, t1, t2, t3, t4, t5] = at.millis().to_be_bytes();
    let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9] = random;
    [t0, t1, t2, t3, t4, t5, (r0 & 0x0f) | 0x70, r1, (r2 & 0x3f) | 0x80, r3, r4, r5, r6, r7, r8, r9]
}

fn uuid_text(bytes: &[u8; 16]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    let mut rest = text.as_mut_slice();
    for (place, byte) in bytes.iter().enumerate() {
        // before bytes 4, 6, 8 and 10 stands a hyphen
        let hyphen = usize::from(matches!(place, 4 | 6 | 8 | 10));
        let (digits, behind) = rest.split_at_mut(hyphen).1.split_at_mut(2);
        digits.copy_from_slice(&hex_of(*byte));
        rest = behind;
    }
    text
}

fn parse_uuid(text: &str) -> Result<[u8; 16], IdError> {
    let dashes = text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23));
    if text.len() != 36 || !dashes {
        return Err(IdError);
    }
    let mut nibbles = text.bytes().filter(|byte| *byte != b'-').map(|byte| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(IdError),
    });
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        let high = nibbles.next().ok_or(IdError)??;
        let low = nibbles.next().ok_or(IdError)??;
        *byte = high << 4 | low;
    }
    Ok(bytes)
}

/// Text forms of an id: `Display`, `Debug`, `FromStr`, and serde through them.
macro_rules! as_text {
    ($id:ty, $self:ident => $shown:expr, $text:ident => $parsed:expr) => {
        impl fmt::Display for $id {
            fn fmt(&$self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&$shown)
            }
        }
        impl fmt::Debug for $id {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{self}")
            }
        }
        impl FromStr for $id {
            type Err = IdError;
            fn from_str($text: &str) -> Result<Self, IdError> {
                $parsed
            }
        }
        impl Serialize for $id {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(RequestId, self => String::from_utf8_lossy(&uuid_text(&self.0)), text => parse_uuid(text).map(Self));
as_text!(KeyId, self => format!("key_{}", String::from_utf8_lossy(&uuid_text(&self.0))), text => parse_uuid(text.strip_prefix("key_").ok_or(IdError)?).map(Self));
as_text!(TaskId, self => self.as_str(), text => Self::parse(text.as_bytes()));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_version_7_uuid_that_sorts_by_time() {
        let early = RequestId::new(Timestamp::from_millis(1_000), [0xff; 10]);
        let late = RequestId::new(Timestamp::from_millis(1_001), [0; 10]);
        assert!(early < late);
        let text = early.to_string();
        assert_eq!((text.len(), &text[14..15]), (36, "7"));
        assert_eq!(text.parse(), Ok(early));
        assert_eq!("key_".parse::<KeyId>(), Err(IdError));
    }

    #[test]
    fn a_task_id_is_a_short_plain_word() {
        assert_eq!(TaskId::parse(b"2122988149").unwrap().as_str(), "2122988149");
        for bad in [&b""[..], b"1 2", b"1|2", b"\xff", &[b'1'; 40]] {
            assert!(TaskId::parse(bad).is_err());
        }
    }
}
