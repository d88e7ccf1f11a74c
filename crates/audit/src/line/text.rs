//! How does a value look inside a line? Escaped text, exact money, ids and addresses, without serde on the hot path.

use std::io::Write;
use std::net::IpAddr;

use serde_json::Value;
use tollgate_model::{CredentialHash, Money, hex_of};

/// A string inside an event's detail is cut here; details are our own words and the policies of keys.
const DETAIL: usize = 4096;

/// Appends a quoted, escaped text of at most `limit` bytes.
pub(super) fn text(out: &mut Vec<u8>, text: &str, limit: usize) {
    raw_text(out, text.as_bytes(), limit);
}

/// The same for bytes that need not be UTF-8: what is not becomes `\ufffd`.
pub(super) fn raw_text(out: &mut Vec<u8>, bytes: &[u8], limit: usize) {
    out.push(b'"');
    let cut = cut(bytes, limit);
    // no early end: so the compiler looks at sixteen bytes at once
    if cut.iter().fold(true, |plain, byte| plain & matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')) {
        out.extend_from_slice(cut);
    } else {
        escaped(out, cut);
    }
    out.push(b'"');
}

/// The first `limit` bytes, without half a character at the end.
fn cut(bytes: &[u8], limit: usize) -> &[u8] {
    let continues = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = (limit.saturating_sub(3)..=limit).rev().find(|at| !continues(at)).unwrap_or(limit);
    bytes.get(..end).unwrap_or(bytes)
}

fn escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                // line separators and C1 controls are plain to JSON, but not to a terminal or a line reader
                '\u{2028}' | '\u{2029}' => unicode(out, character),
                control if control.is_control() => unicode(out, control),
                plain => out.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice(b"\\ufffd");
        }
    }
}

fn unicode(out: &mut Vec<u8>, character: char) {
    out.extend_from_slice(b"\\u");
    let [_, _, high, low] = u32::from(character).to_be_bytes();
    out.extend_from_slice(&hex_of(high));
    out.extend_from_slice(&hex_of(low));
}

pub(super) fn number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Dollars with all nine decimals, as `Money` shows itself.
pub(super) fn money(out: &mut Vec<u8>, money: Money) {
    const NANOS: u64 = 1_000_000_000;
    let nanos = money.nanos().unsigned_abs();
    if money.nanos() < 0 {
        out.push(b'-');
    }
    number(out, nanos / NANOS);
    out.push(b'.');
    let mut buffer = itoa::Buffer::new();
    let fraction = buffer.format(nanos % NANOS).as_bytes();
    out.extend(std::iter::repeat_n(b'0', 9_usize.saturating_sub(fraction.len())));
    out.extend_from_slice(fraction);
}

pub(super) fn ip(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            for (place, octet) in address.octets().into_iter().enumerate() {
                if place > 0 {
                    out.push(b'.');
                }
                number(out, u64::from(octet));
            }
        }
        IpAddr::V6(address) => {
            // a write into a Vec cannot fail
            let _ = write!(out, "{address}");
        }
    }
}

/// The first 16 bytes of a credential's hash, as `CredentialHash` shows itself.
pub(super) fn credential(out: &mut Vec<u8>, hash: CredentialHash) {
    out.extend_from_slice(&hash.short());
}

/// A word that needs no escape by its type: a name, a task, a word of our own enums.
pub(super) fn word(out: &mut Vec<u8>, word: &str) {
    out.push(b'"');
    out.extend_from_slice(word.as_bytes());
    out.push(b'"');
}

/// Any JSON value of ours, its strings escaped and cut like every other text.
pub(super) fn value(out: &mut Vec<u8>, json: &Value) {
    match json {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => {
            // a write into a Vec cannot fail
            let _ = write!(out, "{number}");
        }
        Value::String(string) => text(out, string, DETAIL),
        Value::Array(items) => list(out, *b"[]", items, value),
        Value::Object(members) => list(out, *b"{}", members, |out, (name, item)| {
            text(out, name, DETAIL);
            out.push(b':');
            value(out, item);
        }),
    }
}

fn list<T>(out: &mut Vec<u8>, [open, close]: [u8; 2], items: impl IntoIterator<Item = T>, each: impl Fn(&mut Vec<u8>, T)) {
    out.push(open);
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        each(out, item);
    }
    out.push(close);
}
