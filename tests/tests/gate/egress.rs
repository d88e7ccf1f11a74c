//! The way out: to the configured place alone, over TLS that is checked, in our own words; and nothing of the answer but its meaning.

mod tls_provider;

use anyhow::{Context, Result};
use serde_json::json;
use tollgate_tests::{FORM, Place, Process, Said, Setup, Stand, Stub, Witness, call, exchange, get, poll, post, submission, unix};

use tls_provider::{Certificate, TlsProvider};

#[test]
fn i_11_sm_16_17_the_provider_sees_our_own_headers_whatever_the_client_sent() -> Result<()> {
    let witness = Witness::new()?;
    let headers = "X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nCookie: a=b\r\nReferer: https://inside.example/?token=t\r\n\
                   Origin: https://inside.example\r\nUser-Agent: inside/1\r\nAccept-Encoding: gzip, br\r\nProxy-Authorization: Basic eDp5\r\nVia: 1.1 inside\r\n\
                   X-Real-Ip: 6.6.6.6\r\nTE: trailers\r\nX-Request-Id: inside\r\nTraceparent: 00-inside\r\nAccept-Language: de\r\n";
    let task = format!("key={}&method=userrecaptcha&googlekey=k&pageurl=https://example.com/", witness.key);
    for request in [get(&submission(&witness.key), headers), post("/in.php", &format!("{FORM}{headers}"), &task)] {
        let said = witness.passes(&request)?;
        let head = said.split("\r\n\r\n").next().unwrap_or_default();
        let names: Vec<&str> = head.lines().skip(1).filter_map(|line| line.split(':').next()).collect();
        let ours = ["Host", "User-Agent", "Accept", "Accept-Encoding", "Content-Type", "Content-Length"];
        assert!(names.iter().all(|name| ours.contains(name)), "{names:?}");
        assert!(!said.contains("inside") && !said.contains("6.6.6.6"), "{said}");
        assert!(head.contains(&format!("Host: {}", witness.stub.at)) && head.contains("User-Agent: tollgate\r\n"), "{head}");
    }
    Ok(())
}

#[test]
fn of_the_providers_headers_none_is_passed_on_and_a_redirect_is_not_followed() -> Result<()> {
    let (stub, trap) = (Stub::start()?, Stub::start()?);
    let stand = Stand::with(Setup { origin: Some(stub.at), ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["9/day"] }))?;
    stub.say(Said::with(
        "Server: nginx\r\nX-Powered-By: PHP/8\r\nSet-Cookie: session=1\r\nAccess-Control-Allow-Origin: *\r\nRefresh: 0\r\nVia: x\r\n",
        b"OK|70000001",
    ));
    let answer = call(stand.at, &submission(&key))?;
    assert_eq!(answer.task(), Some("70000001"));
    let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["content-type", "cache-control", "tollgate-request-id", "connection", "content-length"], "{answer:?}");
    // `header_acao=1` asks for one that browsers need, and gets ours
    stub.say(Said::body(b"OK|70000002"));
    assert_eq!(call(stand.at, &format!("{}&header_acao=1", submission(&key)))?.header("access-control-allow-origin"), Some("*"));
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let location =
            format!("HTTP/1.1 {status}\r\nLocation: http://{}/in.php\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", trap.at);
        stub.say(Said::Pieces(vec![location.into_bytes()]));
        assert_eq!(call(stand.at, &submission(&key))?.body, "ERROR_TOLLGATE_OUTCOME_UNKNOWN", "{status}");
        assert_eq!(call(stand.at, &poll(&key, "70000001"))?.body, "CAPCHA_NOT_READY", "{status}");
    }
    assert!(trap.heard().is_empty(), "a redirect was followed");
    Ok(())
}

#[test]
fn i_22_no_proxy_of_the_environment_is_obeyed() -> Result<()> {
    let trap = Stub::start()?;
    let proxy = format!("http://{}", trap.at);
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let environment: Vec<(&str, &str)> = names.iter().map(|name| (*name, proxy.as_str())).collect();
    let stand = Stand::with(Setup { environment: &environment, ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    assert!(call(stand.at, &submission(&key))?.task().is_some());
    assert!(trap.heard().is_empty());
    Ok(())
}

#[test]
fn an_answer_is_as_large_as_the_limit_and_no_larger() -> Result<()> {
    let stub = Stub::start()?;
    let stand = Stand::with(Setup { origin: Some(stub.at), ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["9/day"] }))?;
    stub.say(Said::body(b"OK|70000001"));
    call(stand.at, &submission(&key))?;
    let whole = [b"OK|".to_vec(), vec![b'a'; (4 << 20) - 3]].concat();
    stub.say(Said::body(&whole));
    assert!(exchange(stand.at, get(&poll(&key, "70000001"), "").as_bytes())?.ends_with(&whole));
    for said in [
        Said::body(&[whole.clone(), vec![b'a']].concat()),
        Said::Endless(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
            [b"10000\r\n".to_vec(), vec![b'a'; 65_536], b"\r\n".to_vec()].concat(),
        ),
        Said::Endless(b"HTTP/1.1 200 OK\r\n\r\nOK|".to_vec(), vec![b'a'; 65_536]),
    ] {
        stub.say(said);
        assert_eq!(call(stand.at, &poll(&key, "70000001"))?.body, "CAPCHA_NOT_READY");
    }
    Ok(())
}

/// A gate that trusts this authority for its provider; one submission, and what was said.
fn over_tls(certificate: &Certificate, ca: Option<&str>, origin: &str) -> Result<(String, usize)> {
    let provider = TlsProvider::start(certificate)?;
    let trust = if ca.is_some() { "ca = \"ca.pem\"\n" } else { "" };
    let place = Place::with(&format!(
        "state = \"state\"\n[[listener]]\naddress = \"127.0.0.1:0\"\nupstream = \"p\"\n[admin]\naddress = \"127.0.0.1:0\"\n[[upstream]]\n\
         name = \"p\"\nprofile = \"twocaptcha\"\norigin = \"https://{origin}:{}\"\nsecret = {{ file = \"real.key\" }}\n{trust}",
        provider.at.port()
    ))?;
    if let Some(ca) = ca {
        std::fs::write(place.path().join("ca.pem"), ca)?;
    }
    let keys = place.path().join("tls.keys").display().to_string();
    let gate = Process::start(&["serve", "-c", place.file()], &[("SSLKEYLOGFILE", &keys)])?;
    let socket = place.path().join("state/admin.sock");
    let made = unix(&socket, "POST", "/v1/keys", Some(&json!({ "name": "a", "caps": ["1/day"], "allow": ["127.0.0.1/32"] })))?;
    let made: serde_json::Value = serde_json::from_str(&made.body)?;
    let key = made.get("key").and_then(serde_json::Value::as_str).context("no key")?;
    let answer = call(gate.address("gate")?, &submission(key))?;
    assert!(!std::path::Path::new(&keys).exists(), "the session's keys were written down");
    Ok((answer.body, provider.heard()))
}

#[test]
fn eg_05_a_provider_is_spoken_to_only_over_a_certificate_that_is_right() -> Result<()> {
    let good = Certificate::made_for("127.0.0.1", true)?;
    assert_eq!(over_tls(&good, Some(&good.authority), "127.0.0.1")?, ("OK|70000001".to_owned(), 1));
    let other = Certificate::made_for("127.0.0.1", true)?;
    for (what, certificate, ca) in [
        ("another authority's", &good, Some(other.authority.as_str())),
        ("unknown to the system", &good, None),
        ("expired", &Certificate::made_for("127.0.0.1", false)?, None),
        ("another name's", &Certificate::made_for("provider.example", true)?, None),
    ] {
        let ca = ca.or(if what == "unknown to the system" { None } else { Some(certificate.authority.as_str()) });
        let (said, heard) = over_tls(certificate, ca, "127.0.0.1")?;
        assert_eq!((said.as_str(), heard), ("ERROR_NO_SLOT_AVAILABLE", 0), "{what}");
    }
    Ok(())
}
