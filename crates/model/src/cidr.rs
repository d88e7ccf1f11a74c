//! Which addresses? CIDR blocks and sets of them, in one canonical form.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A block of addresses; host bits are zero, and an IPv4-mapped IPv6 block is kept as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

/// Why a text is not a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    /// Not an address with an optional prefix length.
    #[error("expected an address block such as `203.0.113.0/24` or `2001:db8::/32`")]
    Form,
    /// Bits behind the prefix are set: it is unclear what was meant.
    #[error("host bits are set: write the network's own address")]
    HostBits,
}

/// A set of blocks; empty contains nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CidrSet(Vec<Cidr>);

/// The address itself, an IPv4-mapped IPv6 one (`::ffff:a.b.c.d`) as IPv4: so a dual-stack socket decides as an IPv4 one.
pub fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

impl Cidr {
    /// Parses a block; a single address is a block of one. Octal, hex and short forms and IPv6 zones are refused.
    pub fn parse(text: &str) -> Result<Self, CidrError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| CidrError::Form)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(digits) => strict_prefix(digits).filter(|prefix| *prefix <= width).ok_or(CidrError::Form)?,
        };
        let (address, prefix) = match canonical(address) {
            v4 @ IpAddr::V4(_) if address.is_ipv6() && prefix >= 96 => (v4, prefix - 96),
            _ => (address, prefix),
        };
        if masked(address, prefix) == address { Ok(Self { network: address, prefix }) } else { Err(CidrError::HostBits) }
    }

    /// Whether the block holds this address (mapped forms made canonical first).
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        address.is_ipv4() == self.network.is_ipv4() && masked(address, self.prefix) == self.network
    }

    /// Whether the block is a whole address family.
    pub const fn is_everything(&self) -> bool {
        self.prefix == 0
    }

    /// Whether every address of `other` is in this block.
    pub fn covers(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.network)
    }
}

impl CidrSet {
    /// The set of these blocks.
    pub const fn new(blocks: Vec<Cidr>) -> Self {
        Self(blocks)
    }

    /// Every address of both families.
    pub fn everything() -> Self {
        let whole = |network| Cidr { network, prefix: 0 };
        Self(vec![whole(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), whole(IpAddr::V6(Ipv6Addr::UNSPECIFIED))])
    }

    /// Whether one of the blocks holds this address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|block| block.contains(address))
    }

    /// Whether no block is in it.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The blocks.
    pub fn blocks(&self) -> &[Cidr] {
        &self.0
    }
}

/// One to three decimal digits without a sign or a leading zero: `08` is ambiguous to people.
fn strict_prefix(digits: &str) -> Option<u8> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if plain { digits.parse().ok() } else { None }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.network, self.prefix)
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        Self::parse(text)
    }
}

impl Serialize for Cidr {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ni_07_edges_of_a_block_are_inside_and_their_neighbours_outside() {
        for (block, inside, outside) in [
            (
                "203.0.113.0/24",
                vec!["203.0.113.0", "203.0.113.255", "::ffff:203.0.113.7"],
                vec!["203.0.112.255", "203.0.114.0", "64:ff9b::203.0.113.7"],
            ),
            ("10.0.0.2/31", vec!["10.0.0.2", "10.0.0.3"], vec!["10.0.0.1", "10.0.0.4"]),
            ("10.0.0.2", vec!["10.0.0.2"], vec!["10.0.0.3"]),
            ("0.0.0.0/0", vec!["255.255.255.255"], vec!["::1"]),
            ("2001:db8::/32", vec!["2001:db8::1", "2001:db8:ffff::"], vec!["2001:db9::", "32.1.13.184"]),
            ("::1/128", vec!["::1"], vec!["::2", "127.0.0.1"]),
            ("::ffff:10.0.0.0/104", vec!["10.9.9.9"], vec!["11.0.0.0"]),
        ] {
            let block = Cidr::parse(block).unwrap();
            for address in inside {
                assert!(block.contains(address.parse().unwrap()), "{address} in {block}");
            }
            for address in outside {
                assert!(!block.contains(address.parse().unwrap()), "{address} not in {block}");
            }
        }
    }

    #[test]
    fn ni_07_an_ambiguous_text_is_refused() {
        for text in [
            "",
            "10",
            "010.0.0.1",
            "0x7f.0.0.1",
            "2130706433",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "fe80::1%eth0",
            "10.0.0.0/",
            "10.0.0.0/255.0.0.0",
            " 10.0.0.1",
        ] {
            assert_eq!(Cidr::parse(text), Err(CidrError::Form), "{text}");
        }
        assert_eq!(Cidr::parse("10.0.0.1/24"), Err(CidrError::HostBits));
    }
}
