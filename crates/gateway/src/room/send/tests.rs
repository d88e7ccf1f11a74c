use serde_json::json;

use crate::fixture::{Fixture, REAL_KEY, Says, text};

#[tokio::test]
async fn the_provider_gets_the_real_key_in_a_request_of_our_own_making() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.submit(&key).await;
    let received = stage.received.lock().clone();
    assert!(received[0].starts_with("POST /in.php HTTP/1.1\r\nHost: 127.0.0.1:"), "{}", received[0]);
    assert!(received[0].contains(&format!("key={REAL_KEY}&method=userrecaptcha")) && !received[0].contains(&key));
    assert!(!received[0].contains("test/1"), "the client's header went along");
}

#[tokio::test]
async fn bu_13_an_answer_that_is_lost_is_spent_and_never_sent_again() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let lost = [
        Says::Nothing,
        Says::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nOK|7".to_vec()),
        Says::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec()),
        Says::Raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n".to_vec()),
    ];
    for (count, says) in lost.into_iter().enumerate() {
        stage.provider_says(says);
        assert_eq!(text(&stage.submit(&key).await), "ERROR_TOLLGATE_OUTCOME_UNKNOWN");
        assert_eq!(stage.last("/tollgate/hold"), json!("unknown"));
        assert_eq!(stage.received.lock().len(), count + 1);
    }
    assert_eq!(stage.left("shop").await, 600_000_000);
}

#[tokio::test]
async fn se_01_an_answer_that_holds_the_live_key_is_withheld_and_somebody_is_woken() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let body = format!("ERROR the key {REAL_KEY} is odd");
    stage.provider_says(Says::Raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()));
    let reply = stage.submit(&key).await;
    assert_eq!(text(&reply), "ERROR_TOLLGATE_OUTCOME_UNKNOWN");
    assert_eq!(stage.last("/tollgate/alarm"), json!("leak_withheld"));
    assert!(!stage.lines().iter().any(|line| line.to_string().contains(REAL_KEY)));
}

#[tokio::test]
async fn i_3_an_outcome_is_written_down_before_the_books_are_told_of_it() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let hold = |lines: Vec<serde_json::Value>| lines.last().and_then(|line| line.pointer("/tollgate/hold").cloned());
    stage.provider_says(Says::Nothing);
    stage.submit(&key).await;
    assert_eq!(hold(stage.written()), Some(json!("unknown")));
}
