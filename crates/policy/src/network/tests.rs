use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn proxies(blocks: &[&str]) -> TrustedProxies {
    TrustedProxies::new(CidrSet::new(blocks.iter().map(|block| block.parse().unwrap()).collect())).unwrap()
}

fn told(header: ForwardedHeader, values: &[&str]) -> Result<IpAddr, Untold> {
    let trusted = proxies(&["10.0.0.0/8", "fd00::/8"]);
    client_address(address("10.0.0.1"), values.iter().map(|value| value.as_bytes()), header, &trusted)
}

fn xff(values: &[&str]) -> Result<IpAddr, Untold> {
    told(ForwardedHeader::XForwardedFor, values)
}

fn forwarded(values: &[&str]) -> Result<IpAddr, Untold> {
    told(ForwardedHeader::Forwarded, values)
}

#[test]
fn ni_01_a_peer_that_is_no_proxy_is_itself_whatever_it_says() {
    for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
        let values = [&b"203.0.113.7"[..], b"for=203.0.113.7", b"\xff"];
        let peer = address("198.51.100.9");
        assert_eq!(client_address(peer, values, header, &TrustedProxies::default()), Ok(peer));
        assert_eq!(client_address(peer, values, header, &proxies(&["10.0.0.0/8"])), Ok(peer));
    }
}

#[test]
fn ni_02_the_rightmost_untrusted_hop_decides() {
    for (values, expected) in [
        (&["203.0.113.7"][..], "203.0.113.7"),
        (&["203.0.113.7, 198.51.100.9"], "198.51.100.9"),
        (&["198.51.100.9, 203.0.113.7"], "203.0.113.7"),
        (&["203.0.113.7, 198.51.100.9, 10.1.1.1, 10.2.2.2"], "198.51.100.9"),
        (&["203.0.113.7", "198.51.100.9", "10.1.1.1"], "198.51.100.9"),
        (&["203.0.113.7,198.51.100.9,fd00::1"], "198.51.100.9"),
        // a chain of our own alone began at its leftmost
        (&["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        (&[], "10.0.0.1"),
    ] {
        assert_eq!(xff(values), Ok(address(expected)), "{values:?}");
    }
}

#[test]
fn ni_02_ports_and_brackets_are_not_part_of_the_address() {
    for (value, expected) in [
        ("198.51.100.9:4711", "198.51.100.9"),
        ("[2001:db8::9]:4711", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("2001:db8::9", "2001:db8::9"),
        ("::ffff:198.51.100.9", "198.51.100.9"),
        ("[::ffff:10.9.9.9], 10.2.2.2", "10.9.9.9"),
        (" 198.51.100.9 ", "198.51.100.9"),
    ] {
        assert_eq!(xff(&[value]), Ok(address(expected)), "{value}");
    }
}

#[test]
fn what_is_no_address_right_of_the_first_untrusted_hop_tells_nothing() {
    for value in [
        "",
        " ",
        "203.0.113.7,",
        "203.0.113.7, unknown",
        "203.0.113.7, _hidden, 10.2.2.2",
        "203.0.113.7, 10.2.2.2, 010.0.0.1",
        "203.0.113.7, 2130706433",
        "203.0.113.7, 0x7f.0.0.1",
        "203.0.113.7, fe80::1%eth0",
        "203.0.113.7, 198.51.100.9:",
        "203.0.113.7, 198.51.100.9:123456",
        "203.0.113.7, [198.51.100.9]",
        "203.0.113.7, [2001:db8::9",
        "203.0.113.7, [2001:db8::9]x",
        "203.0.113.7; 198.51.100.9",
        "10.2.2.2,,10.3.3.3",
    ] {
        assert_eq!(xff(&[value]), Err(Untold), "{value:?}");
    }
    let trusted = proxies(&["10.0.0.0/8"]);
    assert_eq!(client_address(address("10.0.0.1"), [&b"\xff"[..]], ForwardedHeader::XForwardedFor, &trusted), Err(Untold));
}

#[test]
fn what_a_client_wrote_left_of_its_own_hop_is_not_looked_at() {
    for value in ["garbage, 198.51.100.9", ", 198.51.100.9, 10.2.2.2", "_x, unknown, 198.51.100.9"] {
        assert_eq!(xff(&[value]), Ok(address("198.51.100.9")), "{value}");
    }
}

#[test]
fn ni_02_the_standard_header_is_read_by_its_grammar() {
    for (values, expected) in [
        (&["for=198.51.100.9"][..], "198.51.100.9"),
        (&["For=\"198.51.100.9:4711\";proto=https;by=10.0.0.1"], "198.51.100.9"),
        (&["for=203.0.113.7, proto=http ; for=198.51.100.9"], "198.51.100.9"),
        (&["for=\"[2001:db8::9]:_port\""], "2001:db8::9"),
        (&["for=\"[2001:db8::9]\", for=10.2.2.2"], "2001:db8::9"),
        (&["for=203.0.113.7", "for=198.51.100.9"], "198.51.100.9"),
        (&["for=_hidden, for=unknown, for=198.51.100.9"], "198.51.100.9"),
        (&["for=\"198.51.100\\.9\""], "198.51.100.9"),
        (&["x=\"a,b;c\";for=198.51.100.9"], "198.51.100.9"),
    ] {
        assert_eq!(forwarded(values), Ok(address(expected)), "{values:?}");
    }
}

#[test]
fn a_standard_header_that_breaks_its_grammar_tells_nothing() {
    for value in [
        "198.51.100.9",
        "for=_hidden",
        "for=unknown",
        "proto=https",
        "for=198.51.100.9:4711",
        "for=\"2001:db8::9\"",
        "for=203.0.113.7;for=198.51.100.9",
        "for=203.0.113.7, for=",
        "for=203.0.113.7,",
        "for = 203.0.113.7",
        "for=\"203.0.113.7",
        // a client's open quote must neither hide the proxy's hop nor put words in its mouth
        "for=203.0.113.7;x=\", for=198.51.100.9",
        "for=203.0.113.7;x=\", for=\"[2001:db8::9]\"",
        "for=\"203.0.113.7\"junk",
    ] {
        assert_eq!(forwarded(&[value]), Err(Untold), "{value}");
    }
}

#[test]
fn ni_05_trusting_everyone_is_refused() {
    for block in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
        let set = CidrSet::new(vec!["10.0.0.0/8".parse().unwrap(), block.parse().unwrap()]);
        assert_eq!(TrustedProxies::new(set), Err(EveryoneTrusted), "{block}");
    }
}

#[test]
fn ni_07_and_08_a_mapped_peer_is_the_ipv4_peer() {
    let trusted = proxies(&["10.0.0.0/8"]);
    let header = ForwardedHeader::XForwardedFor;
    assert_eq!(client_address(address("::ffff:198.51.100.9"), [], header, &trusted), Ok(address("198.51.100.9")));
    assert_eq!(client_address(address("::ffff:10.0.0.1"), [&b"::ffff:198.51.100.9"[..]], header, &trusted), Ok(address("198.51.100.9")));
}
