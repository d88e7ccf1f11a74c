//! Does an address block say itself again, and does it hold exactly the addresses whose first bits are its own?
#![no_main]

use std::net::{IpAddr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use tollgate_model::cidr::canonical;
use tollgate_model::{Cidr, CidrSet};

// sixteen bytes are an address to ask for, the rest is the text of blocks, one a line, four at most
fuzz_target!(|input: (u128, bool, &str)| {
    let (bits, old, text) = input;
    let asked = if old { IpAddr::V4((bits as u32).into()) } else { IpAddr::V6(Ipv6Addr::from_bits(bits)) };
    let blocks: Vec<Cidr> = text.lines().filter_map(|line| line.parse().ok()).take(4).collect();
    for block in &blocks {
        let said = block.to_string();
        assert_eq!(said.parse(), Ok(*block), "{said}");
        assert!(block.covers(block));
        let (network, prefix) = parts(&said);
        assert!(block.contains(network), "{said} does not hold its own address");
        assert_eq!(canonical(network), network, "a mapped block is an IPv4 one");
        assert_eq!(block.contains(asked), holds(network, prefix, canonical(asked)), "{said} and {asked}");
        assert_eq!(block.contains(asked), block.contains(mapped(asked)), "{said} and {asked} mapped");
        assert_eq!(block.is_everything(), prefix == 0);
        for other in &blocks {
            assert!(!(block.covers(other) && other.contains(asked)) || block.contains(asked), "{block} covers {other}");
        }
    }
    let any = blocks.iter().any(|block| block.contains(asked));
    assert_eq!(CidrSet::new(blocks).contains(asked), any);
    assert!(CidrSet::everything().contains(asked));
});

fn parts(said: &str) -> (IpAddr, usize) {
    let (network, prefix) = said.split_once('/').expect("a prefix is always said");
    (network.parse().expect("an address"), prefix.parse().expect("a number"))
}

/// The same bit by bit.
fn holds(network: IpAddr, prefix: usize, asked: IpAddr) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => format!("{:032b}", v4.to_bits()),
        IpAddr::V6(v6) => format!("{:0128b}", v6.to_bits()),
    };
    network.is_ipv4() == asked.is_ipv4() && bits(network)[..prefix] == bits(asked)[..prefix]
}

fn mapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().into(),
        IpAddr::V6(_) => address,
    }
}
