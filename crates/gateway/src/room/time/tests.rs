use tollgate_model::{Name, Timestamp};

use crate::fixture::{Fixture, REAL_KEY, text};

#[tokio::test]
async fn a_paused_key_buys_nothing_and_fetches_what_it_has_paid_for() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.submit(&key).await;
    stage.registry.pause_key(&Name::parse("shop").unwrap(), "stock-taking", stage.worker.gate.clock.now().wall).await.unwrap();
    let reply = stage.submit(&key).await;
    assert_eq!((text(&reply), reply.denied), ("ERROR_TOLLGATE_PAUSED", Some("paused")));
    stage.provider_says(crate::fixture::Says::Body("OK|answer"));
    let polled = stage.get(&format!("/res.php?key={key}&action=get&id=7000001")).await;
    assert_eq!(text(&polled), "OK|answer");
}

#[tokio::test]
async fn tm_08_a_clock_before_the_last_line_of_the_log_buys_nothing() {
    let stage = Fixture::with(Timestamp::from_millis(i64::MAX / 2), Some(REAL_KEY)).await;
    let key = stage.key("shop", |_| {}).await;
    assert_eq!(stage.submit(&key).await.denied, Some("clock_suspect"));
    assert!(stage.received.lock().is_empty());
}
