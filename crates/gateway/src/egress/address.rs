//! May a connection go to this address? One pure function over every special range.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tollgate_model::cidr::canonical;

/// What permission an origin carries with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A name, or a public literal: public addresses only.
    Public,
    /// A literal address of a special range in the configuration is its own permission: that address only.
    Literal(IpAddr),
}

/// Whether a resolved address may be connected to.
pub fn permitted(reach: Reach, address: IpAddr) -> bool {
    match reach {
        Reach::Literal(literal) => canonical(literal) == canonical(address),
        Reach::Public => is_public(address),
    }
}

/// Whether an address is public: none of the special-purpose registries' ranges (IANA, RFC 6890 and successors), and no
/// IPv6 form that wraps one (mapped, NAT64 `64:ff9b::/96`, 6to4 `2002::/16`, Teredo `2001::/32`).
pub fn is_public(address: IpAddr) -> bool {
    match canonical(address) {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match a {
        0 | 10 | 127 | 224..=255 => true,
        100 => (64..=127).contains(&b),
        169 => b == 254,
        172 => (16..=31).contains(&b),
        192 => b == 168 || (b == 0 && (c == 0 || c == 2)) || (b == 88 && c == 99),
        198 => b == 18 || b == 19 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // global unicast is 2000::/3; inside it Teredo, documentation, ORCHID and 6to4 are not places to call
    let global = (0x2000..=0x3fff).contains(&a);
    let special = (a == 0x2001 && (b < 0x0200 || b == 0x0db8)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eg_02_a_name_that_resolves_to_a_special_range_is_refused() {
        for text in [
            "127.0.0.1",
            "169.254.169.254",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "100::1",
        ] {
            assert!(!permitted(Reach::Public, text.parse().unwrap()), "{text}");
        }
        for text in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1", "2a00:1450:4001::1"] {
            assert!(permitted(Reach::Public, text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_literal_permits_itself_alone() {
        let loopback = Reach::Literal("127.0.0.1".parse().unwrap());
        assert!(permitted(loopback, "127.0.0.1".parse().unwrap()));
        assert!(!permitted(loopback, "127.0.0.2".parse().unwrap()));
        assert!(!permitted(loopback, "8.8.8.8".parse().unwrap()));
    }
}
