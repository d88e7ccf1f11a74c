use tollgate_model::{Limit, Rate};

use super::*;
use crate::fixture::{Fixture, text};

#[tokio::test]
async fn pc_a_foreign_task_and_an_unknown_one_are_told_apart_by_nobody() {
    let stage = Fixture::new().await;
    let owner = stage.key("owner", |_| {}).await;
    let thief = stage.key("thief", |_| {}).await;
    stage.submit(&owner).await;
    let before = stage.received.lock().len();
    let foreign = stage.get(&format!("/res.php?key={thief}&action=get&id=7000001")).await;
    let unknown = stage.get(&format!("/res.php?key={thief}&action=get&id=1234567")).await;
    assert_eq!((foreign.status, &foreign.body, foreign.denied), (unknown.status, &unknown.body, unknown.denied));
    assert_eq!((text(&foreign), foreign.denied), ("ERROR_WRONG_CAPTCHA_ID", Some("not_owner")));
    let mixed = stage.get(&format!("/res.php?key={owner}&action=get&ids=7000001,1234567")).await;
    assert_eq!(mixed.denied, Some("not_owner"));
    assert_eq!(stage.received.lock().len(), before);
}

fn view(kind: LimitKind, used: i64, left: i64) -> LimitView {
    let scope = Scope::Key(tollgate_model::KeyId::from_bytes([1; 16]));
    LimitView { limit: Limit::new(scope, kind), used, left, known: true, resets_at: None, raised_until: None }
}

#[test]
fn the_balance_is_the_tightest_cap_in_money_then_tasks_at_their_price() {
    let day = view(LimitKind::parse_cap("5/day").unwrap(), 0, 5_000_000_000);
    let month = view(LimitKind::parse_cap("50/month").unwrap(), 0, 2_000_000_000);
    let tasks = view(LimitKind::parse_tasks("10/day").unwrap(), 7, 3);
    let price = Some(Money::parse("0.10").unwrap());
    assert_eq!(balance(&[day, month.clone(), tasks.clone()], price), Money::parse("2").unwrap());
    assert_eq!(balance(std::slice::from_ref(&tasks), price), Money::parse("0.30").unwrap());
    let account = LimitView { limit: Limit { scope: Scope::Upstream(tollgate_model::Name::parse("p").unwrap()), ..month.limit }, ..month };
    assert_eq!(balance(&[account], price), Money::parse("2").unwrap());
    assert_eq!(balance(&[], price), UNCAPPED);
}

#[test]
fn threads_are_the_keys_concurrency_and_all_busy_while_a_submission_would_be_refused_for_now() {
    let permits = view(LimitKind::Concurrency(5), 2, 3);
    assert_eq!(threads(std::slice::from_ref(&permits), 2, Some(50), false), (5, 2));
    assert_eq!(threads(&[], 2, Some(50), false), (50, 2));
    let rate = view(LimitKind::Rate(Rate { per_minute: 60, burst: 6 }), 1, 0);
    assert_eq!(threads(&[permits.clone(), rate], 2, Some(50), false), (5, 5));
    let plan = view(LimitKind::Concurrency(50), 50, 0);
    assert_eq!(threads(&[permits.clone(), plan], 2, Some(50), false), (5, 5), "others have the whole plan");
    assert_eq!(threads(&[permits], 2, Some(50), true), (5, 5), "the provider has said so");
}
