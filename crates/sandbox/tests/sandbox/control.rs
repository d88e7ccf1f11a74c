//! Can a test ask for the books and the bytes, and change the mode?

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use tollgate_sandbox::{Options, Sandbox};

use crate::client::{Client, KEY, RECAPTCHA, Seen, sandbox};

fn bytes(value: &Value) -> String {
    String::from_utf8(BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn the_books_add_up() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"balance": "10", "price": "0.1"})).await;
    client.submit().await;
    let books = client.get("/_sandbox/books").await.json();
    assert_eq!(
        books,
        json!({
            "charged": "0.100000000", "gross": "0.100000000", "refunded": "0.000000000", "tasks": 1, "working": 0, "balance": "9.900000000",
            "by_key": {KEY: {"charged": "0.100000000", "tasks": 1}}, "reports": {"good": 0, "bad": 0}, "wrong_keys": 0, "pingbacks": [],
            "transfers": [],
        })
    );
    assert_eq!(books, running.books());
}

#[tokio::test]
async fn every_byte_received_can_be_read_back() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let chunked = "POST /in.php?x=%41 HTTP/1.1\r\nhOsT: sandbox\r\nX-Two:  b \r\nx-two: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
         5;ext=1\r\nkey=a\r\n2\r\n&b\r\n0\r\n\r\n";
    Seen::parse(&client.raw(chunked.as_bytes()).await.unwrap());
    let requests = client.get("/_sandbox/requests").await.json();
    assert_eq!(requests.as_array().unwrap().len(), 1, "the control plane is not recorded");
    let request = &requests[0];
    let line = [&request["n"], &request["method"], &request["target"], &request["peer"], &request["complete"]];
    assert_eq!(line, [&json!(1), &json!("POST"), &json!("/in.php?x=%41"), &json!("127.0.0.1"), &json!(true)]);
    let headers = json!([["hOsT", "sandbox"], ["X-Two", "b"], ["x-two", "a"], ["Connection", "close"], ["Transfer-Encoding", "chunked"]]);
    assert_eq!(request["headers"], headers);
    assert_eq!((bytes(&request["body_base64"]).as_str(), bytes(&request["raw_base64"]).as_str()), ("key=a&b", chunked));
    assert_eq!(client.send("DELETE", "/_sandbox/requests", "", "").await.status, 204);
    assert_eq!(client.get("/_sandbox/requests").await.json(), json!([]));
}

#[tokio::test]
async fn requests_of_one_connection_are_told_apart() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let first = format!("POST /in.php HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\nkey={KEY}");
    let control = "GET /_sandbox/mode HTTP/1.1\r\nHost: a\r\n\r\n";
    let last = "GET /res.php HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n";
    let answers = String::from_utf8(client.raw(format!("{first}{control}{last}").as_bytes()).await.unwrap()).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 3);
    let raw: Vec<String> = running.requests().iter().map(|request| bytes(&request["raw_base64"])).collect();
    assert_eq!(raw, [first, last.to_owned()]);
}

#[tokio::test]
async fn bytes_that_are_no_request_are_recorded_too() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let broken = "GET /in.php HTTP/1.1\r\nBad Name: x\r\n\r\n";
    assert_eq!(Seen::parse(&client.raw(broken.as_bytes()).await.unwrap()).status, 400);
    while running.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    let request = &running.requests()[0];
    assert_eq!((bytes(&request["raw_base64"]), &request["complete"]), (broken.to_owned(), &json!(false)));
}

#[tokio::test]
async fn nothing_is_recorded_when_told_so() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"record": false})).await;
    client.submit().await;
    client.mode(json!({"record": true})).await;
    client.submit().await;
    assert_eq!((running.requests().len(), &running.books()["tasks"]), (1, &json!(2)));
}

#[tokio::test]
async fn the_mode_in_force_can_be_read() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let mode = client.get("/_sandbox/mode").await.json();
    assert_eq!(
        mode,
        json!({
            "latency_ms": 0, "solve_ms": 0, "outcome": "ok", "drop": "none", "price": "0.001000000", "prices": {}, "cost": null,
            "pricing": "task", "threads": 1_000_000, "allowed_ips": ["0.0.0.0/0", "::/0"], "keys": [KEY], "ban": false, "ban_ms": 600_000,
            "refund_unsolvable": true, "charge_failed": true, "reflect_as": "raw", "reflect_in": "body", "answer": null, "record": true,
            "family": "anticaptcha", "balance": "1000.000000000",
        })
    );
    // what is read can be put back
    client.mode(mode.clone()).await;
    assert_eq!(client.get("/_sandbox/mode").await.json(), mode);
}

#[tokio::test]
async fn a_change_of_mode_is_taken_whole_or_refused_whole() {
    let running = sandbox().await;
    let client = Client::new(&running);
    for (change, word) in [
        (json!({"latency_ms": 5, "speed": 1}), "speed"),
        (json!({"latency_ms": 5, "outcome": "maybe"}), "maybe"),
        (json!({"latency_ms": 5, "price": 0.1}), "0.1"),
        (json!({"latency_ms": 5, "price": "-1"}), "`price` is below zero"),
        (json!({"latency_ms": 5, "prices": {"post": "-1"}}), "`prices` is below zero"),
        (json!({"latency_ms": 5, "cost": "-1"}), "`cost` is below zero"),
        (json!({"latency_ms": 5, "allowed_ips": ["::/0", "localhost"]}), "localhost"),
        (json!([]), "not a change of mode"),
    ] {
        let seen = client.send("PUT", "/_sandbox/mode", "", &change.to_string()).await;
        assert_eq!((seen.status, seen.header("content-type")), (400, Some("application/problem+json")), "{change}");
        assert!(seen.body.contains(word), "{}", seen.body);
        assert_eq!(client.get("/_sandbox/mode").await.json()["latency_ms"], 0);
    }
    assert_eq!(client.send("POST", "/_sandbox/mode", "", "{}").await.status, 405);
    assert_eq!(client.get("/_sandbox/ledger").await.status, 404);
}

#[tokio::test]
async fn a_price_alone_is_the_price_of_everything() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"prices": {"userrecaptcha": "0.5"}})).await;
    client.submit().await;
    client.mode(json!({"price": "0.1"})).await;
    client.submit().await;
    assert_eq!(running.books()["charged"], "0.600000000");
}

#[tokio::test]
async fn keys_can_be_exchanged_while_it_runs() {
    let running = sandbox().await;
    let client = Client::new(&running);
    let next = "f".repeat(32);
    let balance = |key: &str| format!("/res.php?key={key}&action=getbalance");
    client.mode(json!({"keys": [KEY, next]})).await;
    assert_eq!(client.get(&balance(KEY)).await.body, client.get(&balance(&next)).await.body);
    client.mode(json!({"keys": [next]})).await;
    assert_eq!(client.get(&balance(KEY)).await.body, "ERROR_KEY_DOES_NOT_EXIST");
    assert_eq!(client.get("/_sandbox/mode").await.json()["keys"], json!([next]));
}

#[tokio::test]
async fn a_process_that_embeds_it_needs_no_http() {
    let running = sandbox().await;
    running.change_mode(&json!({"price": "0.1"})).unwrap();
    assert!(running.change_mode(&json!({"nothing": 1})).is_err());
    Client::new(&running).submit().await;
    assert_eq!(running.books()["charged"], "0.100000000");
    assert_eq!(running.requests().len(), 1);
    running.clear_requests();
    assert!(running.requests().is_empty());
}

#[tokio::test]
async fn a_stopped_sandbox_frees_its_address() {
    let running = sandbox().await;
    let address = running.address;
    Client::new(&running).submit().await;
    running.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    Sandbox::start(Options { listen: address, ..Options::default() }).await.unwrap();
}

#[tokio::test]
async fn five_hundred_at_once_are_charged_once_each() {
    let running = sandbox().await;
    let client = Client::new(&running);
    client.mode(json!({"balance": "0.1", "price": "0.001", "latency_ms": 20})).await;
    let address = running.address;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let client = Client::at(address);
        tasks.spawn(async move { client.get(&format!("/in.php?key={KEY}{RECAPTCHA}")).await.body });
    }
    let answers = tasks.join_all().await;
    let ids: std::collections::BTreeSet<&str> = answers.iter().filter_map(|answer| answer.strip_prefix("OK|")).collect();
    assert_eq!(ids.len(), 100);
    assert_eq!(answers.iter().filter(|answer| *answer == "ERROR_ZERO_BALANCE").count(), 400);
    let books = running.books();
    assert_eq!((&books["charged"], &books["balance"], &books["tasks"]), (&json!("0.100000000"), &json!("0.000000000"), &json!(100)));
    assert_eq!(running.requests().len(), 500);
}
