//! What is over a limit is refused before it is held; what is within is taken, to the byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tollgate_tests::{Answer, FORM, JSON, Stand, Witness, call, exchange, get, post, submission};

/// A submission without its key.
const TASK: &str = "method=userrecaptcha&googlekey=k&pageurl=https://example.com/";

#[test]
fn do_02_a_body_has_a_limit_by_its_path_and_one_byte_more_is_too_many() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.clone();
    let padded = |whole: usize, from: &str| {
        let start = format!("{from}&userAgent=");
        format!("{start}{}", "a".repeat(whole - start.len()))
    };
    let submit = format!("key={key}&{TASK}");
    witness.passes(&post("/in.php", FORM, &padded(2 << 20, &submit)))?;
    let poll = format!("key={key}&action=getbalance");
    assert_eq!(witness.send(&post("/res.php", FORM, &padded(16 << 10, &poll)))?.status, 200);
    let heard = witness.stub.heard().len();
    for (path, whole, from) in
        [("/in.php", (2 << 20) + 1, &submit), ("/res.php", (16 << 10) + 1, &poll), ("/u/provider/res.php", 20 << 10, &poll)]
    {
        let body = padded(whole, from);
        let chunked =
            format!("POST {path} HTTP/1.1\r\nHost: gate\r\n{FORM}Transfer-Encoding: chunked\r\n\r\n{whole:x}\r\n{body}\r\n0\r\n\r\n");
        for request in [post(path, FORM, &body), chunked] {
            let answer = witness.send(&request)?;
            assert_eq!((answer.status, answer.header("connection")), (413, Some("close")), "{path} {whole}");
        }
    }
    assert_eq!(witness.stub.heard().len(), heard);
    Ok(())
}

#[test]
fn do_02_what_is_announced_and_does_not_come_is_refused_at_once() -> Result<()> {
    let stand = Stand::new()?;
    for announced in ["10737418240", "18446744073709551615", "99999999999999999999999"] {
        let mut stream = TcpStream::connect(stand.at)?;
        stream.set_read_timeout(Some(Duration::from_secs(3)))?;
        write!(stream, "POST /in.php HTTP/1.1\r\nHost: gate\r\nContent-Length: {announced}\r\nExpect: 100-continue\r\n\r\n")?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let answer = Answer::parse(&bytes)?;
        assert!([400, 413].contains(&answer.status), "{announced}: {answer:?}");
    }
    Ok(())
}

#[test]
fn do_05_a_head_has_a_size_a_number_of_lines_and_a_target_of_its_own() -> Result<()> {
    let witness = Witness::new()?;
    let target = submission(&witness.key);
    let lines = |count: usize| (0..count).map(|number| format!("X-{number}: 1\r\n")).collect::<Vec<_>>().concat();
    // `get` has a Host and a Connection of its own
    witness.passes(&get(&target, &lines(62)))?;
    let padded = |whole: usize| format!("{target}&userAgent={}", "a".repeat(whole - target.len() - "&userAgent=".len()));
    witness.passes(&get(&padded(4 << 10), ""))?;
    let heard = witness.stub.heard().len();
    for (request, status) in [
        (get(&target, &lines(63)), 431),
        (get(&target, &format!("Cookie: {}\r\n", "a".repeat(64 << 10))), 431),
        (get(&target, &format!("Cookie: {}\r\n", "a=b; ".repeat(10_000))), 431),
        (get(&target, &format!("{}: 1\r\n", "X".repeat(20 << 10))), 431),
        (get(&padded((4 << 10) + 1), ""), 414),
        (get(&padded(60_000), ""), 414),
    ] {
        let answer = witness.send(&request)?;
        assert_eq!((answer.status, answer.header("connection")), (status, Some("close")), "{request:.80}");
    }
    assert_eq!(witness.stub.heard().len(), heard);
    Ok(())
}

#[test]
fn do_02_more_parameters_or_members_than_the_limit_are_refused() -> Result<()> {
    let witness = Witness::new()?;
    let key = &witness.key;
    let many = |count: usize| (0..count).map(|number| format!("&a{number}=1")).collect::<Vec<_>>().concat();
    let members = |count: usize| (0..count).map(|number| format!(",\"a{number}\":1")).collect::<Vec<_>>().concat();
    // the key, and a task of three
    witness.passes(&post("/in.php", FORM, &format!("key={key}&{TASK}{}", many(196))))?;
    witness.refuses(&post("/in.php", FORM, &format!("key={key}&{TASK}{}", many(197))), &["malformed"])?;
    let object =
        |more: &str| format!(r#"{{"key":"{key}","method":"userrecaptcha","googlekey":"k","pageurl":"https://example.com/"{more}}}"#);
    witness.passes(&post("/in.php", JSON, &object(&members(196))))?;
    witness.refuses(&post("/in.php", JSON, &object(&members(1_000))), &["malformed"])?;
    Ok(())
}

#[test]
fn a_limit_that_the_operator_sets_is_the_one_that_holds() -> Result<()> {
    let more = "[limits]\nbody = \"16KiB\"\nhead = \"2KiB\"\nheaders = 8\ntarget = \"1KiB\"\nhead_within = \"300ms\"\n";
    let stand = Stand::with(tollgate_tests::Setup { more, ..Default::default() })?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    assert!(call(stand.at, &submission(&key))?.task().is_some());
    let status = |request: &str| Ok::<_, anyhow::Error>(Answer::parse(&exchange(stand.at, request.as_bytes())?)?.status);
    assert_eq!(status(&post("/in.php", FORM, &"a".repeat(17_000)))?, 413);
    assert_eq!(status(&get(&format!("/in.php?a={}", "a".repeat(1_100)), ""))?, 414);
    assert_eq!(status(&get("/in.php", &"X: 1\r\n".repeat(7)))?, 431);
    assert_eq!(status(&get("/in.php", &format!("X: {}\r\n", "a".repeat(2_000))))?, 431);
    // half a head, and then nothing: closed without a word, soon
    let mut slow = TcpStream::connect(stand.at)?;
    slow.set_read_timeout(Some(Duration::from_secs(5)))?;
    slow.write_all(b"GET /in.php HTTP/1.1\r\nHost: ga")?;
    let mut bytes = Vec::new();
    slow.read_to_end(&mut bytes)?;
    assert!(bytes.is_empty() || bytes.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&bytes));
    Ok(())
}
