//! Where is a provider? One scheme, one host, one port, written in the one way that every parser reads alike.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use tollgate_model::cidr::canonical;

/// A provider's place: scheme, host and port, nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Whether it is reached by TLS.
    pub tls: bool,
    /// Its host.
    pub host: OriginHost,
    /// Its port.
    pub port: u16,
}

/// A provider's host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginHost {
    /// A name in lower case, to be resolved; what it resolves to is judged at each connect.
    Name(String),
    /// A literal address: it is its own permission.
    Address(IpAddr),
}

/// Why a text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Neither `https://` nor `http://`.
    #[error("it does not begin with `https://`")]
    Scheme,
    /// A user and a password.
    #[error("it holds an `@`: an origin has no user")]
    User,
    /// Something behind host and port.
    #[error("it goes on behind host and port: an origin has no path, query or fragment")]
    Path,
    /// A host that URL parsers read in different ways.
    #[error("its host is not a plain name or address: lower-case labels of `a-z`, `0-9`, `-`, without a trailing dot")]
    Host,
    /// A name in another script, or its encoding.
    #[error("its host is written in another script: such names can be made to look like others")]
    Script,
    /// A number that some parsers take for an address.
    #[error("its host is a number that some parsers read as an address: write four decimal parts")]
    Numeric,
    /// An address that no provider has.
    #[error("its address is link-local, multicast, unspecified or an IPv4 address inside an IPv6 one: no provider is there")]
    Address,
    /// A port that speaks something else.
    #[error("its port is not one that speaks http: 80, 443, or 1024 and above")]
    Port,
}

impl Origin {
    /// Parses `https://host`, `https://host:port`, or the same with `http`; one `/` behind it is allowed.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let (tls, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(OriginError::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('@') {
            return Err(OriginError::User);
        }
        if rest.contains(['/', '?', '#', '\\']) {
            return Err(OriginError::Path);
        }
        let (host, port) = split_port(rest)?;
        let port = port.map_or(Ok(if tls { 443 } else { 80 }), parse_port)?;
        Ok(Self { tls, host: OriginHost::parse(host)?, port })
    }

    /// Whether it is a literal loopback address, to which plain http is no risk.
    pub fn is_loopback(&self) -> bool {
        matches!(self.host, OriginHost::Address(address) if address.is_loopback())
    }
}

impl OriginHost {
    fn parse(host: &str) -> Result<Self, OriginError> {
        if let Some(inside) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address: Ipv6Addr = inside.parse().map_err(|_| OriginError::Host)?;
            return permitted(IpAddr::V6(address)).map(Self::Address);
        }
        if !host.is_ascii() || host.split('.').any(|label| label.starts_with("xn--")) {
            return Err(OriginError::Script);
        }
        if let Ok(address) = host.parse() {
            return permitted(IpAddr::V4(address)).map(Self::Address);
        }
        let plain = |label: &str| {
            let word = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            word && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        let last = host.rsplit('.').next().unwrap_or_default();
        let digits = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
        // WHATWG URL §3.5: a last label that is a number makes the whole host an IPv4 address
        if digits || last.starts_with("0x") {
            return Err(OriginError::Numeric);
        }
        if host.len() <= 253 && host.split('.').all(plain) { Ok(Self::Name(host.to_owned())) } else { Err(OriginError::Host) }
    }
}

/// Host and port of an authority; brackets hold an IPv6 address alone.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), OriginError> {
    let behind = if authority.starts_with('[') {
        authority.find(']').ok_or(OriginError::Host)? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at_checked(behind).ok_or(OriginError::Host)?;
    match rest.strip_prefix(':') {
        Some(port) => Ok((host, Some(port))),
        None if rest.is_empty() => Ok((host, None)),
        None => Err(OriginError::Host),
    }
}

fn parse_port(digits: &str) -> Result<u16, OriginError> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let port = if plain { digits.parse().ok() } else { None };
    port.filter(|port| matches!(port, 80 | 443 | 1024..)).ok_or(OriginError::Port)
}

fn permitted(address: IpAddr) -> Result<IpAddr, OriginError> {
    let special = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4.octets().first() == Some(&0),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_multicast() || v6.is_unspecified(),
    };
    if special || canonical(address) != address { Err(OriginError::Address) } else { Ok(address) }
}

impl fmt::Display for OriginHost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => out.write_str(name),
            Self::Address(IpAddr::V4(v4)) => write!(out, "{v4}"),
            Self::Address(IpAddr::V6(v6)) => write!(out, "[{v6}]"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, default) = if self.tls { ("https", 443) } else { ("http", 80) };
        write!(out, "{scheme}://{}", self.host)?;
        if self.port == default { Ok(()) } else { write!(out, ":{}", self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_prints_as_it_is_written() {
        for text in [
            "https://ocr.captchaai.com",
            "https://api.example.com:8443",
            "http://127.0.0.1:8090",
            "http://[::1]:8090",
            "https://[2001:db8::1]",
            "https://10.0.0.5",
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Origin::parse("https://api.example.com:443/").unwrap().to_string(), "https://api.example.com");
        assert!(Origin::parse("http://127.0.0.9:8090").unwrap().is_loopback());
        assert!(!Origin::parse("https://localhost").unwrap().is_loopback());
    }

    #[test]
    fn eg_04_an_origin_that_can_be_read_in_two_ways_is_refused() {
        for (text, expected) in [
            ("", OriginError::Scheme),
            ("ocr.captchaai.com", OriginError::Scheme),
            ("file:///etc/passwd", OriginError::Scheme),
            ("unix:/run/x.sock", OriginError::Scheme),
            ("ftp://example.com", OriginError::Scheme),
            ("HTTPS://example.com", OriginError::Scheme),
            ("https://a@b", OriginError::User),
            ("https://user:pass@example.com", OriginError::User),
            ("https://example.com/path", OriginError::Path),
            ("https://example.com?x", OriginError::Path),
            ("https://example.com#x", OriginError::Path),
            ("https://example.com\\x", OriginError::Path),
            ("https://", OriginError::Host),
            ("https:///", OriginError::Host),
            ("https://example.com.", OriginError::Host),
            ("https://[example.com]", OriginError::Host),
            ("https://[127.0.0.1]", OriginError::Host),
            ("https://[fe80::1%eth0]", OriginError::Host),
            ("https://[::1", OriginError::Host),
            ("https://[::1]x", OriginError::Host),
            ("https://::1", OriginError::Port),
            ("https://exa mple.com", OriginError::Host),
            ("https://Example.com", OriginError::Host),
            ("https://a..b", OriginError::Host),
            ("https://-a.b", OriginError::Host),
            ("https://a%2eb", OriginError::Host),
            ("https://gооgle.com", OriginError::Script),
            ("https://xn--ggle-55da.com", OriginError::Script),
            ("https://2130706433", OriginError::Numeric),
            ("https://0x7f.1", OriginError::Numeric),
            ("https://0x7f000001", OriginError::Numeric),
            ("https://0177.0.0.1", OriginError::Numeric),
            ("https://127.1", OriginError::Numeric),
            ("https://169.254.169.254", OriginError::Address),
            ("https://0.0.0.0", OriginError::Address),
            ("https://224.0.0.1", OriginError::Address),
            ("https://255.255.255.255", OriginError::Address),
            ("https://[::ffff:127.0.0.1]", OriginError::Address),
            ("https://[fe80::1]", OriginError::Address),
            ("https://[::]", OriginError::Address),
            ("https://example.com:22", OriginError::Port),
            ("https://example.com:0", OriginError::Port),
            ("https://example.com:", OriginError::Port),
            ("https://example.com:65536", OriginError::Port),
            ("https://example.com:+443", OriginError::Port),
            ("https://example.com:0443", OriginError::Port),
            ("https://example.com:443:443", OriginError::Port),
        ] {
            assert_eq!(Origin::parse(text), Err(expected), "{text}");
        }
    }
}
