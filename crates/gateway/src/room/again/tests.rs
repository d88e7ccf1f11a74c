use std::time::Duration;

use serde_json::json;
use tokio::sync::Notify;
use tollgate_model::Mono;

use super::*;
use crate::clock::tests::skip;
use crate::fixture::{Fixture, Says, submission, text};

const DOLLAR: i64 = 1_000_000_000;

#[tokio::test]
async fn bu_17_the_same_name_and_submission_are_answered_alike_and_sent_and_held_once() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let all = [stage.submit_named(&key, "a-1"), stage.submit_named(&key, "a-1"), stage.submit_named(&key, "a-1")];
    let [one, two, three] = all;
    let (one, two, three) = tokio::join!(one, two, three);
    assert_eq!([text(&one), text(&two), text(&three)], ["OK|7000001"; 3]);
    assert_eq!((stage.left("shop").await, stage.received.lock().len()), (DOLLAR - 100_000_000, 1));
    assert_eq!(text(&stage.submit_named(&key, "a-1").await), "OK|7000001");
    let line = stage.lines().pop().unwrap();
    assert_eq!(line.pointer("/event/action"), Some(&json!("request")));
    assert!(line.pointer("/tollgate/reason").and_then(|reason| reason.as_str()).is_some_and(|reason| reason.contains(&one.id.to_string())));
    stage.provider_says(Says::Body("OK|7000002"));
    assert_eq!(text(&stage.submit_named(&key, "a-2").await), "OK|7000002", "another name is another task");
    stage.provider_says(Says::Body("OK|7000003"));
    assert_eq!(text(&stage.submit(&key).await), "OK|7000003", "without a name each is a task");
}

#[tokio::test]
async fn another_submission_under_the_same_name_is_refused() {
    let stage = Fixture::new().await;
    let (key, other) = (stage.key("shop", |_| {}).await, stage.key("other", |_| {}).await);
    stage.submit_named(&key, "a-1").await;
    let reply = stage.get_named(&submission(&key).replace("example.com", "example.org"), "a-1").await;
    assert_eq!((text(&reply), reply.denied), ("ERROR_TOLLGATE_DUPLICATE", Some("duplicate")));
    stage.provider_says(Says::Body("OK|7000002"));
    assert_eq!(text(&stage.submit_named(&other, "a-1").await), "OK|7000002", "a name is its key's own");
    assert_eq!(stage.received.lock().len(), 2);
}

#[tokio::test]
async fn a_name_that_is_none_is_malformed_and_is_not_looked_at_on_a_poll() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let long = "x".repeat(256);
    for name in ["", "a b", "caf\u{e9}", &long] {
        let reply = stage.submit_named(&key, name).await;
        assert_eq!(reply.denied, Some("malformed"), "{name}");
    }
    assert!(stage.received.lock().is_empty());
    assert_eq!(stage.submit_named(&key, &"x".repeat(255)).await.denied, None);
    let poll = stage.get_named(&format!("/res.php?key={key}&action=get&id=7000001"), "").await;
    assert_eq!(poll.denied, None);
}

#[tokio::test]
async fn bu_19_what_is_unknown_stays_unknown_and_is_never_sent_again() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.provider_says(Says::Raw(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n".to_vec()));
    let first = stage.submit_named(&key, "a-1").await;
    stage.provider_says(Says::Body("OK|7000001"));
    let again = stage.submit_named(&key, "a-1").await;
    assert_eq!([text(&first), text(&again)], ["ERROR_TOLLGATE_OUTCOME_UNKNOWN"; 2]);
    assert_eq!((stage.left("shop").await, stage.received.lock().len()), (DOLLAR - 100_000_000, 1));
}

#[tokio::test]
async fn bu_10_what_cost_nothing_may_be_tried_again_unless_the_provider_would_refuse_it_again() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.registry.pause_key(&tollgate_model::Name::parse("shop").unwrap(), "test", stage.worker.now().wall).await.unwrap();
    assert_eq!(stage.submit_named(&key, "a-1").await.denied, Some("paused"));
    stage.registry.resume_key(&tollgate_model::Name::parse("shop").unwrap(), stage.worker.now().wall).await.unwrap();
    stage.provider_says(Says::Body("ERROR_NO_SLOT_AVAILABLE"));
    assert_eq!(text(&stage.submit_named(&key, "a-1").await), "ERROR_NO_SLOT_AVAILABLE");
    stage.provider_says(Says::Body("ERROR_WRONG_GOOGLEKEY"));
    assert_eq!(text(&stage.submit_named(&key, "a-1").await), "ERROR_WRONG_GOOGLEKEY");
    stage.provider_says(Says::Body("OK|7000001"));
    assert_eq!(text(&stage.submit_named(&key, "a-1").await), "ERROR_WRONG_GOOGLEKEY");
    assert_eq!((stage.left("shop").await, stage.received.lock().len()), (DOLLAR, 2));
}

#[tokio::test]
async fn an_answer_is_given_again_while_the_key_is_paused_since_it_is_paid_for() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.submit_named(&key, "a-1").await;
    stage.registry.pause_key(&tollgate_model::Name::parse("shop").unwrap(), "test", stage.worker.now().wall).await.unwrap();
    assert_eq!(text(&stage.submit_named(&key, "a-1").await), "OK|7000001");
    assert_eq!(stage.submit_named(&key, "a-2").await.denied, Some("paused"));
}

#[tokio::test]
async fn whoever_waits_too_long_for_the_first_is_told_to_wait_and_nothing_is_sent() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    stage.provider_says(Says::Later);
    let hour = Mono::from_nanos(stage.worker.now().mono.nanos() + 3_600_000_000_000);
    let second = async {
        tokio::task::yield_now().await;
        let waits = stage.submit_named(&key, "a-1");
        let sweeps = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            stage.worker.deadlines.sweep(hour, false);
        };
        tokio::join!(waits, sweeps).0
    };
    let (first, second) = tokio::join!(stage.submit_named(&key, "a-1"), second);
    assert_eq!((text(&second), second.denied, second.retry_after_s), ("ERROR_NO_SLOT_AVAILABLE", Some("concurrency_limited"), Some(1)));
    assert_eq!(text(&first), "ERROR_TOLLGATE_OUTCOME_UNKNOWN", "the sweep has ended the first as well");
    assert_eq!(stage.received.lock().len(), 1);
}

#[tokio::test]
async fn a_full_table_lets_a_submission_without_a_name_go_on_and_refuses_a_named_one() {
    let repeats = Arc::new(Repeats::default());
    let stage = Fixture::collapsing(repeats.clone()).await;
    let key = stage.key("shop", |_| {}).await;
    assert_eq!([text(&stage.submit(&key).await), text(&stage.submit(&key).await)], ["OK|7000001"; 2]);
    assert_eq!(stage.received.lock().len(), 1, "said twice, sent once");
    repeats.fill();
    stage.worker.gate.repeats.fill();
    stage.provider_says(Says::Body("OK|7000002"));
    let other = submission(&key).replace("example.com", "example.org");
    let reply = stage.get(&other).await;
    assert_eq!((text(&reply), reply.denied), ("OK|7000002", None));
    assert_eq!(stage.get_named(&other, "a-1").await.denied, Some("overloaded"));
    assert_eq!(stage.received.lock().len(), 2);
}

/// Two with one name; while the second waits for the first something happens, and then the first is answered so.
async fn waiting(stage: &Fixture, key: &str, says: &'static str, meanwhile: impl AsyncFnOnce()) -> [Reply; 2] {
    let told = Arc::new(Notify::new());
    stage.provider_says(Says::Told(told.clone(), says));
    let second = async {
        tokio::task::yield_now().await;
        stage.submit_named(key, "a-1").await
    };
    let happens = async {
        while stage.received.lock().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        meanwhile().await;
        stage.provider_says(Says::Body("OK|7000002"));
        told.notify_one();
    };
    let (first, second, ()) = tokio::join!(stage.submit_named(key, "a-1"), second, happens);
    [first, second]
}

#[tokio::test]
async fn a_key_that_is_revoked_while_it_waits_for_the_first_gets_neither_its_answer_nor_its_turn() {
    for (says, first) in [("OK|7000001", "OK|7000001"), ("ERROR_NO_SLOT_AVAILABLE", "ERROR_NO_SLOT_AVAILABLE")] {
        let stage = Fixture::new().await;
        let key = stage.key("shop", |_| {}).await;
        let name = tollgate_model::Name::parse("shop").unwrap();
        let revoked = async || drop(stage.registry.revoke_key(&name, stage.worker.gate.clock.now().wall).await.unwrap());
        let [one, two] = waiting(&stage, &key, says, revoked).await;
        assert_eq!((text(&one), two.denied), (first, Some("unauthenticated")));
        assert_eq!(stage.received.lock().len(), 1, "nothing more is sent");
    }
}

#[tokio::test]
async fn whoever_waited_while_nothing_was_heard_of_other_gates_buys_nothing() {
    let stage = Fixture::sharing().await;
    let key = stage.key("shop", |_| {}).await;
    let [_, two] = waiting(&stage, &key, "ERROR_NO_SLOT_AVAILABLE", async || skip(Duration::from_secs(11))).await;
    assert_eq!(two.denied, Some("books_unavailable"));
    assert_eq!(stage.received.lock().len(), 1);
}

#[tokio::test]
async fn whoever_waited_is_admitted_at_the_time_it_is_by_then() {
    let stage = Fixture::new().await;
    let key = stage.key("shop", |_| {}).await;
    let other = stage.key("other", |_| {}).await;
    let meanwhile = async || {
        skip(Duration::from_secs(3));
        // the books see the later time
        assert_eq!(stage.get(&format!("/res.php?key={other}&action=getbalance")).await.denied, None);
    };
    let [_, two] = waiting(&stage, &key, "ERROR_NO_SLOT_AVAILABLE", meanwhile).await;
    assert_eq!((text(&two), two.denied), ("OK|7000002", None), "the clock did not go back, it went on");
}
