//! Requests that can be read in two ways, and the places where a key can stand: what reaches the provider, and what does not.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::json;
use tollgate_tests::{Answer, Stand, call, exchange, submission};

/// Raw bytes as one request; its answer.
fn send(stand: &Stand, request: &str) -> Result<Answer> {
    let bytes = exchange(stand.at, request.as_bytes())?;
    Answer::parse(&bytes)
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: gate\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

fn multipart(parts: &[(&str, &str)]) -> (String, String) {
    let body: String = parts
        .iter()
        .map(|(name, value)| format!("--b0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
        .collect::<Vec<_>>()
        .concat();
    ("Content-Type: multipart/form-data; boundary=b0\r\n".to_owned(), format!("{body}--b0--\r\n"))
}

#[test]
fn pc_a_key_may_stand_in_six_places_and_the_provider_sees_one_request_of_ours() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["10/day"] }))?;
    let task = "method=userrecaptcha&googlekey=k&pageurl=https://example.com/";
    let (media, parts) = multipart(&[("key", &key), ("method", "userrecaptcha"), ("googlekey", "k"), ("pageurl", "https://example.com/")]);
    let json = json!({ "key": key, "method": "userrecaptcha", "googlekey": "k", "pageurl": "https://example.com/", "json": 1 }).to_string();
    let places = [
        format!("GET {} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n", submission(&key)),
        post("/in.php", FORM, &format!("key={key}&{task}")),
        post("/in.php", "", &format!("key={key}&{task}")),
        post("/in.php", &media, &parts),
        post("/in.php", JSON, &json),
        post("/in.php", &format!("{FORM}Authorization: Bearer {key}\r\n"), task),
        post(&format!("/in.php?key={key}"), FORM, task),
    ];
    for (count, request) in places.iter().enumerate() {
        let answer = send(&stand, request)?;
        assert!(answer.body.starts_with("OK|") || answer.body.starts_with("{\"status\":1"), "{request}\n{}", answer.body);
        assert_eq!(stand.received()?.len(), count + 1);
    }
    let received = serde_json::to_string(&stand.received()?)?;
    assert!(!received.contains(&key), "a virtual key went out");
    Ok(())
}

#[test]
fn pc_01_to_16_what_can_be_read_in_two_ways_is_refused_and_nothing_is_sent() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["10/day"] }))?;
    let other = stand.key("other", json!({ "caps": ["10/day"] }))?;
    let task = "method=userrecaptcha&googlekey=k&pageurl=https://example.com/";
    let queries = [
        format!("key={key}&key={other}&{task}"),
        format!("key={key}&key={key}&{task}"),
        format!("key[]={key}&{task}"),
        format!("key={key}&key[]={other}&{task}"),
        format!("key={key}&key%5B0%5D=x&{task}"),
        format!("key={key}&key[&{task}"),
        format!("+key={key}&{task}"),
        format!("key={key}&%20key=x&{task}"),
        format!("key={key}&key%00=x&{task}"),
        format!("key={key}&key%00x=x&{task}"),
        format!("key={key}&api.key=x&{task}"),
        format!("key={key}&page.url=x&{task}"),
        format!("%6Bey={key}&key={other}&{task}"),
        format!("%256Bey={key}&{task}"),
        format!("key={key}&{task}&method=base64"),
        format!("key={key}&{task}&method%00=base64"),
        format!("key={key}&method[]=userrecaptcha&googlekey=k"),
        format!("key={key}&{task}&id=1"),
        format!("key={key}&{task}&action[]=get"),
    ];
    let mut requests: Vec<String> = Vec::new();
    for query in &queries {
        requests.push(format!("GET /in.php?{query} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n"));
        requests.push(post("/in.php", FORM, query));
    }
    let (media, twice) = multipart(&[("key", &key), ("key", &other), ("method", "userrecaptcha")]);
    requests.push(post("/in.php", &media, &twice));
    requests.push(post(&format!("/in.php?key={other}"), &media, &multipart(&[("key", &key), ("method", "userrecaptcha")]).1));
    requests.push(post("/in.php", &format!("{FORM}Authorization: Bearer {other}\r\n"), &format!("key={key}&{task}")));
    requests.push(post("/in.php", &format!("{FORM}Authorization: Bearer {key}\r\nAuthorization: Bearer {key}\r\n"), task));
    for body in [
        format!(r#"{{"key":"{key}","key":"{other}","method":"userrecaptcha"}}"#),
        format!(r#"{{"key":"{key}","\u006bey":"{other}","method":"userrecaptcha"}}"#),
        format!(r#"{{"key":["{key}"],"method":"userrecaptcha"}}"#),
        r#"{"key":{"$ne":1},"method":"userrecaptcha"}"#.to_owned(),
        format!(r#"{{"key":"{key}","method":"userrecaptcha","task":{{"key":"x"}}}}"#),
    ] {
        requests.push(post("/in.php", JSON, &body));
    }
    for request in &requests {
        let answer = send(&stand, request)?;
        let denied = answer.denied().with_context(|| format!("let through: {request}\n{}", answer.body))?;
        let refused = ["ambiguous_request", "malformed", "operation_denied", "unauthenticated"].contains(&denied);
        assert!(refused, "{denied} for {request}");
    }
    assert_eq!(stand.received()?.len(), 0, "something reached the provider");
    let lines = stand.lines("\"denied_by\"")?;
    assert!(!lines.iter().any(|line| line.to_string().contains(&key)), "a credential stands in the log");
    Ok(())
}

#[test]
fn pc_10_eg_11_what_is_not_on_the_list_is_denied() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["10/day"] }))?;
    for target in [
        format!("/res.php?key={key}&action=add_pingback&addr=https://evil.example/"),
        format!("/res.php?key={key}&action=get_pingback"),
        format!("/res.php?key={key}&action=del_pingback&addr=all"),
        format!("/res.php?key={key}&action=get2balance"),
        format!("/test?key={key}"),
        format!("/createTask?key={key}"),
        format!("/blocked?x=/res.php&key={key}"),
        format!("/in.php/?key={key}&method=userrecaptcha"),
        format!("/IN.PHP?key={key}&method=userrecaptcha"),
        format!("{}&pingback=https://evil.example/", submission(&key)),
    ] {
        let answer = call(stand.at, &target)?;
        assert!(answer.denied().is_some() || answer.status >= 400, "{target}: {}", answer.body);
    }
    assert!(stand.received()?.is_empty());
    stand.ask("PATCH", "/v1/keys/shop", Some(&json!({ "callbacks": ["hooks.example.com"] })))?;
    let allowed = call(stand.at, &format!("{}&pingback=https://hooks.example.com/done", submission(&key)))?;
    assert!(allowed.task().is_some(), "{}", allowed.body);
    Ok(())
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
