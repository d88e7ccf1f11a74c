//! Is it the same again? 128 bits of a keyed hash, enough to tell submissions apart and not to guess what was in them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hex::hex_of;
use crate::secret::Pepper;

/// 128 bits of BLAKE3, keyed by the pepper, of parts whose boundaries count; 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of these parts, each preceded by its length.
    pub fn of(pepper: &Pepper, parts: &[&[u8]]) -> Self {
        let mut whole = Vec::with_capacity(parts.iter().map(|part| part.len().saturating_add(8)).sum());
        for part in parts {
            whole.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            whole.extend_from_slice(part);
        }
        let mut bytes = [0; 16];
        for (place, byte) in bytes.iter_mut().zip(pepper.hash(&whole).as_bytes()) {
            *place = *byte;
        }
        Self(bytes)
    }

    /// 32 hexadecimal digits.
    pub fn text(&self) -> [u8; 32] {
        let mut text = [0; 32];
        for (digits, byte) in text.chunks_exact_mut(2).zip(&self.0) {
            digits.copy_from_slice(&hex_of(*byte));
        }
        text
    }

    /// The fingerprint of 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (place, number) in bytes.iter_mut().zip(0..) {
            *place = u8::from_str_radix(text.get(2 * number..2 * number + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&String::from_utf8_lossy(&self.text()))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&String::from_utf8_lossy(&self.text()))
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a fingerprint has 32 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_and_the_boundaries_of_its_parts_count() {
        let pepper = Pepper::new([7; 32]);
        let one = Fingerprint::of(&pepper, &[b"ab", b"c"]);
        assert_ne!(one, Fingerprint::of(&pepper, &[b"a", b"bc"]));
        assert_ne!(one, Fingerprint::of(&Pepper::new([8; 32]), &[b"ab", b"c"]));
        assert_eq!(std::str::from_utf8(&one.text()).ok().and_then(Fingerprint::parse), Some(one));
        assert_eq!([Fingerprint::parse("+1"), Fingerprint::parse(&"g".repeat(32)), Fingerprint::parse(&"a".repeat(33))], [None; 3]);
    }
}
