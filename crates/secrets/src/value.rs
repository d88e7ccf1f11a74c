//! Can this be a real key? One line of visible characters, long enough to be recognised, and not a reference to one.

use tollgate_model::Secret;

/// The shortest key whose needles do not occur by chance.
const RECOGNISABLE: usize = 16;
const LONGEST: usize = 4096;
const BOM: &[u8] = b"\xef\xbb\xbf";
/// What a template or a pointer to another place starts with, left unresolved by whoever was to fill it in.
const REFERENCES: [&[u8]; 9] = [b"${", b"$(", b"{{", b"<", b"vault:", b"op://", b"arn:aws:", b"ENC[", b"file:"];

/// What is asked of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether answers are searched for the key; without it a short key is admitted.
    pub tripwire: bool,
}

/// Why a value is no key; never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Nothing, or white space alone.
    #[error("the value is empty")]
    Empty,
    /// More than 4096 bytes.
    #[error("the value is longer than 4096 bytes: it is no key")]
    TooLong,
    /// A byte order mark in front.
    #[error("the value starts with a byte order mark: save it as plain text")]
    ByteOrderMark,
    /// A line break inside or several behind.
    #[error("the value has more than one line: the key alone, with at most one newline behind it")]
    Lines,
    /// A space, a control character, or a byte that is not ASCII.
    #[error("the value holds a space, a control character or a byte that is not ASCII")]
    Garbled,
    /// A reference that nobody resolved.
    #[error("the value looks like a reference to a key, not like a key: it was not filled in")]
    Reference,
    /// Under 16 characters.
    #[error(
        "the key is shorter than 16 characters, so a leak of it could not be recognised: `tripwire = false` says aloud that none is looked for"
    )]
    Short,
}

impl Rules {
    /// Admits a value as a key; one newline behind it (`\n` or `\r\n`) is not part of it.
    pub fn admit(self, value: &[u8]) -> Result<Secret, ValueError> {
        let key = value.strip_suffix(b"\n").map_or(value, |line| line.strip_suffix(b"\r").unwrap_or(line));
        if key.trim_ascii().is_empty() {
            return Err(ValueError::Empty);
        }
        if key.len() > LONGEST {
            return Err(ValueError::TooLong);
        }
        if key.starts_with(BOM) {
            return Err(ValueError::ByteOrderMark);
        }
        if key.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err(ValueError::Lines);
        }
        if REFERENCES.iter().any(|reference| key.starts_with(reference)) {
            return Err(ValueError::Reference);
        }
        if !key.iter().all(u8::is_ascii_graphic) {
            return Err(ValueError::Garbled);
        }
        if self.tripwire && key.len() < RECOGNISABLE { Err(ValueError::Short) } else { Ok(Secret::new(key)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn admitted(value: impl Into<Vec<u8>>) -> Result<Vec<u8>, ValueError> {
        Rules { tripwire: true }.admit(&value.into()).map(|secret| secret.expose().to_vec())
    }

    #[test]
    fn one_newline_behind_a_key_is_not_part_of_it() {
        for value in [KEY.to_owned(), format!("{KEY}\n"), format!("{KEY}\r\n")] {
            assert_eq!(admitted(value.clone()).as_deref(), Ok(KEY.as_bytes()), "{value:?}");
        }
    }

    #[test]
    fn se_11_what_cannot_be_a_key_is_refused() {
        for (value, expected) in [
            (String::new(), ValueError::Empty),
            ("\n".into(), ValueError::Empty),
            ("                    ".into(), ValueError::Empty),
            (format!("\u{feff}{KEY}"), ValueError::ByteOrderMark),
            (format!("{KEY}\n\n"), ValueError::Lines),
            (format!("{KEY}\n{KEY}"), ValueError::Lines),
            (format!("{KEY}\r"), ValueError::Lines),
            (format!(" {KEY}"), ValueError::Garbled),
            (format!("{KEY}\t"), ValueError::Garbled),
            (format!("{KEY}\0"), ValueError::Garbled),
            (format!("{KEY}é"), ValueError::Garbled),
            ("${CAPTCHAAI_API_KEY}".into(), ValueError::Reference),
            ("$(cat /run/secrets/key)".into(), ValueError::Reference),
            ("{{ .Values.captchaai.key }}".into(), ValueError::Reference),
            ("vault:secret/data/captchaai#key".into(), ValueError::Reference),
            ("<your-captchaai-key-goes-here>".into(), ValueError::Reference),
            ("<!doctype html><html><body>".into(), ValueError::Reference),
            ("0123456789abcde".into(), ValueError::Short),
            ("a".repeat(4097), ValueError::TooLong),
        ] {
            assert_eq!(admitted(value.clone()), Err(expected), "{value:?}");
        }
        assert_eq!(admitted(b"\xff\xfe0\x001\x002\x003\x004\x005\x006\x007\x00".to_vec()), Err(ValueError::Garbled));
    }

    #[test]
    fn a_short_key_is_admitted_when_no_leak_is_looked_for() {
        assert!(Rules { tripwire: false }.admit(b"short").is_ok());
        assert_eq!(Rules { tripwire: true }.admit(b"short").unwrap_err(), ValueError::Short);
    }
}
