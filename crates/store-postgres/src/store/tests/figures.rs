//! How fast is it here? `cargo test -p tollgate-store-postgres figures -- --ignored --nocapture` prints it; nothing is asserted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tollgate_books::{Counter, Fact, Fence, Holder, LeaseWant, Store, Unit};
use tollgate_model::{KeyId, Money, Name, Period, RequestId, Scope, TaskId, Timestamp, Zone};

use super::super::PostgresStore;
use crate::stand::{Server, run};

const DAY: i64 = 1_795_392_000_000;

#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
fn now() -> Instant {
    Instant::now()
}

fn held(number: u32) -> Fact {
    let at = Timestamp::from_millis(DAY + i64::from(number));
    Fact::Held {
        request: request(number),
        key: KeyId::from_bytes([u8::try_from(number % 50).unwrap(); 16]),
        team: Some(Name::parse("research").unwrap()),
        upstream: Name::parse("solver").unwrap(),
        method: "NormalCaptcha".to_owned(),
        at,
        held: Money::from_nanos(2_900_000),
    }
}

fn request(number: u32) -> RequestId {
    let [a, b, c, d] = number.to_be_bytes();
    RequestId::new(Timestamp::from_millis(DAY + i64::from(number)), [0, 0, 0, a, b, c, d, 0, 0, 0])
}

/// What a request tells after its start: named, and paid for.
fn rest(number: u32) -> [Fact; 2] {
    let at = Timestamp::from_millis(DAY + i64::from(number));
    let opened = Fact::Opened { request: request(number), task: TaskId::parse(number.to_string().as_bytes()).unwrap(), at };
    [opened, Fact::Settled { request: request(number), cost: Money::from_nanos(1_000_000), assumed: false, at }]
}

fn want(scope: Scope, used: i64) -> LeaseWant {
    let window = Period::Day.window(&Zone::utc(), Timestamp::from_millis(DAY));
    let counter = Counter { scope, unit: Unit::Money, period: Period::Day, zone: Zone::utc(), window };
    let holder = Holder { instance: "gate".to_owned(), account: Name::parse("solver").unwrap() };
    LeaseWant { counter, holder, cap: i64::MAX, used: Some(used), least: 1, slice: 1_000 }
}

async fn timed<T>(what: &str, work: impl Future<Output = T>) -> (T, Duration) {
    let begun = now();
    let done = work.await;
    println!("{what}: {:.1?}", begun.elapsed());
    (done, begun.elapsed())
}

async fn leases(store: &Arc<PostgresStore>, fence: Fence, at_once: usize) {
    let mut took = Vec::new();
    for round in 0..200 {
        let begun = now();
        let mut asked = Vec::new();
        for caller in 0..at_once {
            let (store, key) = (store.clone(), KeyId::from_bytes([u8::try_from(caller).unwrap(); 16]));
            asked.push(async move { store.lease(fence, vec![want(Scope::Key(key), round)]).await.unwrap() });
        }
        let mut set = tokio::task::JoinSet::new();
        for lease in asked {
            set.spawn(lease);
        }
        set.join_all().await;
        took.push(begun.elapsed());
    }
    took.sort();
    println!("{at_once} leases at once: median {:.1?}, worst {:.1?}", took[took.len() / 2], took[took.len() - 1]);
}

#[test]
#[ignore = "prints figures of this machine"]
fn figures() {
    let (database, gate) = (Server::shared().database(), TempDir::new().unwrap());
    run(async {
        let (store, _) = timed("open, new schema", async { database.store(gate.path()) }).await;
        let fence = store.open("gate", "boot", true).await.unwrap().fence;
        leases(&store, fence, 1).await;
        leases(&store, fence, 50).await;
        let post = |facts| store.post(fence, facts, HashMap::from([("w0".to_owned(), 1)]), Vec::new());
        timed("post of 1,000 new holds", post((0..1000).map(held).collect())).await.0.unwrap();
        timed("post of 1,000 facts: named, settled", post((0..500).flat_map(rest).collect())).await.0.unwrap();
        for batch in 1..=100 {
            post((batch * 1000..(batch + 1) * 1000).map(held).collect()).await.unwrap();
        }
        timed("post of 1,000 new holds, 100,000 in the book", post((200_000..201_000).map(held).collect())).await.0.unwrap();
        let last = async {
            let task = TaskId::parse(b"77").unwrap();
            store.owner(&Name::parse("solver").unwrap(), task).await.unwrap().unwrap()
        };
        timed("owner", last).await;
        timed("a team's new counter over 100,000 holds", store.lease(fence, vec![want(Scope::Team(Name::parse("research").unwrap()), 0)]))
            .await
            .0
            .unwrap();
        timed("usage of a day", store.usage("2026-11-23", "2026-11-23")).await.0.unwrap();
        drop(store);
        let (store, _) = timed("open, old schema", async { database.store(gate.path()) }).await;
        let rows = timed("unsettled", store.unsettled()).await.0.unwrap();
        println!("{} open holds", rows.len());
    });
}
