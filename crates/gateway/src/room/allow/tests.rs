use std::sync::atomic::Ordering;

use crate::fixture::{Fixture, submission, text};

#[tokio::test]
async fn a_cap_is_reached_to_the_cent_and_says_when_it_ends() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    // the same task id again and again would be withheld: the provider names none here
    stage.provider_says(crate::fixture::Says::Nothing);
    for _ in 0..10 {
        stage.submit(&key).await;
    }
    let reply = stage.submit(&key).await;
    assert_eq!((text(&reply), reply.denied), ("ERROR_ZERO_BALANCE", Some("cap_reached")));
    assert!(reply.retry_after_s.is_some_and(|seconds| seconds <= 86_400));
    assert_eq!((stage.left("shop").await, stage.received.lock().len()), (0, 10));
}

#[tokio::test]
async fn a_method_without_a_price_or_off_the_list_is_denied() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let reply = stage.get(&submission(&key).replace("userrecaptcha", "hcaptcha")).await;
    assert_eq!(reply.denied, Some("operation_denied"));
    let reply = stage.get(&format!("{}&pingback=https://evil.example/", submission(&key))).await;
    assert_eq!(reply.denied, Some("callback_denied"));
    assert!(stage.received.lock().is_empty());
}

#[tokio::test]
async fn too_many_calls_in_flight_are_turned_away_and_what_they_held_returns() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let bound = stage.registry.snapshot().key("shop").unwrap().clone();
    bound.attachment.in_flight.store(64, Ordering::Relaxed);
    assert_eq!(stage.submit(&key).await.denied, Some("overloaded"));
    assert_eq!(bound.attachment.in_flight.load(Ordering::Relaxed), 64);
    assert_eq!(stage.left("shop").await, 1_000_000_000);
}
