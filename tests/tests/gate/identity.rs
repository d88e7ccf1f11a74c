//! Who asks: every failure to prove it looks alike from outside, takes as long, and reaches nobody.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tollgate_tests::{Answer, FORM, JSON, Setup, Stand, Witness, call, exchange, from, get, instant, post, submission};

/// A submission without its key.
const TASK: &str = "method=userrecaptcha&googlekey=k&pageurl=https://example.com/";

/// Of the right form, and nobody's.
const NOBODYS: &str = "tgk_0000000000000000000000000000";

/// What the caller sees, but for the request's own id.
fn outside(answer: &Answer) -> String {
    let headers: Vec<_> = answer.headers.iter().filter(|(name, _)| name != "tollgate-request-id").collect();
    format!("{} {headers:?} {}", answer.status, answer.body)
}

#[test]
fn id_02_i_14_whatever_is_no_live_key_is_refused_in_the_same_bytes() -> Result<()> {
    let witness = Witness::new()?;
    let stand = &witness.stand;
    let revoked = stand.key("revoked", json!({ "caps": ["1/day"] }))?;
    stand.ask("POST", "/v1/keys/revoked/revoke", None)?;
    let rotated = stand.key("rotated", json!({ "caps": ["1/day"] }))?;
    stand.ask("POST", "/v1/keys/rotated/rotate", Some(&json!({ "now": true })))?;
    let expired = stand.key("expired", json!({ "caps": ["1/day"], "expires": "1ms" }))?;
    std::thread::sleep(Duration::from_millis(2));
    let mut looks = Vec::new();
    for key in [
        "",
        "%20",
        "+",
        "x",
        "%00",
        "%ff%fe",
        "tgk_",
        NOBODYS,
        &witness.key[..31],
        &witness.key.to_uppercase(),
        &stand.real_key,
        &revoked,
        &rotated,
        &expired,
        &"k".repeat(4096),
    ] {
        let requests = [
            post("/in.php", FORM, &format!("key={key}&{TASK}")),
            post("/res.php", FORM, &format!("key={key}&action=get&id=1")),
            post("/res.php", FORM, &format!("key={key}&action=getbalance")),
        ];
        for request in requests {
            looks.push((key.to_owned(), witness.send(&request)?));
        }
    }
    for headers in [
        "",
        "Authorization: Bearer x\r\n",
        "Authorization: Bearer\r\n",
        "Authorization:\r\n",
        "Authorization: bearer   x\r\n",
        "X-Api-Key: x\r\n",
    ] {
        looks.push((headers.to_owned(), witness.send(&get(&format!("/in.php?{TASK}"), headers))?));
    }
    looks.push(("none in JSON".to_owned(), witness.send(&post("/in.php", JSON, r#"{"method":"userrecaptcha"}"#))?));
    let usual = outside(&witness.send(&get(&submission(NOBODYS), ""))?);
    assert!(usual.contains("ERROR_KEY_DOES_NOT_EXIST") && usual.contains("unauthenticated"), "{usual}");
    for (key, look) in &looks {
        assert_eq!(outside(look), usual, "{key:.60}");
    }
    assert!(witness.stub.heard().is_empty());
    Ok(())
}

#[test]
fn id_05_what_is_meant_for_a_database_or_a_file_is_nobodys_key_and_changes_nothing() -> Result<()> {
    let witness = Witness::new()?;
    let before = witness.stand.ask("GET", "/v1/keys", None)?;
    for text in [
        "' OR '1'='1",
        "'; SELECT pg_sleep(5)--",
        "1; DROP TABLE keys",
        "../../etc/passwd",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "$(sleep 5)",
        "\"><script>",
    ] {
        let began = instant();
        witness.refuses(&get(&format!("/in.php?{TASK}"), &format!("Authorization: Bearer {text}\r\n")), &["unauthenticated"])?;
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        witness.refuses(&get(&submission(&encoded), ""), &["unauthenticated"])?;
        assert!(began.elapsed() < Duration::from_secs(1), "{text}");
    }
    assert_eq!(witness.stand.ask("GET", "/v1/keys", None)?, before);
    Ok(())
}

#[test]
fn id_07_two_credentials_that_differ_are_ambiguous_wherever_they_stand() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.clone();
    let other = witness.stand.key("other", json!({ "caps": ["1/day"] }))?;
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    for token in [other.as_str(), NOBODYS, "x"] {
        witness.refuses(&get(&submission(&key), &bearer(token)), &["ambiguous_request"])?;
        witness.refuses(&post("/in.php", &format!("{FORM}{}", bearer(token)), &format!("key={key}&{TASK}")), &["ambiguous_request"])?;
        witness.refuses(&get(&format!("/res.php?key={key}&action=getbalance"), &bearer(token)), &["ambiguous_request"])?;
    }
    // another scheme would be a second credential that nobody judges
    for header in ["Authorization: Basic dXNlcjpwYXNz\r\n", "Authorization: Digest x\r\n", &format!("Authorization: {key}\r\n")] {
        witness.refuses(&get(&submission(&key), header), &["ambiguous_request"])?;
    }
    let me = witness.send(&get(&format!("/v1/me?key={key}"), &bearer(&other)))?;
    assert_eq!(me.status, 401, "{}", me.body);
    witness.passes(&get(&submission(&key), &bearer(&key)))?;
    Ok(())
}

#[test]
fn id_08_a_header_of_a_credential_twice_is_no_request() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.clone();
    for name in ["Authorization: Bearer", "X-Api-Key:", "x-goog-api-key:"] {
        for (first, second) in [(key.as_str(), key.as_str()), (key.as_str(), NOBODYS), (NOBODYS, key.as_str())] {
            let answer = witness.send(&get(&submission(&key), &format!("{name} {first}\r\n{name} {second}\r\n")))?;
            assert_eq!((answer.status, answer.header("connection")), (400, Some("close")), "{name}");
        }
    }
    assert!(witness.stub.heard().is_empty());
    Ok(())
}

#[test]
fn id_14_whoever_tries_keys_is_slowed_over_all_workers_and_nobody_else_is() -> Result<()> {
    let stand = Stand::with(Setup { top: "workers = 8", ..Setup::default() })?;
    let key = stand.key("shop", json!({ "allow": ["127.0.0.0/8"], "caps": ["10/day"] }))?;
    let mut answers = Vec::new();
    for number in 0..200 {
        answers.push(call(stand.at, &submission(&format!("tgk_{number:028}")))?);
    }
    let slowed: Vec<_> = answers.iter().skip(60).collect();
    assert!(answers.iter().take(60).all(|answer| answer.denied() == Some("unauthenticated")));
    assert!(slowed.iter().all(|answer| answer.denied() == Some("rate_limited")), "{:?}", slowed.first());
    for answer in slowed {
        let wait: u64 = answer.header("retry-after").context("no Retry-After")?.parse()?;
        assert!((1..=60).contains(&wait), "{wait}");
    }
    let me = call(stand.at, &format!("/v1/me?key={NOBODYS}"))?;
    assert_eq!((me.status, me.denied()), (429, Some("rate_limited")));
    assert!(call(stand.at, &submission(&key))?.task().is_some(), "the owner of a key behind the same address");
    let elsewhere = Ipv4Addr::new(127, 0, 0, 9);
    assert_eq!(from(stand.at, elsewhere, &submission(NOBODYS), &[])?.denied(), Some("unauthenticated"));
    assert!(from(stand.at, elsewhere, &submission(&key), &[])?.task().is_some());
    assert_eq!(stand.received()?.len(), 2);
    Ok(())
}

#[test]
fn id_20_a_method_is_said_once_and_is_one_that_is_served() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.clone();
    let target = submission(&key);
    for header in ["X-HTTP-Method-Override: DELETE\r\n", "x-http-method: POST\r\n", "X-Method-Override: GET\r\n"] {
        let answer = witness.send(&get(&target, header))?;
        assert_eq!((answer.status, answer.header("connection")), (405, Some("close")), "{header}");
    }
    witness.refuses(&get(&format!("{target}&_method=DELETE"), ""), &["ambiguous_request"])?;
    for line in [
        format!("TRACE {target} HTTP/1.1"),
        format!("CONNECT {target} HTTP/1.1"),
        "CONNECT example.com:443 HTTP/1.1".to_owned(),
        format!("get {target} HTTP/1.1"),
        format!("DELETE {target} HTTP/1.1"),
        format!("PUT {target} HTTP/1.1"),
        format!("HEAD {target} HTTP/1.1"),
        "PRI * HTTP/2.0".to_owned(),
    ] {
        let bytes = exchange(witness.stand.at, format!("{line}\r\nHost: gate\r\nConnection: close\r\n\r\n").as_bytes())?;
        let answer = Answer::parse(&bytes)?;
        assert!([400, 405].contains(&answer.status), "{} for {line}", answer.status);
        assert!(!String::from_utf8_lossy(&bytes).contains(&key), "an echo: {line}");
    }
    assert!(witness.stub.heard().is_empty());
    // who asked was never looked at
    let shown = witness.stand.ask("GET", "/v1/keys/witness", None)?;
    assert_eq!(shown.get("last_used"), None, "{shown}");
    witness.passes(&get(&target, ""))?;
    Ok(())
}
