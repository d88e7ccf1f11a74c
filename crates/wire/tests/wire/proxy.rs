//! Which PROXY headers tell a client's address?

use std::net::SocketAddr;

use tollgate_wire::{Limits, Proxied, ProxyError, Reject, parse_head, parse_proxy};

use crate::splits;

fn client(text: &str) -> Proxied {
    Proxied::Client(text.parse::<SocketAddr>().unwrap())
}

/// What is read, without its length.
fn read(bytes: &[u8]) -> Result<Option<Proxied>, ProxyError> {
    parse_proxy(bytes).map(|read| read.map(|(said, _)| said))
}

fn binary(command: u8, family: u8, length: u16, rest: &[u8]) -> Vec<u8> {
    [b"\r\n\r\n\0\r\nQUIT\n", [command, family].as_slice(), &length.to_be_bytes(), rest].concat()
}

/// 192.0.2.1:4711 to 192.0.2.2:443, and what is said beside.
fn four(beside: &[u8]) -> Vec<u8> {
    let rest = [&[192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x67, 1, 0xbb], beside].concat();
    binary(0x21, 0x11, u16::try_from(rest.len()).unwrap(), &rest)
}

fn six() -> Vec<u8> {
    let mut rest = [0; 36];
    rest[..2].copy_from_slice(&[0x20, 0x01]);
    rest[15] = 9;
    rest[32..].copy_from_slice(&[0, 80, 1, 0xbb]);
    binary(0x21, 0x21, 36, &rest)
}

#[test]
fn a_line_tells_the_client() {
    assert_eq!(read(b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n"), Ok(Some(client("192.0.2.1:4711"))));
    assert_eq!(read(b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), Ok(Some(client("255.255.255.255:65535"))));
    assert_eq!(read(b"PROXY TCP6 2001:db8::1 2001:db8::2 0 443\r\nGET /"), Ok(Some(client("[2001:db8::1]:0"))));
    let longest = format!("PROXY TCP6 {0} {0} 65535 65535\r\n", ["ffff"; 8].join(":"));
    assert!(read(longest.as_bytes()).unwrap().is_some());
}

#[test]
fn ni_11_a_line_that_breaks_its_grammar_is_refused() {
    for text in [
        "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 4711\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443 \r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443 1\r\n",
        "PROXY TCP4  192.0.2.1 192.0.2.2 4711 443\r\n",
        "PROXY TCP4\t192.0.2.1 192.0.2.2 4711 443\r\n",
        "PROXY TCP4 192.0.2.01 192.0.2.2 4711 443\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2 4711 443\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 65536 443\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 04711 443\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 +711 443\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 4711 \r\n",
        "PROXY TCP4 2001:db8::1 2001:db8::2 4711 443\r\n",
        "PROXY TCP6 192.0.2.1 192.0.2.2 4711 443\r\n",
        "PROXY TCP6 fe80::1%eth0 fe80::2 4711 443\r\n",
        "PROXY UDP4 192.0.2.1 192.0.2.2 4711 443\r\n",
        "PROXY tcp4 192.0.2.1 192.0.2.2 4711 443\r\n",
        "PROXY  TCP4 192.0.2.1 192.0.2.2 4711 443\r\n",
        "PROXY\r\n",
        "PROXY \r\n",
        "proxy TCP4 192.0.2.1 192.0.2.2 4711 443\r\n",
        "POST / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\n",
        " PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n",
        "PROXY TCP4 192.0.2.1\0 192.0.2.2 4711 443\r\n",
        "PROXY TCP4 192.0.2.1\u{e9} 192.0.2.2 4711 443\r\n",
    ] {
        assert_eq!(read(text.as_bytes()), Err(ProxyError::Form), "{text:?}");
    }
}

#[test]
fn ni_11_a_line_over_107_bytes_is_refused_without_waiting_for_its_end() {
    let line = |length: usize| format!("PROXY UNKNOWN {}\r\n", "x".repeat(length - 16));
    assert_eq!(read(line(107).as_bytes()), Err(ProxyError::Untold));
    assert_eq!(read(line(108).as_bytes()), Err(ProxyError::TooLong));
    assert_eq!(read(&line(5_000).as_bytes()[..107]), Err(ProxyError::TooLong));
    assert_eq!(read(&line(5_000).as_bytes()[..106]), Ok(None));
}

#[test]
fn ni_11_what_tells_no_clients_address_is_refused() {
    assert_eq!(read(b"PROXY UNKNOWN\r\n"), Err(ProxyError::Untold));
    assert_eq!(read(b"PROXY UNKNOWN 192.0.2.1 192.0.2.2 4711 443\r\n"), Err(ProxyError::Untold));
    for family in [0x00, 0x12, 0x22, 0x31, 0x32] {
        assert_eq!(read(&binary(0x21, family, 216, &[0; 216])), Err(ProxyError::Untold), "{family:#x}");
    }
}

#[test]
fn a_binary_header_tells_the_client() {
    assert_eq!(parse_proxy(&four(b"")), Ok(Some((client("192.0.2.1:4711"), 28))));
    assert_eq!(read(&six()), Ok(Some(client("[2001::9]:80"))));
    assert_eq!(read(&four(b"\x04\0\x02xx\x20\0\0")), Ok(Some(client("192.0.2.1:4711"))));
}

#[test]
fn ni_11_a_proxys_own_connection_is_its_own_whatever_stands_in_it() {
    for family in [0x00, 0x11, 0x31, 0xff] {
        assert_eq!(read(&binary(0x20, family, 5, b"\xff\xff\xff\xff\xff")), Ok(Some(Proxied::Own)), "{family:#x}");
    }
}

#[test]
fn ni_11_a_binary_header_that_breaks_its_grammar_is_refused() {
    for (bytes, expected) in [
        (binary(0x21, 0x11, 11, &[0; 11]), ProxyError::Form),
        (binary(0x21, 0x21, 12, &[0; 12]), ProxyError::Form),
        (binary(0x21, 0x11, 2049, &[]), ProxyError::TooLong),
        (binary(0x21, 0x11, 65_535, &[]), ProxyError::TooLong),
        (binary(0x21, 0x41, 12, &[0; 12]), ProxyError::Form),
        (binary(0x21, 0x13, 12, &[0; 12]), ProxyError::Form),
        (binary(0x11, 0x11, 12, &[0; 12]), ProxyError::Form),
        (binary(0x22, 0x11, 12, &[0; 12]), ProxyError::Form),
        (four(b"\x04"), ProxyError::Form),
        (four(b"\x04\0"), ProxyError::Form),
        (four(b"\x04\0\x03xx"), ProxyError::Form),
        (four(b"\x04\xff\xffxx"), ProxyError::Form),
        (b"\r\n\r\n\0\r\nQUIT\r".to_vec(), ProxyError::Form),
        (b"\r\n\r\nGET".to_vec(), ProxyError::Form),
    ] {
        assert_eq!(read(&bytes), Err(expected), "{}", bytes.escape_ascii());
    }
}

#[test]
fn ni_11_a_header_split_anywhere_is_read_alike() {
    let headers = [
        b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n".to_vec(),
        b"PROXY UNKNOWN\r\n".to_vec(),
        b"PROXY TCP4 x\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.1\n".to_vec(),
        four(b"\x04\0\x02xx"),
        four(b"\x04\0\x03xx"),
        six(),
        binary(0x20, 0, 0, &[]),
        binary(0x21, 0x31, 216, &[0; 216]),
        b"GET / HTTP/1.1\r\n".to_vec(),
    ];
    for header in headers {
        let verdict = |bytes: &[u8]| match parse_proxy(bytes) {
            Ok(None) => "more".to_owned(),
            other => format!("{other:?}"),
        };
        splits::check(&header.escape_ascii().to_string(), &header, verdict);
    }
}

#[test]
fn ni_10_ni_11_a_second_header_is_no_request() {
    for second in [b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n".to_vec(), four(b"")] {
        let twice = [four(b""), second].concat();
        let (_, length) = parse_proxy(&twice).unwrap().unwrap();
        assert_eq!(parse_head(&twice[length..], &Limits::REQUEST).unwrap_err(), Reject::RequestLine);
    }
}
