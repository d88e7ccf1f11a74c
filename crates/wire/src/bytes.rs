//! Which bytes may stand where? One table for the grammar's sets, and checks of whole texts that become vector instructions.

use memchr::memchr;

/// A set of bytes: a bit of the table.
#[derive(Clone, Copy)]
pub(crate) struct Set(u8);

/// RFC 9110 §5.6.2.
pub(crate) const TOKEN: Set = Set(1);
/// A token without small letters: a method in lower case is a mistake, not another method.
pub(crate) const METHOD: Set = Set(2);
/// RFC 3986 §3.3, and `/`.
pub(crate) const PATH: Set = Set(4);
/// RFC 3986 §3.4, and `[`, `]`, `{`, `|`, `}`, `^` and the backtick, which browsers' URL code sends raw in a query (WHATWG URL,
/// query percent-encode set); they carry no structure there. `#` and `\` stay out: two parsers read them differently.
pub(crate) const QUERY: Set = Set(8);
/// What a host and port are made of; no list, user information, path or IPv6 zone can be written with it.
pub(crate) const HOST: Set = Set(16);

const TABLE: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        #[expect(clippy::indexing_slicing, reason = "a byte is below 256; evaluated when compiling")]
        {
            table[byte as usize] = sets(byte);
        }
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

const fn sets(byte: u8) -> u8 {
    let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let token = plain || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'^' | b'`' | b'|' | b'~');
    let path = plain
        || matches!(byte, b'/' | b'%' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@');
    let host = plain || matches!(byte, b':' | b'[' | b']');
    let mut sets = 0;
    if token {
        sets |= TOKEN.0;
    }
    if token && !byte.is_ascii_lowercase() {
        sets |= METHOD.0;
    }
    if path {
        sets |= PATH.0;
    }
    if is_query(byte) {
        sets |= QUERY.0;
    }
    if host {
        sets |= HOST.0;
    }
    sets
}

const fn is_query(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e) && !matches!(byte, b'"' | b'#' | b'<' | b'>' | b'\\')
}

impl Set {
    /// The length of the longest start of `text` that is made of this set.
    pub(crate) fn run(self, text: &[u8]) -> usize {
        text.iter().position(|byte| TABLE.get(usize::from(*byte)).is_none_or(|sets| sets & self.0 == 0)).unwrap_or(text.len())
    }

    /// Whether all of `text`, at least one byte, is made of this set; for constants.
    pub(crate) const fn fills(self, text: &[u8]) -> bool {
        let mut rest = text;
        while let Some((byte, behind)) = rest.split_first() {
            if sets(*byte) & self.0 == 0 {
                return false;
            }
            rest = behind;
        }
        !text.is_empty()
    }
}

/// `QUERY.run`, faster for the long queries that end as they should: at a space.
pub(crate) fn query_run(text: &[u8]) -> usize {
    let end = memchr(b' ', text).unwrap_or(text.len());
    if is_query_text(text.get(..end).unwrap_or_default()) { end } else { QUERY.run(text) }
}

// The checks below look at every byte, without a branch among them: only so are they vectorised.

/// Whether it can stand in a path or query.
pub(crate) fn is_query_text(text: &[u8]) -> bool {
    text.iter().fold(0, |bad, byte| bad | u8::from(!is_query(*byte))) == 0
}

/// Visible ASCII, blanks, and bytes above 0x7f (RFC 9110 §5.5 obs-text: user agents carry them).
pub(crate) fn is_text(text: &[u8]) -> bool {
    text.iter().fold(0, |bad, byte| bad | u8::from(*byte < 0x20 && *byte != b'\t') | u8::from(*byte == 0x7f)) == 0
}

/// Visible ASCII and blanks: what we write ourselves.
pub(crate) fn is_ascii_text(text: &[u8]) -> bool {
    text.iter().fold(0, |bad, byte| bad | u8::from(!matches!(byte, b'\t' | 0x20..=0x7e))) == 0
}
