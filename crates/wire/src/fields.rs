//! What is a header line? One strict grammar for both sides, as offsets into the head's bytes.

use memchr::memchr;

use crate::bytes::{TOKEN, is_text};

/// A stretch of a head's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u16,
    end: u16,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        // `Limits::window` never shows more than 65,535 bytes of a head
        Self { start: u16::try_from(start).unwrap_or(u16::MAX), end: u16::try_from(end).unwrap_or(u16::MAX) }
    }

    /// The bytes, in the head they were parsed from.
    pub fn of<'a>(&self, head: &'a [u8]) -> &'a [u8] {
        head.get(usize::from(self.start)..usize::from(self.end)).unwrap_or_default()
    }

    /// Whether nothing is in it.
    pub const fn is_empty(&self) -> bool {
        self.start >= self.end
    }
}

/// A header line is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadField;

/// What stands where a header line may begin.
pub(crate) enum Field {
    /// The line is not whole yet; what is there of it is well-formed.
    More,
    /// The empty line; the offset behind it.
    End(usize),
    /// A header line and the offset behind it.
    Line { name: Span, value: Span, next: usize },
}

/// Reads the header line at an offset: token, colon, optional blanks, value, optional blanks, CRLF. Nothing may stand before
/// the colon but the token, so that folding and `Name : value` are refused; a malformed byte is refused before its line is whole.
pub(crate) fn field_at(seen: &[u8], at: usize) -> Result<Field, BadField> {
    let rest = seen.get(at..).unwrap_or_default();
    match rest {
        [] | [b'\r'] => return Ok(Field::More),
        [b'\r', b'\n', ..] => return Ok(Field::End(at + 2)),
        _ => {}
    }
    let colon = TOKEN.run(rest);
    match rest.get(colon) {
        None => return Ok(Field::More),
        Some(b':') if colon > 0 => {}
        Some(_) => return Err(BadField),
    }
    let Some((end, next)) = line_end(seen, at + colon + 1)? else { return Ok(Field::More) };
    Ok(Field::Line { name: Span::new(at, at + colon), value: trimmed(seen, at + colon + 1, end), next })
}

/// The end of the line's text and the offset behind its CRLF, or nothing while it is not whole. A bare CR or LF, NUL and every
/// other control character but the tab is refused as soon as it is seen.
pub(crate) fn line_end(seen: &[u8], at: usize) -> Result<Option<(usize, usize)>, BadField> {
    let rest = seen.get(at..).unwrap_or_default();
    let feed = memchr(b'\n', rest);
    let text = match feed {
        Some(feed) => rest.get(..feed).and_then(|line| line.strip_suffix(b"\r")).ok_or(BadField)?,
        None => rest.strip_suffix(b"\r").unwrap_or(rest),
    };
    if !is_text(text) {
        return Err(BadField);
    }
    Ok(feed.map(|feed| (at + feed - 1, at + feed + 1)))
}

fn trimmed(seen: &[u8], start: usize, end: usize) -> Span {
    let value = seen.get(start..end).unwrap_or_default();
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let Some(first) = value.iter().position(|byte| !blank(byte)) else { return Span::new(start, start) };
    let after = value.iter().rev().take_while(|byte| blank(byte)).count();
    Span::new(start + first, end - after)
}

/// A decimal number of at most 18 digits, nothing else.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

/// Comma-separated words of a value, blanks trimmed, empty ones left out.
pub(crate) fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|word| !word.is_empty())
}
