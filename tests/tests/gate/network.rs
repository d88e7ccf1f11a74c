//! From where: the socket's peer, or the rightmost hop that no listed proxy has written; nothing else that a client says.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use serde_json::json;
use tollgate_tests::{Answer, Kept, Place, Setup, Stand, call, exchange_from, from, get, submission};

const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

/// A gate behind a proxy, with a key for one address of a client.
fn behind_a_proxy(header: &str) -> Result<(Stand, String)> {
    let more = format!("[network]\ntrusted_proxies = [\"127.0.0.2/32\", \"10.9.0.0/16\"]\nforwarded_header = \"{header}\"\n");
    let stand = Stand::with(Setup { more: &more, ..Setup::default() })?;
    let key = stand.key("shop", json!({ "allow": ["203.0.113.7/32", "2001:db8::7/128"], "caps": ["100/day"] }))?;
    Ok((stand, key))
}

#[test]
fn ni_01_16_whatever_a_client_says_of_itself_its_peer_decides() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    for name in [
        "X-Forwarded-For",
        "X-Real-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "X-Client-IP",
        "Client-IP",
        "X_Forwarded_For",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Forwarded-Uri",
        "X-Forwarded-Host",
    ] {
        let refused = from(stand.at, OUTSIDE, &submission(&key), &[&format!("{name}: 127.0.0.1")])?;
        assert_eq!(refused.denied(), Some("network_denied"), "{name}");
    }
    for header in ["Forwarded: for=127.0.0.1", "User-Agent: kube-probe/1.29", "Via: 1.1 127.0.0.1"] {
        assert_eq!(from(stand.at, OUTSIDE, &submission(&key), &[header])?.denied(), Some("network_denied"), "{header}");
    }
    assert!(stand.received()?.is_empty());
    // and an allowed peer is not shut out by what it says
    assert!(from(stand.at, Ipv4Addr::LOCALHOST, &submission(&key), &["X-Forwarded-For: 203.0.113.9"])?.task().is_some());
    Ok(())
}

#[test]
fn ni_02_the_rightmost_hop_that_is_no_listed_proxy_decides() -> Result<()> {
    let (stand, key) = behind_a_proxy("x-forwarded-for")?;
    let ask = |source: Ipv4Addr, headers: &[&str]| from(stand.at, source, &submission(&key), headers);
    for hops in [
        &["X-Forwarded-For: 203.0.113.7"][..],
        &["X-Forwarded-For: 6.6.6.6, 203.0.113.7"],
        &["X-Forwarded-For: 203.0.113.7, 10.9.1.1"],
        &["X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.9.1.1, 10.9.2.2"],
        &["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 203.0.113.7"],
        &["x-forwarded-for: 2001:db8::7"],
        &["X-Forwarded-For: ::ffff:203.0.113.7"],
    ] {
        assert!(ask(PROXY, hops)?.task().is_some(), "{hops:?}");
    }
    for hops in [
        &[][..],
        &["X-Forwarded-For: 203.0.113.7, 6.6.6.6"],
        &["X-Forwarded-For: 203.0.113.7", "X-Forwarded-For: 6.6.6.6"],
        &["X-Forwarded-For: 203.0.113.8"],
        &["X-Forwarded-For: 10.9.1.1"],
        &["X-Forwarded-For: 203.0.113.7, unknown"],
        &["X-Forwarded-For: 203.0.113.7, "],
        &["X-Forwarded-For: 0313.0.0161.07"],
        &["X-Forwarded-For: 3405803783"],
        &["X-Forwarded-For: 203.0.113.7%0a"],
        // the other header is not the configured one
        &["Forwarded: for=203.0.113.7"],
        &["X-Forwarded-For: 6.6.6.6", "Forwarded: for=203.0.113.7"],
    ] {
        assert_eq!(ask(PROXY, hops)?.denied(), Some("network_denied"), "{hops:?}");
    }
    // whoever is no listed proxy is not believed
    assert_eq!(ask(OUTSIDE, &["X-Forwarded-For: 203.0.113.7"])?.denied(), Some("network_denied"));
    Ok(())
}

#[test]
fn ni_04_of_two_headers_the_configured_one_is_read_and_the_record_has_both_addresses() -> Result<()> {
    let (stand, key) = behind_a_proxy("forwarded")?;
    let headers = ["Forwarded: for=6.6.6.6, for=\"203.0.113.7:4711\";proto=https", "X-Forwarded-For: 6.6.6.6"];
    let passed = from(stand.at, PROXY, &submission(&key), &headers)?;
    assert!(passed.task().is_some(), "{}", passed.body);
    assert!(from(stand.at, PROXY, &submission(&key), &["Forwarded: for=\"[2001:db8::7]\""])?.task().is_some());
    assert_eq!(from(stand.at, PROXY, &submission(&key), &["X-Forwarded-For: 203.0.113.7"])?.denied(), Some("network_denied"));
    let lines = stand.lines(passed.id())?;
    let line = lines.first().map(ToString::to_string).unwrap_or_default();
    assert!(line.contains("\"client\":{\"ip\":\"203.0.113.7\"}") && line.contains("\"source\":{\"ip\":\"127.0.0.2\"}"), "{line}");
    Ok(())
}

#[test]
fn ni_13_14_each_request_of_a_connection_is_judged_alone_and_by_the_list_of_its_instant() -> Result<()> {
    let (stand, key) = behind_a_proxy("x-forwarded-for")?;
    let one = |hop: &str, last: &str| format!("GET {} HTTP/1.1\r\nHost: gate\r\nX-Forwarded-For: {hop}\r\n{last}\r\n", submission(&key));
    let wire = one("203.0.113.7", "") + &one("6.6.6.6", "") + &one("203.0.113.7", "Connection: close\r\n");
    let answers = tollgate_tests::answers(&exchange_from(stand.at, PROXY, wire.as_bytes())?)?;
    let denied: Vec<_> = answers.iter().map(Answer::denied).collect();
    assert_eq!(denied, [None, Some("network_denied"), None]);
    // a list that is tightened while a connection stands binds its next request
    let mut stream = Kept::open_from(stand.at, PROXY)?;
    assert!(stream.send(&one("203.0.113.7", ""))?.task().is_some());
    stand.ask("PATCH", "/v1/keys/shop", Some(&json!({ "allow": ["198.51.100.0/24"] })))?;
    assert_eq!(stream.send(&one("203.0.113.7", ""))?.denied(), Some("network_denied"));
    Ok(())
}

#[test]
fn ni_07_blocks_have_edges_and_one_spelling() -> Result<()> {
    let stand = Stand::new()?;
    let allow = |blocks: serde_json::Value| stand.admin("PATCH", "/v1/keys/shop", Some(&json!({ "allow": blocks })));
    let key = stand.key("shop", json!({ "caps": ["100/day"] }))?;
    for (blocks, inside, outside) in [
        (json!(["127.0.0.4/31"]), [4, 5], [3, 6]),
        (json!(["127.0.0.8/30", "127.0.0.1/32"]), [8, 11], [7, 12]),
        (json!(["::ffff:127.0.0.16/124"]), [16, 31], [15, 32]),
    ] {
        let changed = allow(blocks.clone())?;
        if changed.status != 200 {
            // an IPv4 block written as IPv6 has two meanings in the wild: it may be refused, never half taken
            assert!(blocks.to_string().contains("ffff"), "{blocks}: {}", changed.body);
            continue;
        }
        for last in inside {
            assert!(from(stand.at, Ipv4Addr::new(127, 0, 0, last), &submission(&key), &[])?.task().is_some(), "{blocks} {last}");
        }
        for last in outside {
            assert_eq!(
                from(stand.at, Ipv4Addr::new(127, 0, 0, last), &submission(&key), &[])?.denied(),
                Some("network_denied"),
                "{blocks} {last}"
            );
        }
    }
    for wrong in [
        "127.0.0.1/33",
        "127.0.0.1/8",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "2130706433",
        "127.1",
        "fe80::1%eth0",
        "::/0",
        "0.0.0.0/0",
        "localhost",
        "",
    ] {
        assert!(allow(json!([wrong]))?.status >= 400, "{wrong}");
    }
    Ok(())
}

#[test]
fn ni_08_a_client_is_the_same_over_both_families() -> Result<()> {
    let stub = tollgate_tests::Stub::start()?;
    let place = Place::with(&format!(
        "state = \"state\"\n[[listener]]\naddress = \"[::]:0\"\nupstream = \"p\"\ninsecure = true\n[admin]\naddress = \"127.0.0.1:0\"\n\
         [[upstream]]\nname = \"p\"\nprofile = \"twocaptcha\"\norigin = \"http://{}\"\nsecret = {{ file = \"real.key\" }}\n",
        stub.at
    ))?;
    let gate = place.serve()?;
    let port = gate.address("gate")?.port();
    let socket = place.path().join("state/admin.sock");
    let made =
        tollgate_tests::unix(&socket, "POST", "/v1/keys", Some(&json!({ "name": "a", "caps": ["9/day"], "allow": ["127.0.0.1/32"] })))?;
    let made: serde_json::Value = serde_json::from_str(&made.body)?;
    let key = made["key"].as_str().unwrap_or_default();
    for (number, (at, allowed)) in
        [(SocketAddr::from(([127, 0, 0, 1], port)), true), (SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], port)), false)]
            .into_iter()
            .enumerate()
    {
        stub.say(tollgate_tests::Said::body(format!("OK|7000000{number}").as_bytes()));
        let answer = call(at, &submission(key))?;
        assert_eq!(answer.task().is_some(), allowed, "{at}: {}", answer.body);
    }
    tollgate_tests::unix(&socket, "PATCH", "/v1/keys/a", Some(&json!({ "allow": ["::1/128"] })))?;
    let six = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], port));
    stub.say(tollgate_tests::Said::body(b"OK|70000009"));
    assert!(call(six, &submission(key))?.task().is_some());
    let proxied = format!("PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n{}", get(&submission(key), ""));
    assert_eq!(Answer::parse(&tollgate_tests::exchange(six, proxied.as_bytes())?)?.status, 400, "NI-10");
    Ok(())
}
