//! How does a string look inside and outside JSON?

use std::borrow::Cow;

use super::Raw;

/// The bytes that a valid string's inside means; borrowed when it holds no escape.
pub(super) fn unescape(inner: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (kept, tail) = rest.split_at(at);
        out.extend_from_slice(kept);
        rest = one(tail, &mut out);
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// Writes the escape at the front and gives what is behind it.
fn one<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let (letter, rest) = match text {
        [b'\\', letter, rest @ ..] => (*letter, rest),
        _ => return &[],
    };
    match letter {
        b'b' => out.push(8),
        b'f' => out.push(12),
        b'n' => out.push(b'\n'),
        b'r' => out.push(b'\r'),
        b't' => out.push(b'\t'),
        b'u' => return unit(rest, out),
        other => out.push(other),
    }
    rest
}

fn unit<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let digits = |text: &[u8]| text.iter().try_fold(0_u32, |sum, byte| Some(sum << 4 | char::from(*byte).to_digit(16)?));
    let Some((high, rest)) = text.split_at_checked(4) else { return &[] };
    let Some(high) = digits(high) else { return &[] };
    let (scalar, rest) = match (high, rest) {
        (0xd800..=0xdbff, [b'\\', b'u', a, b, c, d, rest @ ..]) => {
            let low = digits(&[*a, *b, *c, *d]).unwrap_or(0xdc00);
            (0x1_0000 + ((high - 0xd800) << 10) + low.saturating_sub(0xdc00), rest)
        }
        (scalar, rest) => (scalar, rest),
    };
    let mut buffer = [0; 4];
    out.extend_from_slice(char::from_u32(scalar).unwrap_or('\u{fffd}').encode_utf8(&mut buffer).as_bytes());
    rest
}

/// Appends a string with its quotes; control characters, `"` and `\` are escaped, all else stands as it is.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f | 0x7f)) {
        let (kept, tail) = rest.split_at(at);
        out.extend_from_slice(kept);
        let Some((odd, tail)) = tail.split_first() else { break };
        match odd {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *odd]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[digit(control >> 4), digit(control & 15)]);
            }
        }
        rest = tail;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Appends a value written anew: no space between its tokens, each string in the one spelling of `write_string`. A number's
/// digits stay as they are: an amount never becomes a float.
pub fn write_value(value: Raw<'_>, out: &mut Vec<u8>) {
    let mut rest = value.text;
    while let Some((byte, behind)) = rest.split_first() {
        match byte {
            b'"' => {
                let (inner, behind) = behind.split_at(end_of_string(behind));
                // a value was read from UTF-8, and its escapes mean whole characters
                write_string(&String::from_utf8_lossy(&unescape(inner)), out);
                rest = behind.get(1..).unwrap_or_default();
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            other => out.push(*other),
        }
        rest = behind;
    }
}

/// Where the string ends whose inside begins here.
fn end_of_string(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        at += found;
        if text.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    text.len()
}
