//! What does a parameter say? Its bytes, validated once and decoded only where somebody looks.

use std::borrow::Cow;
use std::fmt;

use tollgate_model::VirtualKey;

use crate::misread::Unclear;

/// One parameter's value. It may be a proxy's password or an image, so it prints its length only.
#[derive(Clone)]
pub struct Value<'a> {
    raw: Cow<'a, [u8]>,
    /// Whether `raw` holds escapes (`%41`, `+`), all of them valid.
    escaped: bool,
}

impl<'a> Value<'a> {
    /// The value of these bytes as they stand.
    pub const fn plain(raw: &'a [u8]) -> Self {
        Self { raw: Cow::Borrowed(raw), escaped: false }
    }

    /// The value of bytes that had to be decoded.
    pub(crate) const fn decoded(raw: Cow<'a, [u8]>) -> Self {
        Self { raw, escaped: false }
    }

    /// The value of a form's raw text; an escape that is not two hex digits is refused.
    pub(crate) fn form(raw: &'a [u8]) -> Result<Self, Unclear> {
        // most values hold neither
        if memchr::memchr2(b'+', b'%', raw).is_none() {
            return Ok(Self::plain(raw));
        }
        let mut rest = raw.iter();
        let mut escaped = false;
        while let Some(byte) = rest.next() {
            match byte {
                b'+' => escaped = true,
                b'%' => {
                    escaped = true;
                    let (high, low) = (rest.next().copied().and_then(hex), rest.next().copied().and_then(hex));
                    high.and(low).ok_or(Unclear::malformed("an escape that is not two hex digits"))?;
                }
                _ => {}
            }
        }
        Ok(Self { raw: Cow::Borrowed(raw), escaped })
    }

    /// The same value, borrowed.
    pub(crate) fn borrowed(&self) -> Value<'_> {
        Value { raw: Cow::Borrowed(&self.raw), escaped: self.escaped }
    }

    /// The bytes, if they stood in the request as they are: what a typed value must.
    pub fn as_sent(&self) -> Option<&'a [u8]> {
        match self.raw {
            Cow::Borrowed(raw) if !self.escaped => Some(raw),
            Cow::Borrowed(_) | Cow::Owned(_) => None,
        }
    }

    /// The bytes it means, one by one.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        let mut rest = self.raw.iter().copied();
        std::iter::from_fn(move || match (rest.next()?, self.escaped) {
            (b'+', true) => Some(b' '),
            (b'%', true) => Some(hex(rest.next()?)? << 4 | hex(rest.next()?)?),
            (byte, _) => Some(byte),
        })
    }

    /// The bytes it means.
    pub fn into_bytes(self) -> Cow<'a, [u8]> {
        if self.escaped { Cow::Owned(self.bytes().collect()) } else { self.raw }
    }

    /// Whether it means these bytes.
    pub fn is(&self, bytes: &[u8]) -> bool {
        if self.escaped { self.bytes().eq(bytes.iter().copied()) } else { *self.raw == *bytes }
    }

    /// Whether it means nothing.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Whether one of our own keys or tokens stands in it; those stand in the key's places only.
    pub(crate) fn is_virtual_key(&self) -> bool {
        const LENGTH: usize = 32;
        // the rarest byte of the prefixes, and where it stands in them
        const MARK: (u8, usize) = (b'_', 3);
        let holds = |bytes: &[u8]| {
            let mut starts = memchr::memchr_iter(MARK.0, bytes).filter_map(|at| at.checked_sub(MARK.1));
            starts.any(|at| bytes.get(at..at + LENGTH).is_some_and(VirtualKey::is_well_formed))
        };
        let escaped_mark = |at: usize| matches!(self.raw.get(at + 1..at + 3), Some([b'5', b'F' | b'f']));
        let marked = memchr::memchr(MARK.0, &self.raw).is_some() || memchr::memchr_iter(b'%', &self.raw).any(escaped_mark);
        if self.raw.len() < LENGTH || !marked {
            return false;
        }
        if self.escaped { holds(&self.bytes().collect::<Vec<u8>>()) } else { holds(&self.raw) }
    }

    /// The most bytes that `write_form` writes.
    pub(crate) fn form_bound(&self) -> usize {
        const SHORT: usize = 4096;
        let kept = |byte: u8| if is_unreserved(byte) { 1 } else { 3 };
        match (self.escaped, self.raw.len()) {
            (true, length) => length * 3,
            (false, length) if length <= SHORT => length * 3,
            (false, _) => self.raw.iter().map(|byte| kept(*byte)).sum(),
        }
    }

    /// Appends it percent-encoded: one spelling for one meaning, whatever the client's was.
    pub(crate) fn write_form(&self, out: &mut Vec<u8>) {
        if !self.escaped {
            return write_form(&self.raw, out);
        }
        let mut rest = &*self.raw;
        while let Some(at) = memchr::memchr2(b'+', b'%', rest) {
            let (kept, tail) = rest.split_at(at);
            write_form(kept, out);
            let (meant, behind) = match tail {
                [b'%', high, low, behind @ ..] => (hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low), behind),
                [_, behind @ ..] => (Some(b' '), behind),
                [] => return,
            };
            if let Some(byte) = meant {
                write_escaped(byte, out);
            }
            rest = behind;
        }
        write_form(rest, out);
    }

    /// Appends the bytes it means.
    pub(crate) fn write_plain(&self, out: &mut Vec<u8>) {
        if self.escaped { out.extend(self.bytes()) } else { out.extend_from_slice(&self.raw) }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Value({} bytes)", self.raw.len())
    }
}

/// Two values are equal when they mean the same bytes.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.escaped, other.escaped) {
            (false, false) => self.raw == other.raw,
            (true, _) | (_, true) => self.bytes().eq(other.bytes()),
        }
    }
}

impl Eq for Value<'_> {}

/// Appends bytes percent-encoded: everything but RFC 3986's unreserved characters.
pub(crate) fn write_form(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| !is_unreserved(*byte)) {
        let (kept, tail) = rest.split_at(at);
        out.extend_from_slice(kept);
        let Some((odd, tail)) = tail.split_first() else { return };
        write_escaped(*odd, out);
        rest = tail;
    }
    out.extend_from_slice(rest);
}

fn write_escaped(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
    if is_unreserved(byte) {
        out.push(byte);
    } else {
        out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
    }
}

const fn is_unreserved(byte: u8) -> bool {
    #[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
    UNRESERVED[byte as usize]
}

/// RFC 3986 §2.3, as a table: this is asked for every byte of every value.
const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        #[expect(clippy::indexing_slicing, reason = "a byte is below 256; evaluated when compiling")]
        {
            table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        }
        byte += 1;
    }
    table
};

const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
