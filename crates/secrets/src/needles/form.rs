//! How can a key be written? As it is, and in the encodings that an echo goes through.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

/// The writing in which a key was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it is, in any case.
    Raw,
    /// Percent-encoded, where it must be or everywhere.
    Percent,
    /// Escaped in a JSON string, where it must be or everywhere.
    Json,
    /// Escaped in HTML, where it must be or everywhere.
    Html,
    /// In hex.
    Hex,
    /// In base64, at any alignment, in either alphabet.
    Base64,
    /// Behind escapes of some of its letters, of several kinds, or of several layers.
    Escaped,
}

type Writing = (Form, Zeroizing<Vec<u8>>);

impl Form {
    /// Its name in alarms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Percent => "percent",
            Self::Json => "json",
            Self::Html => "html",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Escaped => "escaped",
        }
    }
}

/// Every writing of a key once, without regard to case; none for an empty key.
pub(super) fn writings(key: &[u8]) -> Vec<Writing> {
    let mut all: Vec<Writing> = Vec::new();
    let mut add = |form, bytes: Zeroizing<Vec<u8>>| {
        if !bytes.is_empty() && !all.iter().any(|(_, known)| known.eq_ignore_ascii_case(&bytes)) {
            all.push((form, bytes));
        }
    };
    add(Form::Raw, Zeroizing::new(key.to_vec()));
    add(Form::Hex, mapped(key, |byte| hex("", byte)));
    for escape_all in [false, true] {
        add(Form::Percent, mapped(key, |byte| percent(byte, escape_all)));
        add(Form::Html, mapped(key, |byte| html(byte, escape_all)));
        add(Form::Json, mapped(key, |byte| json(byte, escape_all)));
    }
    add(Form::Html, mapped(key, |byte| format!("&#{byte};").into_bytes()));
    for shift in 0..3 {
        let standard = base64(key, shift);
        let url = mapped(&standard, |byte| vec![url_alphabet(byte)]);
        // base64 inside a JSON string or a query is escaped once more
        let in_json = mapped(&standard, |byte| json(byte, false));
        let in_query = mapped(&standard, |byte| percent(byte, false));
        for bytes in [standard, url, in_json, in_query] {
            add(Form::Base64, bytes);
        }
    }
    all
}

fn mapped(key: &[u8], write: impl Fn(u8) -> Vec<u8>) -> Zeroizing<Vec<u8>> {
    // room for the longest writing of a byte, so that no half-grown copy is left behind
    let mut text = Zeroizing::new(Vec::with_capacity(key.len() * 8));
    for byte in key {
        text.extend_from_slice(&write(*byte));
    }
    text
}

fn hex(before: &str, byte: u8) -> Vec<u8> {
    format!("{before}{byte:02x}").into_bytes()
}

/// RFC 3986 §2.3: unreserved characters need no escape.
fn percent(byte: u8, escape_all: bool) -> Vec<u8> {
    let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if unreserved && !escape_all { vec![byte] } else { hex("%", byte) }
}

/// RFC 8259 §7; `/` too, as PHP's `json_encode` escapes it.
fn json(byte: u8, escape_all: bool) -> Vec<u8> {
    match byte {
        _ if escape_all => hex("\\u00", byte),
        b'"' | b'\\' | b'/' => vec![b'\\', byte],
        _ => vec![byte],
    }
}

fn html(byte: u8, escape_all: bool) -> Vec<u8> {
    match byte {
        _ if escape_all => format!("&#x{byte:x};").into_bytes(),
        b'&' => b"&amp;".to_vec(),
        b'<' => b"&lt;".to_vec(),
        b'>' => b"&gt;".to_vec(),
        b'"' => b"&quot;".to_vec(),
        b'\'' => b"&#39;".to_vec(),
        _ => vec![byte],
    }
}

/// What base64 shows of a key that stands `shift` bytes behind a multiple of three, whatever stands around it.
fn base64(key: &[u8], shift: usize) -> Zeroizing<Vec<u8>> {
    let mut padded = Zeroizing::new(vec![0; shift]);
    padded.extend_from_slice(key);
    let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(&*padded));
    let from = (shift * 8).div_ceil(6);
    let until = padded.len() * 8 / 6;
    Zeroizing::new(encoded.as_bytes().get(from..until).unwrap_or_default().to_vec())
}

/// RFC 4648 §5.
const fn url_alphabet(byte: u8) -> u8 {
    match byte {
        b'+' => b'-',
        b'/' => b'_',
        _ => byte,
    }
}
