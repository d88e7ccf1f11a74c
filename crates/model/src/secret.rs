//! What must not be shown? Real keys, presented credentials, the pepper; and the form of our own keys.

use std::fmt;

use serde::Serialize;
use zeroize::Zeroize;

use crate::hex::hex_of;

/// Bytes that are wiped on drop, have no text form, and are reached only by `expose`.
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Takes the bytes; the caller wipes any copy of its own.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes themselves; every call of this is a place to review.
    pub const fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// Wipes a buffer that held a secret and empties it; whoever only ever empties it so leaves nothing behind its end. As sure as
/// `Zeroize` for a `Vec`, which writes byte by byte over the whole capacity: too dear for every request.
pub fn wipe(buffer: &mut Vec<u8>) {
    buffer.fill(0);
    zeroize::optimization_barrier(buffer.as_slice());
    buffer.clear();
}

/// The key of the keyed hash under which virtual keys are stored: whoever has the store alone cannot test guesses.
pub struct Pepper([u8; 32]);

/// BLAKE3, keyed by the pepper, of a credential: how virtual keys are stored and looked up, and how a presented
/// credential stands in the audit log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialHash([u8; 32]);

impl Pepper {
    /// The pepper of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the store that keeps them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The keyed hash of a credential.
    pub fn hash(&self, credential: &[u8]) -> CredentialHash {
        CredentialHash(*blake3::keyed_hash(&self.0, credential).as_bytes())
    }
}

impl Drop for Pepper {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Pepper(…)")
    }
}

impl CredentialHash {
    /// The hash of these 32 bytes, as the store keeps it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 16 bytes in hex: 32 characters, enough to search the log by, and not a key.
    pub fn short(&self) -> [u8; 32] {
        let mut text = [0; 32];
        for (digits, byte) in text.chunks_exact_mut(2).zip(&self.0) {
            digits.copy_from_slice(&hex_of(*byte));
        }
        text
    }
}

impl fmt::Display for CredentialHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&String::from_utf8_lossy(&self.short()))
    }
}

impl fmt::Debug for CredentialHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

impl Serialize for CredentialHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A new virtual key, shown once: a prefix of 4, 22 base62 characters (131 bits), 6 check characters; 32 in all.
pub struct VirtualKey(Secret);

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 22;
const CHECK: usize = 6;

impl VirtualKey {
    /// The prefix of a key, known to secret scanners.
    pub const KEY: &'static str = "tgk_";
    /// The prefix of a token.
    pub const TOKEN: &'static str = "tgt_";

    /// Makes a key from random bytes (the system's generator, drawn by the caller); nothing if too few of the 64 fall under
    /// the rejection bound (chance below 10⁻³⁰): draw again.
    pub fn from_random(prefix: &str, random: &[u8; 64]) -> Option<Self> {
        // 248 is the largest multiple of 62 in a byte: bytes above it would favour the first characters
        let drawn: Vec<u8> =
            random.iter().filter(|byte| **byte < 248).filter_map(|byte| BASE62.get(usize::from(byte % 62)).copied()).take(RANDOM).collect();
        if drawn.len() < RANDOM {
            return None;
        }
        let mut text = prefix.as_bytes().to_vec();
        text.extend_from_slice(&drawn);
        let check = check_characters(&text);
        text.extend_from_slice(&check);
        Some(Self(Secret::new(text)))
    }

    /// The 32 characters.
    pub fn expose(&self) -> &str {
        std::str::from_utf8(self.0.expose()).unwrap_or_default()
    }

    /// Whether a text has our form and its check characters are right: tells a typing error from a foreign string without a look-up.
    pub fn is_well_formed(text: &[u8]) -> bool {
        let known = text.starts_with(Self::KEY.as_bytes()) || text.starts_with(Self::TOKEN.as_bytes());
        match text.split_at_checked(4 + RANDOM) {
            Some((body, check)) => known && check == check_characters(body),
            None => false,
        }
    }
}

/// Six base62 characters of CRC-32 (ISO-HDLC), most significant first: as other vendors' scannable tokens have it.
fn check_characters(body: &[u8]) -> [u8; CHECK] {
    let mut rest = crc32(body);
    let mut check = [b'0'; CHECK];
    for place in check.iter_mut().rev() {
        *place = usize::try_from(rest % 62).ok().and_then(|at| BASE62.get(at)).copied().unwrap_or(b'0');
        rest /= 62;
    }
    check
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(seed: u64) -> [u8; 64] {
        let mut bytes = [0; 64];
        let (first, second) = bytes.split_at_mut(32);
        first.copy_from_slice(blake3::hash(&seed.to_le_bytes()).as_bytes());
        second.copy_from_slice(blake3::hash(&(seed ^ u64::MAX).to_le_bytes()).as_bytes());
        bytes
    }

    #[test]
    fn id_19_ten_thousand_keys_are_different_well_formed_and_32_long() {
        let keys: std::collections::HashSet<String> =
            (0..10_000).map(|seed| VirtualKey::from_random(VirtualKey::KEY, &random(seed)).unwrap().expose().to_owned()).collect();
        assert_eq!(keys.len(), 10_000);
        for key in &keys {
            assert!(key.len() == 32 && !key.contains("__") && VirtualKey::is_well_formed(key.as_bytes()), "{key}");
            let mut wrong = key.clone().into_bytes();
            wrong[10] = if wrong[10] == b'x' { b'y' } else { b'x' };
            assert!(!VirtualKey::is_well_formed(&wrong));
        }
    }

    #[test]
    fn the_check_is_the_known_crc() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}{:?}", Secret::new(*b"canary"), Pepper::new([7; 32])), "Secret(…)Pepper(…)");
    }
}
