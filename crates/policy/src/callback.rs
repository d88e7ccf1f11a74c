//! Which hosts may a provider be told to call back? Exact names, in one spelling.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A host name in lower case: labels of `a-z 0-9 -`, no trailing dot, and never an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallbackHost(Box<str>);

/// A text that is not a host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a host name such as `hooks.example.com`: no scheme, no port, no address, no trailing dot")]
pub struct HostError;

impl CallbackHost {
    /// Parses a host name; upper case is folded, since DNS does not know case.
    ///
    /// A last label of digits alone is refused: such a text is read as an IPv4 address by some URL parsers (WHATWG URL §3.5).
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let host = text.to_ascii_lowercase();
        let plain = |label: &str| {
            let bytes = label.as_bytes();
            let word = bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-');
            word && (1..=63).contains(&bytes.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        let last = host.rsplit('.').next().unwrap_or_default();
        let numeric = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
        let good = host.len() <= 253 && host.split('.').all(plain) && !numeric;
        if good { Ok(Self(host.into_boxed_str())) } else { Err(HostError) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a presented host is this one, but for case.
    pub fn is(&self, presented: &str) -> bool {
        self.0.eq_ignore_ascii_case(presented)
    }
}

impl fmt::Display for CallbackHost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for CallbackHost {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        Self::parse(text)
    }
}

impl Serialize for CallbackHost {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CallbackHost {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eg_07_only_an_exact_host_name_is_a_callback_host() {
        let host = CallbackHost::parse("Hooks.Example.com").unwrap();
        assert_eq!(host.as_str(), "hooks.example.com");
        assert!(host.is("HOOKS.example.com"));
        for other in ["example.com", "hooks.example.com.", "a.hooks.example.com", "hooks.example.com:443", "hooks.example.comx"] {
            assert!(!host.is(other), "{other}");
        }
    }

    #[test]
    fn eg_07_addresses_and_urls_are_not_host_names() {
        let long = format!("{}.example", "a".repeat(250));
        for text in [
            "",
            ".",
            "example.com.",
            "-a.example",
            "a..b",
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "a.0x7f",
            "[::1]",
            "https://example.com",
            "example.com:443",
            "a@b",
            "bücher.example",
            "a b",
            "a/b",
            "*.example.com",
            &long,
        ] {
            assert_eq!(CallbackHost::parse(text), Err(HostError), "{text}");
        }
    }
}
