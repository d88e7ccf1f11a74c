//! Does it refuse, fail, lie and hang up as it is told?

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::client::{Client, KEY, RECAPTCHA, Seen, sandbox};

fn submission() -> String {
    format!("/in.php?key={KEY}{RECAPTCHA}")
}

fn request(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: sandbox\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn refusals_are_not_charged() {
    let running = sandbox().await;
    let client = Client::new(&running);
    for (outcome, code, polls) in [
        ("no_slot", "ERROR_NO_SLOT_AVAILABLE", false),
        ("zero_balance", "ERROR_ZERO_BALANCE", false),
        ("wrong_key", "ERROR_KEY_DOES_NOT_EXIST", true),
        ("ip_not_allowed", "ERROR_IP_NOT_ALLOWED", true),
    ] {
        client.mode(json!({"outcome": outcome})).await;
        assert_eq!(client.get(&submission()).await.body, code);
        assert_eq!(client.get(&format!("{}&json=1", submission())).await.json(), json!({"status": 0, "request": code}));
        let poll = client.get(&format!("/res.php?key={KEY}&action=getbalance")).await.body;
        assert_eq!(poll, if polls { code } else { "1000" });
    }
    assert_eq!((&running.books()["tasks"], &running.books()["gross"]), (&json!(0), &json!("0.000000000")));
}

#[tokio::test]
async fn an_address_that_is_not_listed_is_refused() {
    let running = sandbox().await;
    let client = Client::new(&running);
    for (allowed, taken) in
        [(json!(["127.0.0.2", "10.0.0.0/8"]), false), (json!([]), false), (json!(["127.0.0.1"]), true), (json!(["127.0.0.1/32"]), true)]
    {
        client.mode(json!({"allowed_ips": allowed})).await;
        let answer = client.get(&submission()).await.body;
        assert_eq!(answer.starts_with("OK|"), taken, "{allowed}");
        assert_eq!(answer == "ERROR_IP_NOT_ALLOWED", !taken, "{allowed}");
    }
    assert_eq!(running.books()["tasks"], 2);
}

#[tokio::test]
async fn five_wrong_keys_ban_the_address_only_when_banning_is_on() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let wrong = format!("/in.php?key={}{RECAPTCHA}", "f".repeat(32));
    for _ in 0..6 {
        assert_eq!(client.get(&wrong).await.body, "ERROR_KEY_DOES_NOT_EXIST");
    }
    client.submit().await;
    client.mode(json!({"ban": true, "ban_ms": 200})).await;
    client.get(&wrong).await;
    assert_eq!(client.get(&submission()).await.body, "ERROR: 1004");
    tokio::time::sleep(Duration::from_millis(220)).await;
    client.submit().await;
    assert_eq!((&running.books()["wrong_keys"], &running.books()["tasks"]), (&json!(7), &json!(2)));
}

#[tokio::test]
async fn an_unsolvable_task_is_paid_back_by_rule() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"outcome": "unsolvable"})).await;
    let id = client.submit().await;
    client.mode(json!({"outcome": "ok"})).await;
    let poll = format!("/res.php?key={KEY}&action=get&id={id}");
    for _ in 0..2 {
        assert_eq!(client.get(&poll).await.body, "ERROR_CAPTCHA_UNSOLVABLE", "its fate was fixed at upload");
    }
    let books = running.books();
    let amounts = [&books["charged"], &books["gross"], &books["refunded"], &books["balance"], &books["tasks"]];
    assert_eq!(amounts, [&json!("0.000000000"), &json!("0.001000000"), &json!("0.001000000"), &json!("1000.000000000"), &json!(1)]);

    let id = client.submit().await;
    client.mode(json!({"outcome": "unsolvable", "refund_unsolvable": false})).await;
    assert_eq!(client.get(&format!("/res.php?key={KEY}&action=get&id={id}")).await.body, "ERROR_CAPTCHA_UNSOLVABLE");
    assert_eq!(running.books()["charged"], "0.001000000");
}

#[tokio::test]
async fn the_final_cost_may_differ_from_the_price() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"price": "0.0029", "cost": "0.0049"})).await;
    let id = client.submit().await;
    assert_eq!(running.books()["charged"], "0.002900000");
    for _ in 0..2 {
        assert!(client.get(&format!("/res.php?key={KEY}&action=get2&id={id}")).await.body.ends_with("|0.0049"));
        assert_eq!(running.books()["charged"], "0.004900000");
    }
    client.mode(json!({"cost": null})).await;
    let id = client.submit().await;
    assert!(client.get(&format!("/res.php?key={KEY}&action=get2&id={id}")).await.body.ends_with("|0.0029"));
}

#[tokio::test]
async fn a_failure_after_the_work_is_charged_unless_told_otherwise() {
    for (outcome, status) in [("http_500", 500), ("garbage", 200), ("reflect_key", 200), ("redirect", 302)] {
        let running = sandbox().await;
        let client = Client::new(&running);
        client.mode(json!({"outcome": outcome})).await;
        let seen = client.get(&submission()).await;
        assert_eq!(seen.status, status);
        assert!(!seen.body.starts_with("OK|"), "{}", seen.body);
        assert_eq!(running.books()["tasks"], 1, "{outcome}");
        client.mode(json!({"charge_failed": false})).await;
        assert_eq!(client.get(&submission()).await.status, status);
        assert_eq!(running.books()["tasks"], 1, "{outcome}");
    }
}

#[tokio::test]
async fn a_redirect_carries_the_key_away() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"outcome": "redirect"})).await;
    let seen = client.get(&submission()).await;
    assert_eq!(seen.header("location"), Some(format!("http://127.0.0.1:9/in.php?key={KEY}").as_str()));
}

#[tokio::test]
async fn the_key_comes_back_where_and_how_it_is_asked_for() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let id = client.submit().await;
    client.mode(json!({"outcome": "reflect_key"})).await;
    let poll = format!("/res.php?key={KEY}&action=get&id={id}");
    assert_eq!(client.get(&poll).await.body, format!("OK|SANDBOX-{KEY}"));
    assert_eq!(client.get(&format!("{poll}&json=1")).await.json(), json!({"status": 1, "request": format!("SANDBOX-{KEY}")}));
    assert!(client.get(&submission()).await.body.contains(KEY));

    client.mode(json!({"reflect_as": "json"})).await;
    let escaped = client.get(&format!("{poll}&json=1")).await;
    assert!(escaped.body.contains("\\u0030\\u0031\\u0032") && !escaped.body.contains(KEY), "{}", escaped.body);
    assert_eq!(escaped.json()["request"], format!("SANDBOX-{KEY}"));

    client.mode(json!({"reflect_as": "percent", "reflect_in": "header"})).await;
    let seen = client.get(&poll).await;
    assert!(seen.header("x-account").unwrap().starts_with("%30%31%32"), "{}", seen.head);
    assert!(seen.body.starts_with("OK|03AGdBq2"));
    client.mode(json!({"reflect_as": "raw"})).await;
    for place in ["header", "set_cookie", "location", "refresh", "link"] {
        client.mode(json!({"reflect_in": place})).await;
        let seen = client.get(&poll).await;
        assert!(seen.head.contains(KEY) && !seen.body.contains(KEY), "{place}");
    }
}

#[tokio::test]
async fn an_answer_takes_its_time_but_the_charge_does_not() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"latency_ms": 150})).await;
    let begun = Instant::now();
    let mut stream = tokio::net::TcpStream::connect(running.address).await.unwrap();
    stream.write_all(&request(&submission())).await.unwrap();
    while running.books()["tasks"] == 0 {
        tokio::task::yield_now().await;
    }
    assert!(begun.elapsed() < Duration::from_millis(150));
    stream.read_u8().await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(150));

    client.mode(json!({"latency_ms": 60_000})).await;
    let mut leaver = tokio::net::TcpStream::connect(running.address).await.unwrap();
    leaver.write_all(&request(&submission())).await.unwrap();
    while running.books()["tasks"] == 1 {
        tokio::task::yield_now().await;
    }
    drop(leaver);
    assert_eq!(client.get("/_sandbox/books").await.json()["charged"], "0.002000000", "who leaves has been charged; control is not delayed");
}

#[tokio::test]
async fn dropped_before_reading_nothing_happened() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let mut idle = tokio::net::TcpStream::connect(running.address).await.unwrap();
    idle.write_all(&request(&submission())).await.unwrap();
    let mut answer = vec![0; 4096];
    assert!(idle.read(&mut answer).await.unwrap() > 0, "a kept connection that has been used once");

    client.mode(json!({"drop": "before_read"})).await;
    let reset = std::io::ErrorKind::ConnectionReset;
    assert_eq!(client.raw(&request(&submission())).await.unwrap_err().kind(), reset);
    idle.write_all(&request(&submission())).await.unwrap();
    assert_eq!(idle.read(&mut answer).await.unwrap_err().kind(), reset);
    assert_eq!((running.requests().len(), &running.books()["tasks"]), (1, &json!(1)));

    client.mode(json!({"drop": "none"})).await;
    client.submit().await;
}

#[tokio::test]
async fn dropped_after_reading_the_work_is_charged_and_nothing_answered() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"drop": "after_read"})).await;
    assert_eq!(client.raw(&request(&submission())).await.unwrap(), b"");
    assert_eq!((running.requests().len(), &running.books()["tasks"]), (1, &json!(1)));
    assert_eq!(client.get("/_sandbox/books").await.status, 200);
}

#[tokio::test]
async fn dropped_in_the_middle_half_of_the_answer_arrives() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let closing = format!("GET {} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\r\n", submission()).into_bytes();
    let whole = client.raw(&closing).await.unwrap();
    assert_eq!(Seen::parse(&whole).status, 200);
    client.mode(json!({"drop": "mid_answer"})).await;
    let half = client.raw(&closing).await.unwrap();
    // the other bytes are the date and the id, which have one length
    assert_eq!((half.len(), &half[..17]), (whole.len() / 2, &whole[..17]));
    assert_eq!((running.requests().len(), &running.books()["tasks"]), (2, &json!(2)));
}
