use serde_json::json;
use tollgate_model::Timestamp;

use super::*;
use crate::fixture::{Fixture, REAL_KEY, Says, text};

/// A task that is bought, and then polled by the gate at its deadline.
async fn at_the_deadline(says: Says) -> (i64, serde_json::Value, usize) {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.submit(&key).await;
    stage.provider_says(says);
    polled_twice(&stage).await
}

async fn polled_twice(stage: &Fixture) -> (i64, serde_json::Value, usize) {
    late_poll(&stage.worker, &stage.upstream, TaskId::parse(b"7000001").unwrap()).await;
    late_poll(&stage.worker, &stage.upstream, TaskId::parse(b"7000001").unwrap()).await;
    let settles = stage.lines().iter().filter(|line| line.pointer("/event/action") == Some(&json!("settle"))).count();
    (stage.left("shop").await, stage.last("/tollgate/hold"), settles)
}

#[tokio::test]
async fn a_task_that_nobody_fetched_is_settled_at_what_the_provider_says() {
    assert_eq!(at_the_deadline(Says::Body("OK|answer|0.03")).await, (970_000_000, json!("settled"), 1));
    assert_eq!(at_the_deadline(Says::Body("ERROR_CAPTCHA_UNSOLVABLE")).await, (1_000_000_000, json!("voided"), 1));
}

#[tokio::test]
async fn in_v2_a_task_that_nobody_fetched_is_settled_at_its_cost_or_charged_as_unsolvable() {
    for (says, wanted) in [
        (r#"{"errorId":0,"status":"ready","solution":{"text":"a"},"cost":"0.030000"}"#, (970_000_000, json!("settled"), 1)),
        (r#"{"errorId":12,"errorCode":"ERROR_CAPTCHA_UNSOLVABLE","errorDescription":"d"}"#, (900_000_000, json!("settled"), 1)),
        (r#"{"errorId":0,"status":"processing"}"#, (900_000_000, json!("assumed"), 1)),
    ] {
        let stage = Fixture::speaking("anticaptcha", Timestamp::default(), Some(REAL_KEY)).await;
        let key = stage.key("shop", |_| {}).await;
        stage.provider_says(Says::Body(r#"{"errorId":0,"taskId":7000001}"#));
        let bought = stage.post("/createTask", &format!(r#"{{"clientKey":"{key}","task":{{"type":"ImageToTextTask"}}}}"#)).await;
        assert_eq!(text(&bought), r#"{"errorId":0,"taskId":7000001}"#);
        stage.provider_says(Says::Body(says));
        assert_eq!(polled_twice(&stage).await, wanted, "{says}");
        let asked = stage.received.lock().last().cloned().unwrap();
        assert!(asked.ends_with(&format!(r#"{{"clientKey":"{REAL_KEY}","taskId":7000001}}"#)), "{asked}");
    }
}

#[tokio::test]
async fn a_task_of_which_nothing_can_be_learned_is_settled_at_its_hold_and_says_so() {
    for says in [Says::Nothing, Says::Body("CAPCHA_NOT_READY"), Says::Body("<html>")] {
        assert_eq!(at_the_deadline(says).await, (900_000_000, json!("assumed"), 1));
    }
}

#[test]
fn what_a_gate_that_is_gone_had_bought_is_overdue_at_every_provider() {
    for profile in tollgate_dialect::Profile::BUILTIN.iter().filter_map(|name| tollgate_dialect::Profile::builtin(name)) {
        assert!(profile.task_deadline_ms() < tollgate_books::GONE_MS, "{}", profile.name());
    }
}
