//! Bytes that are no request: a bare refusal and an end; and many requests on one connection, each judged alone.

use std::fmt::Write;

use anyhow::Result;
use serde_json::json;
use tollgate_tests::{Answer, Stand, call, exchange, submission};

/// Raw bytes as one request; its answer.
fn send(stand: &Stand, request: &str) -> Result<Answer> {
    let bytes = exchange(stand.at, request.as_bytes())?;
    Answer::parse(&bytes)
}

#[test]
fn sm_04_05_08_broken_framing_is_a_bare_refusal_and_an_end() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["10/day"] }))?;
    let target = submission(&key);
    let long = format!("/in.php?key={key}&x={}", "a".repeat(60_000));
    let requests = [
        format!("GET {target} HTTP/1.1\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        format!("GET {target} HTTP/1.1\nHost: a\n\n"),
        format!("GET {target} HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\nHost : a\r\n\r\n"),
        format!("GET {target}#x HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET {target} HTTP/2.0\r\nHost: a\r\n\r\n"),
        format!("get {target} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET {long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("POST /in.php HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{target}"),
        "POST /in.php HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "POST /in.php HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "POST /in.php HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n".to_owned(),
        "POST /in.php HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;ext=1\r\na\r\n0\r\n\r\n".to_owned(),
        "POST /in.php HTTP/1.1\r\nHost: a\r\nContent-Length: 10737418240\r\n\r\n".to_owned(),
        "POST /in.php HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na".to_owned(),
        format!("GET {target} HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n"),
    ];
    for request in &requests {
        let answer = send(&stand, request)?;
        assert!((400..=505).contains(&answer.status), "{} for {:.120}", answer.status, request);
        assert_eq!(answer.header("connection"), Some("close"), "{request:.120}");
    }
    assert!(stand.received()?.is_empty());
    assert!(call(stand.at, &target)?.task().is_some(), "and it goes on");
    Ok(())
}

#[test]
fn sm_13_pipelined_requests_are_answered_in_order_each_judged_alone() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["10/day"] }))?;
    let mut wire = String::new();
    for number in 0..40 {
        let target = if number % 2 == 0 { submission(&key) } else { submission("tgk_0000000000000000000000000000") };
        let last = if number == 39 { "Connection: close\r\n" } else { "" };
        write!(wire, "GET {target} HTTP/1.1\r\nHost: gate\r\n{last}\r\n")?;
    }
    let answers = String::from_utf8(exchange(stand.at, wire.as_bytes())?)?;
    let bodies: Vec<bool> = answers.split("HTTP/1.1 200 OK").skip(1).map(|answer| answer.contains("OK|")).collect();
    assert_eq!(bodies.len(), 40);
    assert!(bodies.iter().enumerate().all(|(number, bought)| *bought == (number % 2 == 0)), "{bodies:?}");
    assert_eq!(stand.received()?.len(), 20);
    Ok(())
}
