//! Do all sums hold when gates write at once? Random lives of four gates on one book; then every sum is compared with the holds.

use std::collections::HashMap;
use std::sync::Arc;

use tempfile::TempDir;
use tollgate_books::{Counter, Fact, Fence, Holder, LeaseWant, Store, StoreError, Unit};
use tollgate_model::{KeyId, Money, Name, Period, RequestId, Scope, TaskId, Timestamp, Zone};

use super::super::PostgresStore;
use super::same::Dice;
use crate::stand::{Server, run};

const NOON: i64 = 1_795_435_200_000;
const STEPS: u64 = 50;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn accounts() -> [Name; 2] {
    [name("solver"), name("other")]
}

/// A fact about one of eighty holds, of whichever gate; the same hold always told in the same words.
fn fact(dice: &mut Dice) -> Fact {
    let number = u8::try_from(dice.roll(80)).unwrap();
    let at = Timestamp::from_millis(NOON + 45_000 * i64::from(number));
    let request = RequestId::new(at, [number; 10]);
    match dice.roll(8) {
        0..=3 => Fact::Held {
            request,
            key: KeyId::from_bytes([1; 16]),
            team: (number % 3 > 0).then(|| name("research")),
            upstream: accounts()[usize::from(number % 5 == 0)].clone(),
            method: "NormalCaptcha".to_owned(),
            at,
            held: Money::from_nanos(100 + i64::from(number)),
        },
        4 => Fact::Opened { request, task: TaskId::parse(number.to_string().as_bytes()).unwrap(), at },
        5 => Fact::Settled { request, cost: Money::from_nanos(dice.amount(300)), assumed: false, at },
        6 => Fact::Voided { request, at },
        _ => Fact::Unknown { request, at },
    }
}

fn counter(dice: &mut Dice) -> Counter {
    let scopes = [Scope::Key(KeyId::from_bytes([1; 16])), Scope::Team(name("research")), Scope::Upstream(name("solver"))];
    let period = dice.pick(&[Period::Hour, Period::Rolling, Period::Day, Period::Month, Period::Total]);
    let window = period.window(&Zone::utc(), Timestamp::from_millis(NOON + 45_000 * dice.amount(80)));
    Counter { scope: dice.pick(&scopes), unit: dice.pick(&[Unit::Money, Unit::Tasks]), period, zone: Zone::utc(), window }
}

async fn live(store: Arc<PostgresStore>, instance: String, mut dice: Dice) {
    let mut fence: Fence = store.open(&instance, "boot", true).await.unwrap().fence;
    for step in 0..STEPS {
        let holder = Holder { instance: instance.clone(), account: dice.pick(&accounts()) };
        let counters: Vec<Counter> = (0..=dice.roll(4)).map(|_| counter(&mut dice)).collect();
        let done = match dice.roll(6) {
            0..=2 => {
                let facts = (0..dice.roll(15)).map(|_| fact(&mut dice)).collect();
                let back = counters.into_iter().map(|counter| (counter, holder.clone(), dice.amount(200))).collect();
                store.post(fence, facts, HashMap::from([("w0".to_owned(), step)]), back).await
            }
            3..=4 => {
                let want = |counter: &Counter| LeaseWant {
                    counter: counter.clone(),
                    holder: holder.clone(),
                    cap: 5_000,
                    used: None,
                    least: 1,
                    slice: 50,
                };
                store.lease(fence, counters.iter().map(want).collect()).await.map(|_| ())
            }
            _ => {
                fence = store.open(&instance, "boot", true).await.unwrap().fence;
                Ok(())
            }
        };
        assert!(matches!(done, Ok(()) | Err(StoreError::Busy)), "{instance}, step {step}: {done:?}");
    }
}

#[test]
fn every_sum_is_that_of_the_holds_whoever_wrote_them_at_once() {
    let (database, gates) = (Server::shared().database(), [(); 4].map(|()| TempDir::new().unwrap()));
    // the first makes the book; the others are no strangers there
    let stores: Vec<_> = gates.iter().map(|gate| database.store(gate.path())).collect();
    std::thread::scope(|threads| {
        for (number, store) in (0_u64..).zip(&stores) {
            run(store.open(&format!("gate-{number}"), "boot", true)).unwrap();
            threads.spawn(move || run(live(store.clone(), format!("gate-{number}"), Dice(number))));
        }
    });
    let weight = "CASE WHEN c.unit = 'money' THEN coalesce(h.settled, h.held) ELSE 1 END";
    let scoped = "CASE split_part(c.scope, ' ', 1) WHEN 'team' THEN h.team WHEN 'upstream' THEN h.upstream
                  ELSE split_part(c.scope, ' ', 2) END = split_part(c.scope, ' ', 2)";
    let wrong = [
        format!(
            "SELECT count(*) FROM tollgate.counters c JOIN tollgate.shares s ON s.counter = c.id WHERE s.posted <> (
             SELECT coalesce(sum({weight}), 0) FROM tollgate.holds h WHERE h.state <> 'voided' AND h.at >= c.starts AND h.at < c.ends
             AND h.instance = s.instance AND h.upstream = s.account AND {scoped})"
        ),
        format!(
            "SELECT count(*) FROM tollgate.minutes m CROSS JOIN LATERAL (VALUES (m.scope, 'money', m.money), (m.scope, 'tasks', m.tasks))
             AS c (scope, unit, total) WHERE c.total <> (SELECT coalesce(sum({weight}), 0) FROM tollgate.holds h
             WHERE h.state <> 'voided' AND h.at / 60000 = m.minute AND {scoped})"
        ),
        "SELECT count(*) FROM (SELECT sum(tasks), sum(settled), sum(held), sum(unknown) FROM tollgate.usage EXCEPT
         SELECT count(*) FILTER (WHERE state <> 'voided'), coalesce(sum(settled), 0),
         coalesce(sum(held) FILTER (WHERE state = 'open'), 0), coalesce(sum(held) FILTER (WHERE state = 'unknown'), 0)
         FROM tollgate.holds) AS different"
            .to_owned(),
    ];
    for sql in wrong {
        assert_eq!(database.ask(&sql), "0", "{sql}");
    }
    // one order of locks for all
    assert_eq!(database.ask("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"), "0");
    for table in ["holds", "minutes", "counters", "usage"] {
        assert_ne!(database.ask(&format!("SELECT count(*) FROM tollgate.{table}")), "0", "{table}");
    }
}
