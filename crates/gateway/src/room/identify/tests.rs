use serde_json::json;
use tollgate_model::Name;

use crate::fixture::{Fixture, REAL_KEY, text};

#[tokio::test]
async fn id_02_everything_that_is_no_key_of_ours_looks_alike() {
    let stage = Fixture::new().await;
    let revoked = stage.key("revoked", |_| {}).await;
    stage.registry.revoke_key(&Name::parse("revoked").unwrap(), stage.worker.gate.clock.now().wall).await.unwrap();
    for key in ["", "x", "tgk_0000000000000000000000000000", REAL_KEY, &revoked] {
        let reply = stage.submit(key).await;
        assert_eq!((reply.status, text(&reply), reply.denied), (200, "ERROR_KEY_DOES_NOT_EXIST", Some("unauthenticated")), "{key}");
    }
    assert!(stage.received.lock().is_empty());
    let reasons: Vec<_> = stage.lines().iter().filter_map(|line| line.pointer("/tollgate/denied_by").cloned()).collect();
    assert!(reasons.contains(&json!("revoked")), "the record tells them apart: {reasons:?}");
}

#[tokio::test]
async fn the_real_key_from_a_client_wakes_somebody_and_stands_nowhere() {
    let stage = Fixture::new().await;
    stage.submit(REAL_KEY).await;
    assert_eq!(stage.last("/tollgate/alarm"), json!("real_key_presented"));
    assert!(!stage.lines().iter().any(|line| line.to_string().contains(REAL_KEY)));
}

#[tokio::test]
async fn id_14_whoever_tries_keys_is_slowed_and_the_owner_of_one_is_not() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let mut answers = Vec::new();
    for number in 0..100 {
        answers.push(stage.submit(&format!("tgk_{number:028}")).await);
    }
    let slowed: Vec<_> = answers.iter().filter(|answer| answer.denied == Some("rate_limited")).collect();
    assert_eq!(slowed.len(), 40);
    assert!(slowed.iter().all(|answer| answer.retry_after_s.is_some_and(|seconds| (1..=60).contains(&seconds))));
    assert_eq!(text(&stage.submit(&key).await), "OK|7000001");
}
