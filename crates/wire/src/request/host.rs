//! Is this one host? A registered name, an IPv4 address or a bracketed IPv6 one, and an optional port.

use std::net::Ipv6Addr;

use memchr::memchr;

use crate::fields::decimal;

/// Whether the value of a Host header names one host.
pub(super) fn is_host(text: &[u8]) -> bool {
    let (host, port) = match text.first() {
        Some(b'[') => text.split_at(memchr(b']', text).map_or(text.len(), |close| close + 1)),
        _ => text.split_at(memchr(b':', text).unwrap_or(text.len())),
    };
    let host_ok = match host {
        [b'[', address @ .., b']'] => std::str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        name => is_name(name),
    };
    host_ok && is_port(port)
}

/// Letters, digits, `-`, `_` (container networks use it) and single dots, of which one may be last. 253 is the longest name that
/// DNS can carry (RFC 1035 §2.3.4, without that last dot).
fn is_name(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let mut after_dot = true;
    for byte in name {
        let dot = *byte == b'.';
        if dot && after_dot || !(dot || byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return false;
        }
        after_dot = dot;
    }
    !after_dot && name.len() <= 253
}

/// Nothing, or a colon and a number below 65,536.
fn is_port(text: &[u8]) -> bool {
    let Some((colon, digits)) = text.split_first() else { return true };
    *colon == b':' && digits.len() <= 5 && decimal(digits).is_some_and(|number| u16::try_from(number).is_ok())
}
