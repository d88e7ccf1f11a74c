//! What does one hop of a forwarded header say? Strict readings of `X-Forwarded-For` and RFC 7239.

use std::net::{IpAddr, Ipv6Addr};

use tollgate_model::cidr::canonical;

use super::{ForwardedHeader, Untold};

type Hop = Result<IpAddr, Untold>;

/// Calls `take` with each hop of one header value, from left to right.
pub(super) fn each(header: ForwardedHeader, value: &[u8], take: &mut dyn FnMut(Hop)) {
    match header {
        ForwardedHeader::XForwardedFor => {
            for hop in value.split(|byte| *byte == b',') {
                take(node(hop.trim_ascii()));
            }
        }
        ForwardedHeader::Forwarded => elements(value, take),
    }
}

/// An address with an optional port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
/// `unknown` and names such as `_hidden` are no addresses (RFC 7239 §6.2, §6.3).
fn node(text: &[u8]) -> Hop {
    let text = std::str::from_utf8(text).map_err(|_| Untold)?;
    let address = if let Some(rest) = text.strip_prefix('[') {
        let (inside, port) = rest.split_once(']').ok_or(Untold)?;
        let port_is_good = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        if !port_is_good {
            return Err(Untold);
        }
        inside.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    } else {
        match text.split_once(':') {
            Some((v4, port)) if !port.contains(':') => is_port(port).then(|| v4.parse().ok().map(IpAddr::V4)).flatten(),
            _ => text.parse().ok(),
        }
    };
    address.map(canonical).ok_or(Untold)
}

/// One to five digits, or an obfuscated port (RFC 7239 §6).
fn is_port(text: &str) -> bool {
    let hidden =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits || text.strip_prefix('_').is_some_and(hidden)
}

/// Elements of a `Forwarded` value (RFC 7239 §4). What breaks the grammar makes one hop that tells nothing, and since it is
/// unclear where that element ends, so does everything behind it: a quote left open by a client must not hide a proxy's hop.
fn elements(value: &[u8], take: &mut dyn FnMut(Hop)) {
    let mut rest = value;
    loop {
        match element(rest) {
            Some((hop, behind)) => {
                take(hop);
                match behind {
                    Some(behind) => rest = behind,
                    None => return,
                }
            }
            None => return take(Err(Untold)),
        }
    }
}

/// One element and what stands behind its comma; nothing if the grammar is broken.
fn element(text: &[u8]) -> Option<(Hop, Option<&[u8]>)> {
    let mut hop = None;
    let mut rest = text;
    loop {
        let (name, value, behind) = pair(rest)?;
        if name.eq_ignore_ascii_case(b"for") && hop.replace(bracketed(&value)).is_some() {
            return None;
        }
        match behind.split_first() {
            None => return Some((hop.unwrap_or(Err(Untold)), None)),
            Some((b',', behind)) => return Some((hop.unwrap_or(Err(Untold)), Some(behind))),
            Some((b';', behind)) => rest = behind,
            Some(_) => return None,
        }
    }
}

/// In `for=` an IPv6 address stands in brackets, always (RFC 7239 §6).
fn bracketed(value: &[u8]) -> Hop {
    let bare_v6 = !value.starts_with(b"[") && value.split(|byte| *byte == b':').nth(2).is_some();
    if bare_v6 { Err(Untold) } else { node(value) }
}

/// `token "=" ( token / quoted-string )`, and what stands behind it, white space skipped.
fn pair(text: &[u8]) -> Option<(&[u8], Vec<u8>, &[u8])> {
    let text = text.trim_ascii_start();
    let name_ends = text.iter().position(|byte| *byte == b'=')?;
    let (name, rest) = text.split_at_checked(name_ends)?;
    let rest = rest.get(1..)?;
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return None;
    }
    let (value, behind) = if let Some(inside) = rest.strip_prefix(b"\"") {
        quoted(inside)?
    } else {
        let ends = rest.iter().position(|byte| !is_token(*byte)).unwrap_or(rest.len());
        let (value, behind) = rest.split_at_checked(ends)?;
        (value.to_vec(), behind)
    };
    Some((name, value, behind.trim_ascii_start()))
}

/// The inside of a quoted string, escapes resolved, and what stands behind the closing quote.
fn quoted(inside: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut rest = inside;
    loop {
        let (byte, behind) = rest.split_first()?;
        match byte {
            b'"' => return Some((value, behind)),
            b'\\' => {
                let (escaped, behind) = behind.split_first()?;
                value.push(*escaped);
                rest = behind;
            }
            _ => {
                value.push(*byte);
                rest = behind;
            }
        }
    }
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
