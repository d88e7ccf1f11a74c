//! What does a reader make of these bytes? The escapes of JSON, URLs and HTML undone, whichever letters they were used on.

use zeroize::Zeroizing;

/// The bytes without one layer of escapes; nothing if there was none to take off.
pub(super) fn undone(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let first = memchr::memchr3(b'\\', b'%', b'&', bytes)?;
    // what it holds may be the key: it never grows, so that no copy is left behind
    let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let (before, mut rest) = bytes.split_at(first);
    plain.extend_from_slice(before);
    while let Some((byte, behind)) = rest.split_first() {
        let (letter, next) = escape(rest).unwrap_or((*byte, behind));
        plain.push(letter);
        rest = next;
    }
    (plain.len() < bytes.len()).then_some(plain)
}

/// The letter that an escape at the start stands for, and what comes behind it.
fn escape(bytes: &[u8]) -> Option<(u8, &[u8])> {
    match bytes {
        [b'%', high, low, rest @ ..] => Some((byte(&[*high, *low], 16)?, rest)),
        [b'\\', b'u' | b'U', b'0', b'0', high, low, rest @ ..] | [b'\\', b'x' | b'X', high, low, rest @ ..] => {
            Some((byte(&[*high, *low], 16)?, rest))
        }
        [b'\\', letter @ (b'"' | b'\\' | b'/' | b'\''), rest @ ..] => Some((*letter, rest)),
        [b'&', rest @ ..] => {
            let end = rest.iter().take(8).position(|byte| *byte == b';')?;
            let (name, rest) = rest.split_at_checked(end)?;
            Some((entity(name)?, rest.get(1..)?))
        }
        _ => None,
    }
}

/// `#65`, `#x41`, `amp`.
fn entity(name: &[u8]) -> Option<u8> {
    match name {
        [b'#', b'x' | b'X', digits @ ..] => byte(digits, 16),
        [b'#', digits @ ..] => byte(digits, 10),
        b"amp" => Some(b'&'),
        b"lt" => Some(b'<'),
        b"gt" => Some(b'>'),
        b"quot" => Some(b'"'),
        b"apos" => Some(b'\''),
        _ => None,
    }
}

/// Digits of that base as one byte; leading zeros are borne.
fn byte(digits: &[u8], base: u32) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|digit| digit.is_ascii_alphanumeric()))?;
    u8::from_str_radix(text, base).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_escape_stands_for_its_letter_and_what_is_none_stays() {
        let undo = |text: &str| undone(text.as_bytes()).map(|plain| String::from_utf8_lossy(&plain).into_owned());
        for (escaped, plain) in [
            ("%41%62%7e", "Ab~"),
            (r"\u0041\x62\/\\\U007e", r"Ab/\~"),
            ("&#65;&#x62;&#x0000007e;&#x07e;&amp;&lt;", "Ab&#x0000007e;~&<"),
            ("a%zz%4&;&nothing;\\q%41", "a%zz%4&;&nothing;\\qA"),
            ("%2541", "%41"),
        ] {
            assert_eq!(undo(escaped).as_deref(), Some(plain), "{escaped}");
        }
        for none in ["", "OK|2122988149", "100 %", "a & b; c", "\\", "%", "&", "&#;", "%+1", "&#+65;"] {
            assert_eq!(undo(none), None, "{none}");
        }
    }
}
