use std::sync::atomic::Ordering;

use serde_json::json;

use crate::fixture::Fixture;

#[tokio::test]
async fn i3_the_intent_stands_before_the_outcome_and_both_name_the_request() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let reply = stage.submit(&key).await;
    let lines = stage.lines();
    let actions: Vec<_> = lines.iter().filter_map(|line| line.pointer("/event/action")).collect();
    assert_eq!(actions, ["intent", "outcome"]);
    assert!(lines.iter().all(|line| line.pointer("/tollgate/request_id") == Some(&json!(reply.id.to_string()))));
    assert_eq!(lines[0].pointer("/tollgate/cost/held"), Some(&json!("0.100000000")));
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_sent() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.worker.gate.journal_down.store(true, Ordering::Relaxed);
    assert_eq!(stage.submit(&key).await.denied, Some("audit_unavailable"));
    assert!(stage.received.lock().is_empty());
    assert_eq!(stage.left("shop").await, 1_000_000_000);
}

#[tokio::test]
async fn tm_01_an_intent_is_dated_by_its_admission_so_that_a_replay_counts_it_in_the_same_day() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    // the books have seen a later time than the clock tells: it is the admission's
    let mut ahead = stage.worker.gate.clock.now();
    ahead.wall = ahead.wall.plus_millis(1_500);
    stage.upstream.account.view(&[], ahead);
    stage.submit(&key).await;
    assert_eq!(stage.lines()[0].pointer("/@timestamp"), Some(&json!(ahead.wall.to_string())));
}
