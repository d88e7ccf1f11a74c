//! Bodies that can be read in two ways, or not at all: multipart and JSON.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tollgate_tests::{FORM, JSON, MULTIPART, Witness, get, instant, multipart, post, submission};

const CONFUSED: &[&str] = &["ambiguous_request", "malformed"];
/// A submission without its key.
const TASK: &str = "method=userrecaptcha&googlekey=k&pageurl=https://example.com/";

fn parts<'a>(key: &'a str, more: &[(&'a str, &'a str)]) -> String {
    let usual = [("key", key), ("method", "userrecaptcha"), ("googlekey", "k"), ("pageurl", "https://example.com/")];
    multipart(&[&usual[..], more].concat())
}

/// A part with a head of one's own.
fn raw_part(head: &str, value: &str) -> String {
    format!("--b0\r\n{head}\r\n\r\n{value}\r\n")
}

#[test]
fn pc_a_key_may_stand_in_each_of_its_places_and_the_provider_sees_one_request_of_ours() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.as_str();
    let object =
        json!({ "key": key, "method": "userrecaptcha", "googlekey": "k", "pageurl": "https://example.com/", "json": 1 }).to_string();
    let bearer = format!("Authorization: Bearer {key}\r\n");
    let chunked = format!("{FORM}Transfer-Encoding: chunked\r\n");
    let body = format!("key={key}&{TASK}");
    for request in [
        get(&submission(key), ""),
        post("/in.php", FORM, &body),
        // puppeteer-extra-plugin-recaptcha sends no Content-Type
        post("/in.php", "", &body),
        post("/in.php", "Content-Type: Application/X-WWW-Form-Urlencoded; charset=UTF-8\r\n", &body),
        post("/in.php", MULTIPART, &parts(key, &[])),
        post("/in.php", JSON, &object),
        get(&format!("/in.php?{TASK}"), &bearer),
        post("/in.php", &format!("{FORM}{bearer}"), TASK),
        post(&format!("/in.php?key={key}"), FORM, TASK),
        post(&format!("/in.php?key={key}"), &format!("{FORM}{bearer}"), &body),
        format!("POST /in.php HTTP/1.1\r\nHost: gate\r\n{chunked}Connection: close\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
        format!("POST /in.php HTTP/1.0\r\n{FORM}Content-Length: {}\r\n\r\n{body}", body.len()),
    ] {
        let said = witness.passes(&request)?;
        assert!(!said.contains("Authorization") && said.contains("Accept-Encoding: identity"), "{said}");
    }
    Ok(())
}

#[test]
fn pc_13_a_parts_head_has_one_spelling() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.as_str();
    let other = witness.stand.key("other", json!({ "caps": ["1/day"] }))?;
    let end = parts(key, &[]);
    let named = |head: &str| post("/in.php", MULTIPART, &(raw_part(head, "x") + &end));
    for head in [
        "Content-Disposition: form-data; name=key",
        "Content-Disposition: form-data; name=\"a\"; name=\"key\"",
        "Content-Disposition: form-data; name*=utf-8''key",
        "Content-Disposition: form-data; name=\" key\"",
        "Content-Disposition: form-data; name=\"key[]\"",
        "Content-Disposition: form-data; name=\"key\"; filename=\"k.txt\"",
        "Content-Disposition: form-data; name=\"ke\\\"y\"",
        "Content-Disposition: form-data",
        "Content-Disposition: attachment; name=\"x\"",
        "Content-Disposition: form-data; name=\"x\"\r\nContent-Disposition: form-data; name=\"key\"",
        "Content-Disposition: form-data; name=\"x\"\r\nContent-Transfer-Encoding: base64",
        "Content-Type: text/plain",
    ] {
        witness.refuses(&named(head), CONFUSED)?;
    }
    for (target, body) in [
        ("/in.php".to_owned(), parts(key, &[("key", key)])),
        ("/in.php".to_owned(), parts(key, &[("key", &other)])),
        (format!("/in.php?key={other}"), parts(key, &[])),
        ("/in.php".to_owned(), parts(key, &[("method", "base64")])),
    ] {
        witness.refuses(&post(&target, MULTIPART, &body), CONFUSED)?;
    }
    witness.passes(&post("/in.php", MULTIPART, &parts(key, &[("userAgent", "x")])))?;
    Ok(())
}

#[test]
fn pc_14_multipart_framing_is_exact_and_what_goes_up_has_a_boundary_of_ours() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.as_str();
    let whole = parts(key, &[]);
    let of = |boundary: &str| format!("Content-Type: multipart/form-data; boundary={boundary}\r\n");
    for (headers, body) in [
        (MULTIPART.to_owned(), whole.replace("\r\n", "\n")),
        (MULTIPART.to_owned(), format!("preamble\r\n{whole}")),
        (MULTIPART.to_owned(), format!("{whole}epilogue")),
        (MULTIPART.to_owned(), whole.replace("--b0--\r\n", "")),
        (MULTIPART.to_owned(), whole.replace("--b0--\r\n", "--b0\r\n")),
        (MULTIPART.to_owned(), whole.replacen("--b0\r\n", "--b0 \r\n", 1)),
        (of("b0,X"), whole.clone()),
        (of("b0; boundary=X"), whole.clone()),
        (of("X; boundary=b0"), whole.clone()),
        (of(&"b".repeat(71)), whole.replace("b0", &"b".repeat(71))),
        (of(""), whole.clone()),
        ("Content-Type: multipart/form-data\r\n".to_owned(), whole.clone()),
        ("Content-Type: multipart/mixed; boundary=b0\r\n".to_owned(), whole.clone()),
        (format!("{FORM}{MULTIPART}"), whole.clone()),
        ("Content-Type: application/x-www-form-urlencoded, text/plain\r\n".to_owned(), format!("key={key}&{TASK}")),
        ("Content-Type: application/x-www-form-urlencoded; charset=utf-16\r\n".to_owned(), format!("key={key}&{TASK}")),
        ("Content-Type: text/plain\r\n".to_owned(), format!("key={key}&{TASK}")),
    ] {
        let answer = witness.send(&post("/in.php", &headers, &body))?;
        assert!(answer.denied().is_some_and(|code| CONFUSED.contains(&code)), "{headers}{body}\n{answer:?}");
    }
    assert!(witness.stub.heard().is_empty(), "{:?}", witness.stub.heard());
    // a file with a line that begins like a boundary could be cut there; elsewhere the boundary's letters are content
    let file = "Content-Disposition: form-data; name=\"file\"; filename=\"c.png\"\r\nContent-Type: image/png";
    let with = |image: &str| post("/in.php", MULTIPART, &(raw_part(file, image) + &multipart(&[("key", key), ("method", "post")])));
    witness.refuses(&with(&format!("x\r\n--b0x\r\n{}", "x".repeat(200))), CONFUSED)?;
    let image = format!("x--b0--\r\n-b0\r\n --b0\r\n{}", "x".repeat(200));
    let said = witness.passes(&with(&image))?;
    assert!(said.contains(&image) && !said.contains("boundary=b0"), "{said}");
    Ok(())
}

#[test]
fn pc_16_17_20_json_names_stand_once_and_its_values_are_plain() -> Result<()> {
    let witness = Witness::new()?;
    let key = witness.key.as_str();
    let other = witness.stand.key("other", json!({ "caps": ["1/day"] }))?;
    for body in [
        format!(r#"{{"key":"{key}","key":"{other}","method":"userrecaptcha"}}"#),
        format!(r#"{{"key":"{key}","\u006bey":"{other}","method":"userrecaptcha"}}"#),
        format!(r#"{{"key":"{key}","Key":"{other}","method":"userrecaptcha"}}"#),
        format!(r#"{{"key":"{key}","clientKey":"{other}","method":"userrecaptcha"}}"#),
        format!(r#"{{"clientKey":"{key}","clientKey":"{other}","method":"userrecaptcha"}}"#),
        format!(r#"{{"key":"{key}","method":"userrecaptcha","task":{{"clientKey":"{other}"}}}}"#),
        format!(r#"{{"key":"{key}","method":"userrecaptcha","task":{{"api_key":"x","proxyLogin":"y"}}}}"#),
        format!(r#"{{"key":["{key}"],"method":"userrecaptcha"}}"#),
        r#"{"key":{"$ne":1},"method":"userrecaptcha"}"#.to_owned(),
        r#"{"key":12345678901234567890123456789012,"method":"userrecaptcha"}"#.to_owned(),
        r#"{"key":true,"method":"userrecaptcha"}"#.to_owned(),
        format!(r#"{{"key":"{key}","method":["userrecaptcha"]}}"#),
        format!(r#"{{"key":"{key}","method":"userrecaptcha","x":1e5}}"#),
        format!(r#"[{{"key":"{key}","method":"userrecaptcha"}}]"#),
        format!(r#"{{"key":"{key}","method":"userrecaptcha"}}{{}}"#),
        format!(r#"{{"key":"{key}","method":"userrecaptcha",}}"#),
        format!("\u{feff}{{\"key\":\"{key}\",\"method\":\"userrecaptcha\"}}"),
        format!(r#"{{"key":"{key}","method":"userrecaptcha","callbackUrl":"https://evil.example/"}}"#),
        "not json".to_owned(),
    ] {
        witness.refuses(&post("/in.php", JSON, &body), &["ambiguous_request", "malformed", "operation_denied"])?;
    }
    let nobody = ["null".to_owned(), "\"\"".to_owned(), format!("\"{}\"", "k".repeat(1 << 20))];
    for key in nobody {
        let body = format!(r#"{{"key":{key},"method":"userrecaptcha","googlekey":"k","pageurl":"https://example.com/"}}"#);
        witness.refuses(&post("/in.php", JSON, &body), &["unauthenticated"])?;
    }
    witness.passes(&post(
        "/in.php",
        JSON,
        &format!(r#"{{"key":"{key}","method":"userrecaptcha","googlekey":"k","pageurl":"https://x.example"}}"#),
    ))?;
    Ok(())
}

#[test]
fn pc_19_a_hostile_body_costs_little_time_and_no_memory() -> Result<()> {
    let witness = Witness::new()?;
    witness.passes(&get(&submission(&witness.key), ""))?;
    let memory = || -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", witness.stand.gate.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
    };
    let before = memory()?;
    for body in [
        "[".repeat(128),
        "[".repeat(100_000),
        format!("[{}[]]", "[],".repeat(600_000)),
        format!(r#"{{"a":{}"#, "{\"a\":".repeat(300_000)),
        format!("{{{}\"z\":1}}", (0..100_000).map(|number| format!("\"a{number}\":1,")).collect::<Vec<_>>().concat()),
    ] {
        let began = instant();
        witness.refuses(&post("/in.php", JSON, &body), CONFUSED)?;
        let took = began.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?} for {body:.40}");
    }
    let many = format!("key={}&{}", witness.key, "a=1&".repeat(400_000));
    witness.refuses(&post("/in.php", FORM, &many), CONFUSED)?;
    let after = memory()?;
    assert!(after < before + 24 * 1024, "{before} KiB before, {after} KiB after");
    Ok(())
}
