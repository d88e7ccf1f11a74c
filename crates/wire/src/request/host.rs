//! Is this one host? A registered name, an IPv4 address or a bracketed IPv6 one, and an optional port.

use std::net::Ipv6Addr;

/// The bytes a host and port are made of; no list, user information, path or IPv6 zone can be written with them.
pub(super) fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':' | b'[' | b']')
}

/// Whether the value of a Host header names one host.
pub(super) fn is_host(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let port = if let Some(rest) = text.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        if address.parse::<Ipv6Addr>().is_err() {
            return false;
        }
        port
    } else {
        let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
        if !is_name(name) {
            return false;
        }
        port
    };
    match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok(),
    }
}

/// Letters, digits, `-`, `_` and single dots between them; container networks use `_` in names.
fn is_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= 253
        && name
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
}
