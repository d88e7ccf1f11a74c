use serde_json::json;

use super::*;
use crate::fixture::{Fixture, Says};

/// A task that is bought, and then polled by the gate at its deadline.
async fn at_the_deadline(says: Says) -> (i64, serde_json::Value, usize) {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.submit(&key).await;
    stage.provider_says(says);
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
async fn a_task_of_which_nothing_can_be_learned_is_settled_at_its_hold_and_says_so() {
    for says in [Says::Nothing, Says::Body("CAPCHA_NOT_READY"), Says::Body("<html>")] {
        assert_eq!(at_the_deadline(says).await, (900_000_000, json!("assumed"), 1));
    }
}
