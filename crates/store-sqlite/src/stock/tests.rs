//! What is read weighs what the file weighs, and a file that is in use is not read.

use std::collections::HashMap;

use tempfile::TempDir;
use tollgate_books::{Counter, Fact, HoldState, Holder, LeaseWant, Store};
use tollgate_model::{KeyId, Money, Name, Pepper, Period, TaskId, Timestamp, Zone};
use tollgate_registry::RegistryStore;

use super::*;
use crate::SqliteStore;

const NOON: i64 = 1_795_435_200_000;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn request(number: u8) -> RequestId {
    RequestId::new(Timestamp::from_millis(NOON + i64::from(number) * 60_000), [number; 10])
}

/// Six purchases, each a minute after the other: one settled beyond its hold, one returned, one of unknown outcome, three open.
fn bought() -> Vec<Fact> {
    let held = |number: u8| Fact::Held {
        request: request(number),
        key: KeyId::from_bytes([number % 2; 16]),
        team: number.is_multiple_of(2).then(|| name("research")),
        upstream: name("solver"),
        method: "userrecaptcha".to_owned(),
        at: Timestamp::from_millis(NOON + i64::from(number) * 60_000),
        held: Money::from_nanos(100),
    };
    let at = Timestamp::from_millis(NOON + 400_000);
    let task = TaskId::parse(b"7000001").unwrap();
    let mut facts: Vec<Fact> = (0..6).map(held).collect();
    facts.extend([
        Fact::Opened { request: request(0), task, at },
        Fact::Settled { request: request(0), cost: Money::from_nanos(130), assumed: false, at },
        Fact::Voided { request: request(1), at },
        Fact::Unknown { request: request(2), at },
    ]);
    facts
}

fn filled(folder: &TempDir) -> SqliteStock {
    let path = folder.path().join("tollgate.db");
    let store = SqliteStore::open(&path).unwrap();
    run(async {
        store.load(Pepper::new([7; 32])).await.unwrap();
        let fence = store.open("gate", "boot", true).await.unwrap().fence;
        let zone = Zone::utc();
        let window = Period::Day.window(&zone, Timestamp::from_millis(NOON));
        let counter = Counter { scope: Scope::Upstream(name("solver")), unit: Unit::Money, period: Period::Day, zone, window };
        let holder = Holder { instance: "gate".to_owned(), account: name("solver") };
        let want = LeaseWant { counter, holder, cap: 10_000, used: None, least: 1, slice: 1_000 };
        store.lease(fence, vec![want]).await.unwrap();
        store.post(fence, bought(), HashMap::from([("lane".to_owned(), 41)]), Vec::new()).await.unwrap();
    });
    let refused = SqliteStock::open(&path).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.starts_with("another process uses the state folder"), "{refused}");
    drop(store);
    SqliteStock::open(&path).unwrap()
}

#[test]
fn what_is_read_weighs_what_the_file_weighs() {
    let folder = TempDir::new().unwrap();
    let mut stock = filled(&folder);
    let (whole, opening) = (stock.registry().unwrap(), stock.opening().unwrap().unwrap());
    let (days, counters, minutes) = (stock.days().unwrap(), stock.counters().unwrap(), stock.minutes().unwrap());
    let mut holds = Vec::new();
    while let some @ [_, ..] = &stock.holds(holds.last().map(|hold: &HoldRow| hold.request), 4).unwrap()[..] {
        holds.extend_from_slice(some);
    }
    let shares: Vec<&ShareRow> = counters.iter().flat_map(|counter| &counter.shares).collect();
    let count = |count: usize| i128::try_from(count).unwrap();
    let sum = |values: &mut dyn Iterator<Item = i64>| values.map(i128::from).sum::<i128>();
    for measure in Measure::ALL {
        let read = match measure {
            Measure::Keys => count(whole.keys.len()),
            Measure::Revoked => count(whole.keys.iter().filter(|key| key.record.revoked.is_some()).count()),
            Measure::Versions => i128::from(whole.generation),
            Measure::Secrets => count(whole.keys.iter().map(|key| key.record.secrets.len()).sum()),
            Measure::Teams => count(whole.teams.len()),
            Measure::Holds => count(holds.len()),
            Measure::Open => count(holds.iter().filter(|hold| hold.state == HoldState::Open).count()),
            Measure::Unknown => count(holds.iter().filter(|hold| hold.state == HoldState::Unknown).count()),
            Measure::Owned => count(holds.iter().filter(|hold| hold.task.is_some()).count()),
            Measure::Held => sum(&mut holds.iter().map(|hold| hold.held.nanos())),
            Measure::Settled => sum(&mut holds.iter().filter_map(|hold| hold.settled).map(Money::nanos)),
            Measure::UsedTasks => sum(&mut days.iter().map(|day| day.tasks)),
            Measure::UsedSettled => sum(&mut days.iter().map(|day| day.settled)),
            Measure::UsedHeld => sum(&mut days.iter().map(|day| day.held)),
            Measure::UsedUnknown => sum(&mut days.iter().map(|day| day.unknown)),
            Measure::UsedExcess => sum(&mut days.iter().map(|day| day.excess)),
            Measure::Busy => sum(&mut days.iter().map(|day| day.busy)),
            Measure::Counters => count(counters.len()),
            Measure::Shares => count(shares.len()),
            Measure::Posted => sum(&mut shares.iter().map(|share| share.posted)),
            Measure::Stranded => sum(&mut shares.iter().map(|share| share.stranded)),
            Measure::Ceilings => sum(&mut shares.iter().map(|share| share.ceiling)),
            Measure::Died => count(shares.iter().filter(|share| share.died).count()),
            Measure::Minutes => count(minutes.len()),
            Measure::MinuteTasks => sum(&mut minutes.iter().map(|minute| minute.tasks)),
            Measure::MinuteMoney => sum(&mut minutes.iter().map(|minute| minute.money)),
            Measure::Lanes => count(opening.lanes.len()),
            Measure::Lines => opening.lanes.values().map(|upto| i128::from(*upto)).sum(),
        };
        assert_eq!(stock.weigh(measure).unwrap(), read, "{}", measure.words());
    }
    let weigh = |stock: &mut SqliteStock, measure| stock.weigh(measure).unwrap();
    assert_eq!(
        [Measure::Holds, Measure::UsedSettled, Measure::UsedExcess, Measure::Ceilings].map(|of| weigh(&mut stock, of)),
        [6, 130, 30, 1_000]
    );
}

#[test]
fn sums_at_the_end_of_the_range_are_weighed_whole() {
    let folder = TempDir::new().unwrap();
    let mut stock = filled(&folder);
    drop(stock);
    let conn = Connection::open(folder.path().join("tollgate.db")).unwrap();
    conn.execute("UPDATE holds SET held = ?", [i64::MAX]).unwrap();
    drop(conn);
    stock = SqliteStock::open(&folder.path().join("tollgate.db")).unwrap();
    assert_eq!(stock.weigh(Measure::Held).unwrap(), 6 * i128::from(i64::MAX));
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tollgate.db");
    assert!(matches!(SqliteStock::open(&path), Err(OpenError::Missing { .. })));
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
