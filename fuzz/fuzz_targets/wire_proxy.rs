//! Is a PROXY header read in one way however it arrives, and does an address that was read say itself again?
#![no_main]

use std::net::SocketAddr;

use libfuzzer_sys::fuzz_target;
use tollgate_wire::{Proxied, parse_proxy};

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, bytes) = input;
    let whole = parse_proxy(bytes);
    let cut = usize::from(cut) % (bytes.len() + 1);
    match parse_proxy(&bytes[..cut]) {
        Ok(None) => {}
        early => assert_eq!(early, whole, "judged otherwise after {cut} bytes"),
    }
    let Ok(Some((said, length))) = whole else { return };
    assert!(length <= bytes.len());
    assert_eq!(parse_proxy(&bytes[..length]), whole, "what follows plays no part");
    assert_eq!(parse_proxy(&bytes[..length - 1]), Ok(None), "its last byte is its own");
    if let Proxied::Client(client) = said {
        assert_eq!(parse_proxy(&line(client)), Ok(Some((said, line(client).len()))));
        assert!(bytes[0] == b'P' || bytes[13] != 0);
    }
});

fn line(client: SocketAddr) -> Vec<u8> {
    let family = if client.is_ipv4() { "TCP4" } else { "TCP6" };
    let (address, port) = (client.ip(), client.port());
    format!("PROXY {family} {address} {address} {port} 443\r\n").into_bytes()
}
