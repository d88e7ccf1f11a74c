use serde_json::json;

use crate::fixture::{Fixture, Says, text};

#[tokio::test]
async fn a_poll_that_comes_too_soon_is_answered_not_ready_and_nobody_is_asked() {
    let stage = Fixture::governed("twocaptcha").await;
    let key = stage.key("shop", |_| {}).await;
    stage.submit(&key).await;
    stage.provider_says(Says::Body("OK|answer"));
    let before = stage.received.lock().len();
    let reply = stage.get(&format!("/res.php?key={key}&action=get&id=7000001")).await;
    assert_eq!((text(&reply), reply.denied, reply.retry_after_s), ("CAPCHA_NOT_READY", None, Some(5)));
    let reply = stage.get(&format!("/res.php?key={key}&action=get&ids=7000001,7000001&json=1")).await;
    assert_eq!(text(&reply), r#"{"status":0,"request":"CAPCHA_NOT_READY"}"#);
    assert_eq!(stage.received.lock().len(), before);
    let line = stage.lines().pop().unwrap();
    let told = |place| line.pointer(place).cloned();
    assert_eq!(told("/tollgate/decision"), Some(json!("allowed")));
    assert_eq!(told("/tollgate/reason"), Some(json!("polled before the provider takes it: answered by the gate")));
    let report = stage.get(&format!("/res.php?key={key}&action=reportgood&id=7000001")).await;
    assert_ne!(text(&report), "CAPCHA_NOT_READY", "a report is no poll");
    assert_eq!(stage.received.lock().len(), before + 1);
}

#[tokio::test]
async fn in_v2_a_poll_that_comes_too_soon_is_still_processing() {
    let stage = Fixture::governed("capsolver").await;
    let key = stage.key("shop", |_| {}).await;
    stage.provider_says(Says::Body(r#"{"errorId":0,"taskId":"a-1"}"#));
    stage.post("/createTask", &format!(r#"{{"clientKey":"{key}","task":{{"type":"ImageToTextTask"}}}}"#)).await;
    stage.provider_says(Says::Body(r#"{"errorId":0,"status":"processing"}"#));
    let poll = format!(r#"{{"clientKey":"{key}","taskId":"a-1"}}"#);
    let before = stage.received.lock().len();
    for _ in 0..3 {
        assert_eq!(text(&stage.post("/getTaskResult", &poll).await), r#"{"errorId":0,"status":"processing"}"#);
    }
    assert_eq!(stage.received.lock().len(), before + 1);
}
