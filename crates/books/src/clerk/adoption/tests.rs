use std::collections::HashMap;

use tollgate_model::{Amount, KeyId, Limit, LimitKind, Money, Name, Period, Scope, TaskId, Timestamp, Zone};

use super::super::tests::{Desk, now};
use super::*;
use crate::account::{Tried, Wish};
use crate::port::{Fact, HoldRow, HoldState, Store};
use crate::task::Ending;

/// A hold that another gate has left.
fn left(number: u8, state: HoldState, task: Option<&[u8]>) -> HoldRow {
    HoldRow {
        request: RequestId::from_bytes([number; 16]),
        key: KeyId::from_bytes([1; 16]),
        team: None,
        upstream: Name::parse("p").unwrap(),
        method: "m".to_owned(),
        at: Timestamp::from_millis(1),
        held: Money::from_nanos(100),
        settled: None,
        task: task.and_then(|task| TaskId::parse(task).ok()),
        state,
    }
}

#[tokio::test]
async fn what_a_gate_has_left_is_ended_once_and_the_book_is_told_of_it() {
    let desk = Desk::new().await;
    let rows = [left(1, HoldState::Open, Some(b"71")), left(2, HoldState::Open, None), left(3, HoldState::Unknown, None)];
    *desk.store.left.lock() = rows.to_vec();
    // as the dead gate had told the book
    let fence = desk.books.fence;
    let held = |row: &HoldRow| Fact::Held {
        request: row.request,
        key: row.key,
        team: None,
        upstream: row.upstream.clone(),
        method: row.method.clone(),
        at: row.at,
        held: row.held,
    };
    desk.store.post(fence, rows.iter().map(held).collect(), HashMap::new(), Vec::new()).await.unwrap();
    desk.books.adopt(GONE_MS).await.unwrap();
    desk.books.adopt(GONE_MS).await.unwrap();
    let orphans = desk.account.orphans(32);
    assert_eq!(orphans.iter().map(|orphan| orphan.request).collect::<Vec<_>>(), [rows[0].request, rows[1].request]);
    assert!(desk.account.orphans(32).is_empty(), "each is given once");
    let before = desk.account.ledger();
    let closed = desk.account.end_orphan(rows[0].request, Ending::Answered(Some(Money::from_nanos(70))), now()).unwrap();
    assert_eq!((closed.settled.nanos(), closed.held.nanos()), (70, 100));
    desk.account.lose_orphan(rows[1].request, now());
    assert_eq!(desk.account.unknowns().len(), 2);
    assert!(desk.account.resolve(rows[2].request, None, now()).unwrap().voided);
    desk.books.post().await.unwrap();
    let unsettled = desk.store.unsettled(None, 8).await.unwrap();
    assert_eq!(unsettled.iter().map(|row| (row.request, row.state)).collect::<Vec<_>>(), [(rows[1].request, HoldState::Unknown)]);
    assert_eq!(desk.account.ledger(), before, "it was bought and is counted elsewhere");
    // the book tells of one only, and the rest is forgotten
    *desk.store.left.lock() = vec![left(2, HoldState::Unknown, None)];
    desk.books.adopt(GONE_MS).await.unwrap();
    assert_eq!(desk.account.unknowns().len(), 1);
}

#[tokio::test]
async fn what_returns_of_another_gates_purchase_is_not_this_ones_to_spend() {
    let desk = Desk::new().await;
    let row = left(1, HoldState::Open, Some(b"71"));
    *desk.store.left.lock() = vec![row.clone()];
    let amount = Amount::Money(Money::from_nanos(100));
    let kind = LimitKind::Cap { amount, period: Period::Day, zone: Zone::utc() };
    let limit = desk.account.bind(&Limit::new(Scope::Key(row.key), kind), now());
    desk.books.adopt(GONE_MS).await.unwrap();
    let view = || desk.account.view(&[limit], now());
    let before = view();
    desk.account.orphans(8);
    desk.account.end_orphan(row.request, Ending::Refunded, now()).unwrap();
    assert_eq!(view(), before);
    let wish = Wish {
        request: RequestId::from_bytes([9; 16]),
        key: row.key,
        team: None,
        method: "m",
        cost: Money::from_nanos(1),
        limits: &[limit],
        observe_rate: false,
    };
    assert!(matches!(desk.account.try_reserve(&wish, now()), Tried::Cold { .. }), "the book is asked first, as before");
}
