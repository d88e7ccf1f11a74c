use tollgate_model::Timestamp;

use crate::fixture::{Fixture, text};

#[tokio::test]
async fn without_the_real_key_nothing_is_sent_and_what_was_held_returns() {
    let stage = Fixture::with(Timestamp::default(), None).await;
    let key = stage.key("shop", |_| {}).await;
    let reply = stage.submit(&key).await;
    assert_eq!((text(&reply), reply.denied), ("ERROR_NO_SLOT_AVAILABLE", Some("secret_unavailable")));
    assert_eq!(stage.left("shop").await, 1_000_000_000);
    assert_eq!(stage.get("/readyz").await.status, 503);
}
