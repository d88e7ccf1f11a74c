//! What is a header line? One strict grammar for both sides, as offsets into the head's bytes.

use memchr::memchr;

/// A stretch of the head's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

/// A header line is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadField;

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        // heads are bounded by `Limits::head`, far below 4 GiB; a larger one would have been refused
        Self { start: u32::try_from(start).unwrap_or(u32::MAX), end: u32::try_from(end).unwrap_or(u32::MAX) }
    }

    /// The bytes, in the head they were parsed from.
    pub fn of<'a>(&self, head: &'a [u8]) -> &'a [u8] {
        head.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Whether nothing is in it.
    pub const fn is_empty(&self) -> bool {
        self.start >= self.end
    }
}

/// The end of the head: the offset behind its empty line. A bare LF or CR anywhere in it is an error as soon as it is seen.
pub(crate) fn head_end(bytes: &[u8]) -> Result<Option<usize>, BadField> {
    let mut at = 0;
    while let Some(found) = memchr(b'\n', bytes.get(at..).unwrap_or_default()) {
        let feed = at + found;
        if feed == 0 || bytes.get(feed - 1) != Some(&b'\r') {
            return Err(BadField);
        }
        if feed + 1 == at + 2 && at > 0 {
            return Ok(Some(feed + 1));
        }
        if feed == 1 {
            // an empty line before the request line
            return Err(BadField);
        }
        at = feed + 1;
    }
    Ok(None)
}

/// Splits a line without its CRLF into name and value: token, colon, optional blanks, value, optional blanks.
pub(crate) fn split_line(head: &[u8], start: usize, end: usize) -> Result<(Span, Span), BadField> {
    let line = head.get(start..end).ok_or(BadField)?;
    let colon = memchr(b':', line).ok_or(BadField)?;
    let name = line.get(..colon).unwrap_or_default();
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return Err(BadField);
    }
    let value = line.get(colon + 1..).unwrap_or_default();
    if !value.iter().all(|byte| is_value(*byte)) {
        return Err(BadField);
    }
    let blank = |byte: &&u8| matches!(**byte, b' ' | b'\t');
    let before = value.iter().take_while(blank).count();
    let after = if before == value.len() { 0 } else { value.iter().rev().take_while(blank).count() };
    let first = start + colon + 1 + before;
    Ok((Span::new(start, start + colon), Span::new(first, (end - after).max(first))))
}

/// RFC 9110 §5.6.2.
pub(crate) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// Visible ASCII, blanks, and bytes above 0x7f (RFC 9110 §5.5 obs-text: user agents carry them).
const fn is_value(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7e | 0x80..=0xff)
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
