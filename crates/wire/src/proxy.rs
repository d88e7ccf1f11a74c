//! Whose connection does a proxy say it is? The PROXY header, versions 1 and 2, read strictly; no listener reads it yet.
//!
//! Source: "The PROXY protocol, versions 1 & 2" (haproxy.org, doc/proxy-protocol.txt), §2.1 and §2.2.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crate::bytes::is_ascii_text;

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxied {
    /// The connection is this client's.
    Client(SocketAddr),
    /// The connection is the proxy's own, such as a health check.
    Own,
}

/// Bytes that are no PROXY header of a client's TCP connection; the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Not a header, or one that breaks the grammar.
    #[error("the PROXY header is malformed")]
    Form,
    /// Longer than any that is needed.
    #[error("the PROXY header is too long")]
    TooLong,
    /// `UNKNOWN`, `UNSPEC`, a Unix socket or datagrams: it does not tell who the client is.
    #[error("the PROXY header tells no client's address")]
    Untold,
}

const LINE: &[u8] = b"PROXY ";
/// §2.1: "the maximum line lengths the receiver must support", its CRLF included.
const LONGEST_LINE: usize = 107;
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family, length.
const FIXED: usize = 16;
/// Addresses and what is said beside them (certificates' names at most); §2.2 allows 65,535.
const LONGEST_REST: usize = 2048;

/// Parses a header from the start of `bytes`: what it says and its length, or nothing while more bytes are needed.
///
/// Judged byte by byte, so that an unfinished header is refused for the same reason as the whole one.
pub fn parse_proxy(bytes: &[u8]) -> Result<Option<(Proxied, usize)>, ProxyError> {
    match bytes.first() {
        None => Ok(None),
        Some(b'P') => line(bytes),
        Some(_) => binary(bytes),
    }
}

/// `PROXY TCP4 192.0.2.1 192.0.2.2 4711 443 CRLF`.
fn line(bytes: &[u8]) -> Result<Option<(Proxied, usize)>, ProxyError> {
    let window = bytes.get(..LONGEST_LINE).unwrap_or(bytes);
    let end = window.iter().position(|byte| *byte == b'\r' || *byte == b'\n').unwrap_or(window.len());
    let (text, behind) = window.split_at_checked(end).ok_or(ProxyError::Form)?;
    if !LINE.iter().zip(text).all(|(wanted, byte)| wanted == byte) || !is_ascii_text(text) {
        return Err(ProxyError::Form);
    }
    match behind {
        [] | [b'\r'] if bytes.len() < LONGEST_LINE => return Ok(None),
        [] | [b'\r'] => return Err(ProxyError::TooLong),
        [b'\r', b'\n', ..] => {}
        _ => return Err(ProxyError::Form),
    }
    let text = std::str::from_utf8(text).map_err(|_| ProxyError::Form)?;
    let mut words = text.split(' ').skip(1);
    let mut next = || words.next().ok_or(ProxyError::Form);
    let client = match next()? {
        "TCP4" => parties::<Ipv4Addr>([next()?, next()?, next()?, next()?])?,
        "TCP6" => parties::<Ipv6Addr>([next()?, next()?, next()?, next()?])?,
        "UNKNOWN" => return Err(ProxyError::Untold),
        _ => return Err(ProxyError::Form),
    };
    if words.next().is_some() { Err(ProxyError::Form) } else { Ok(Some((Proxied::Client(client), end + 2))) }
}

/// Source address, destination address, source port, destination port: all must be sound, the source is the client.
fn parties<A: FromStr + Into<IpAddr>>([source, destination, from, to]: [&str; 4]) -> Result<SocketAddr, ProxyError> {
    let address = |text: &str| text.parse::<A>().map_err(|_| ProxyError::Form);
    address(destination)?;
    port(to)?;
    Ok(SocketAddr::new(address(source)?.into(), port(from)?))
}

/// Decimal digits without a sign or a leading zero.
fn port(text: &str) -> Result<u16, ProxyError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().map_err(|_| ProxyError::Form) } else { Err(ProxyError::Form) }
}

/// The signature, a version and command, a family, a length, addresses, and what is said beside them (TLV).
fn binary(bytes: &[u8]) -> Result<Option<(Proxied, usize)>, ProxyError> {
    if !SIGNATURE.iter().zip(bytes).all(|(wanted, byte)| wanted == byte) {
        return Err(ProxyError::Form);
    }
    let own = match bytes.get(12) {
        None => return Ok(None),
        Some(0x20) => true,
        Some(0x21) => false,
        Some(_) => return Err(ProxyError::Form),
    };
    let addresses = match bytes.get(13) {
        None => return Ok(None),
        Some(_) if own => 0,
        Some(0x11) => 12,
        Some(0x21) => 36,
        Some(0x00 | 0x12 | 0x22 | 0x31 | 0x32) => return Err(ProxyError::Untold),
        Some(_) => return Err(ProxyError::Form),
    };
    let Some([high, low]) = bytes.get(14..FIXED) else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length > LONGEST_REST {
        return Err(ProxyError::TooLong);
    }
    if length < addresses {
        return Err(ProxyError::Form);
    }
    let Some(rest) = bytes.get(FIXED..FIXED + length) else { return Ok(None) };
    if own {
        return Ok(Some((Proxied::Own, FIXED + length)));
    }
    let (parties, beside) = rest.split_at_checked(addresses).ok_or(ProxyError::Form)?;
    is_whole(beside)?;
    Ok(Some((Proxied::Client(source(parties).ok_or(ProxyError::Form)?), FIXED + length)))
}

/// The first of two addresses and the first of two ports.
fn source(parties: &[u8]) -> Option<SocketAddr> {
    let (address, port): (IpAddr, _) = if parties.len() == 12 {
        (parties.first_chunk::<4>().copied()?.into(), parties.get(8..10)?)
    } else {
        (parties.first_chunk::<16>().copied()?.into(), parties.get(32..34)?)
    };
    Some(SocketAddr::new(address, u16::from_be_bytes(port.try_into().ok()?)))
}

/// Whether type, length and value follow each other to the last byte; none of them means anything here.
fn is_whole(mut beside: &[u8]) -> Result<(), ProxyError> {
    while !beside.is_empty() {
        let Some([_, high, low]) = beside.first_chunk::<3>() else { return Err(ProxyError::Form) };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        beside = beside.get(3 + length..).ok_or(ProxyError::Form)?;
    }
    Ok(())
}
