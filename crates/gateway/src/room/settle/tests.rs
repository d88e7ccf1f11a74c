use serde_json::json;

use crate::fixture::{Fixture, Says, text};

#[tokio::test]
async fn bu_10_a_refusal_before_work_returns_the_money_in_the_providers_word() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.provider_says(Says::Body("ERROR_NO_SLOT_AVAILABLE"));
    assert_eq!(text(&stage.submit(&key).await), "ERROR_NO_SLOT_AVAILABLE");
    assert_eq!((stage.last("/tollgate/hold"), stage.last("/tollgate/provider_error")), (json!("voided"), json!("ERROR_NO_SLOT_AVAILABLE")));
    assert_eq!(stage.left("shop").await, 1_000_000_000);
}

#[tokio::test]
async fn the_providers_no_to_our_account_is_not_the_callers_fault_and_wakes_somebody() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.provider_says(Says::Body("ERROR_KEY_DOES_NOT_EXIST"));
    assert_eq!(text(&stage.submit(&key).await), "ERROR_TOLLGATE_UPSTREAM_ACCOUNT");
    assert_eq!(stage.last("/tollgate/alarm"), json!("upstream_account"));
    assert_eq!(stage.left("shop").await, 1_000_000_000);
}

#[tokio::test]
async fn bu_08_an_answer_settles_once_at_the_providers_price() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.submit(&key).await;
    stage.provider_says(Says::Body("OK|answer|0.04"));
    for _ in 0..3 {
        assert_eq!(text(&stage.get(&format!("/res.php?key={key}&action=get&id=7000001")).await), "OK|answer");
    }
    assert_eq!(stage.left("shop").await, 960_000_000);
    let settles: Vec<_> = stage.lines().into_iter().filter(|line| line.pointer("/event/action") == Some(&json!("settle"))).collect();
    assert_eq!(settles.len(), 1);
    assert_eq!(settles[0].pointer("/tollgate/cost/settled"), Some(&json!("0.040000000")));
}

#[tokio::test]
async fn bu_07_a_price_above_the_table_is_booked_in_full_and_stops_the_method() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.submit(&key).await;
    stage.provider_says(Says::Body("OK|answer|0.25"));
    stage.get(&format!("/res.php?key={key}&action=get2&id=7000001")).await;
    assert_eq!(stage.left("shop").await, 750_000_000);
    assert_eq!(stage.submit(&key).await.denied, Some("operation_denied"));
}

#[tokio::test]
async fn an_id_that_is_given_twice_is_withheld_from_both() {
    let stage = Fixture::new().await;
    let (one, two) = (stage.key("one", |_| {}).await, stage.key("two", |_| {}).await);
    assert_eq!(text(&stage.submit(&one).await), "OK|7000001");
    assert_eq!(text(&stage.submit(&two).await), "ERROR_TOLLGATE_OUTCOME_UNKNOWN");
    for key in [one, two] {
        assert_eq!(stage.get(&format!("/res.php?key={key}&action=get&id=7000001")).await.denied, Some("not_owner"));
    }
}

#[tokio::test]
async fn se_14_a_refused_key_is_not_shown_again_and_a_poll_reads_not_ready_meanwhile() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.submit(&key).await;
    stage.provider_says(Says::Body("ERROR_KEY_DOES_NOT_EXIST"));
    assert_eq!(text(&stage.submit(&key).await), "ERROR_TOLLGATE_UPSTREAM_ACCOUNT");
    let before = stage.received.lock().len();
    for _ in 0..10 {
        assert_eq!(stage.submit(&key).await.denied, Some("secret_unavailable"));
    }
    let polled = stage.get(&format!("/res.php?key={key}&action=get&id=7000001")).await;
    assert_eq!(text(&polled), "CAPCHA_NOT_READY");
    assert_eq!(stage.received.lock().len(), before);
    assert_eq!(stage.left("shop").await, 900_000_000);
}
