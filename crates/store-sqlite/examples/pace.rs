//! What does the book cost? Prints microseconds of processor time a submission, for posts as a busy gate sends them.
//!
//! `cargo run --release -p tollgate-store-sqlite --example pace [keys]`: each key has caps of a day and a month in money and one
//! in tasks, and a team; a post holds a second's facts.

use std::collections::HashMap;
use std::error::Error;

use tollgate_books::{Counter, Fact, Fence, Holder, LeaseWant, Store, Unit};
use tollgate_model::{KeyId, Money, Name, Period, RequestId, Scope, TaskId, Timestamp, Zone};
use tollgate_store_sqlite::SqliteStore;

const NOW: i64 = 1_795_424_400_000;
const POSTS: i64 = 60;
const SUBMISSIONS: i64 = 1_500;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let keys: i64 = std::env::args().nth(1).map_or(Ok(10_000), |keys| keys.parse())?;
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(&folder.path().join("tollgate.db"))?;
    let fence = store.open("gate", "boot", true).await?.fence;
    let before = spent()?;
    for number in 0..keys {
        store.lease(fence, wants(number)?).await?;
    }
    println!("first leases {:>7.2} µs a key", per(spent()? - before, keys));
    for (what, settled) in [("submitted", false), ("and settled", true)] {
        let before = spent()?;
        for second in 0..POSTS {
            post(&store, fence, keys, second + if settled { 1_000 } else { 0 }, settled).await?;
        }
        println!("{what:>12} {:>7.2} µs a submission", per(spent()? - before, POSTS * SUBMISSIONS));
    }
    let before = spent()?;
    for number in 0..keys {
        store.lease(fence, wants(number)?).await?;
    }
    println!("next leases  {:>7.2} µs a key", per(spent()? - before, keys));
    Ok(())
}

async fn post(store: &SqliteStore, fence: Fence, keys: i64, second: i64, settled: bool) -> Result<(), Box<dyn Error>> {
    let mut facts = Vec::new();
    for number in 0..SUBMISSIONS {
        let of_all = second * SUBMISSIONS + number;
        let at = Timestamp::from_millis(NOW + second * 1_000 + number / 2);
        let [.., a, b, c, d] = of_all.to_be_bytes();
        let request = RequestId::new(at, [0, 0, 0, 0, 0, 0, a, b, c, d]);
        // keys in no order
        let key = key(of_all * 7_919 % keys);
        let (team, upstream) = (Some(Name::parse("research")?), Name::parse("solver")?);
        let (method, held) = ("userrecaptcha".to_owned(), Money::from_nanos(2_990_000));
        facts.push(Fact::Held { request, key, team, upstream, method, at, held });
        facts.push(Fact::Opened { request, task: TaskId::parse(format!("{}", 2_000_000_000 + of_all).as_bytes())?, at });
        if settled {
            facts.push(Fact::Settled { request, cost: held, assumed: false, at });
        }
    }
    Ok(store.post(fence, facts, HashMap::from([("w0".to_owned(), second.unsigned_abs())]), Vec::new()).await?)
}

fn key(number: i64) -> KeyId {
    let [.., a, b, c, d] = number.wrapping_mul(0x9e37_79b9).to_be_bytes();
    KeyId::new(Timestamp::from_millis(NOW - number), [a, b, c, d, 0, 0, a, b, c, d])
}

fn wants(number: i64) -> Result<Vec<LeaseWant>, Box<dyn Error>> {
    let holder = Holder { instance: "gate".to_owned(), account: Name::parse("solver")? };
    let want = |unit, period: Period| {
        let window = period.window(&Zone::utc(), Timestamp::from_millis(NOW));
        let counter = Counter { scope: Scope::Key(key(number)), unit, period, zone: Zone::utc(), window };
        LeaseWant { counter, holder: holder.clone(), cap: 1_000_000_000_000, used: None, least: 2_990_000, slice: 200_000_000 }
    };
    Ok(vec![want(Unit::Money, Period::Day), want(Unit::Money, Period::Month), want(Unit::Tasks, Period::Day)])
}

/// Nanoseconds of processor time of all threads, as the kernel has accounted them.
fn spent() -> Result<i64, Box<dyn Error>> {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let stat = std::fs::read_to_string(task?.path().join("schedstat"))?;
        sum += stat.split(' ').next().unwrap_or_default().parse::<i64>()?;
    }
    Ok(sum)
}

#[expect(clippy::cast_precision_loss, reason = "printed")]
fn per(nanos: i64, number: i64) -> f64 {
    nanos as f64 / 1_000.0 / number as f64
}
