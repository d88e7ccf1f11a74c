//! Can a client's own words in a forwarded header become anything but its own words, left of the hop that a proxy adds?
#![no_main]

use std::net::IpAddr;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tollgate_model::CidrSet;
use tollgate_model::cidr::canonical;
use tollgate_policy::network::client_address;
use tollgate_policy::{ForwardedHeader, TrustedProxies, Untold};

static PROXIES: LazyLock<TrustedProxies> = LazyLock::new(|| {
    let blocks = ["10.0.0.0/8", "fd00::/8"].map(|block| block.parse().expect("a block"));
    TrustedProxies::new(CidrSet::new(blocks.to_vec())).expect("not everybody")
});
const PROXY: &str = "10.0.0.1";
const CLIENT: &str = "198.51.100.77";

fn read(header: ForwardedHeader, values: &[&[u8]]) -> Result<IpAddr, Untold> {
    client_address(PROXY.parse().expect("an address"), values.iter().copied(), header, &PROXIES)
}

// the first byte chooses the header; a line feed, which no header line can hold, parts one line from the next
fuzz_target!(|input: &[u8]| {
    let Some((choice, rest)) = input.split_first() else { return };
    let standard = choice & 1 == 1;
    let header = if standard { ForwardedHeader::Forwarded } else { ForwardedHeader::XForwardedFor };
    let values: Vec<&[u8]> = rest.split(|byte| *byte == b'\n').collect();
    let client: IpAddr = CLIENT.parse().expect("an address");
    assert_eq!(client_address(client, values.iter().copied(), header, &PROXIES), Ok(client), "a peer that is no proxy is itself");
    let told = read(header, &values);
    if let Ok(address) = told {
        assert_eq!(canonical(address), address);
    }

    // one line or several: the same, or one of them does not tell; only a quote can go over the end of a line
    let joined = values.join(&b", "[..]);
    let said = read(header, &[&joined]);
    assert!(said == told || standard && (said.is_err() || told.is_err()), "{told:?} in lines, {said:?} in one");

    // what the proxy adds decides, whatever stands before it
    let hop = if standard { format!("for={CLIENT}") } else { CLIENT.to_owned() };
    let mut lines = values.clone();
    lines.push(hop.as_bytes());
    assert_eq!(read(header, &lines), Ok(client), "a line of the proxy's own");
    let behind = [joined.as_slice(), b", ", hop.as_bytes()].concat();
    let said = read(header, &[&behind]);
    assert!(said == Ok(client) || standard && said.is_err(), "behind the client's words: {said:?}");

    // and what stands left of an untrusted hop is not looked at
    if let Ok(address) = told
        && !PROXIES.contains(address)
        && !standard
    {
        let before = [b"203.0.113.1, x,", joined.as_slice()].concat();
        assert_eq!(read(header, &[&before]), told);
    }
});
