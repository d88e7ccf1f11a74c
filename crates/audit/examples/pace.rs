//! How fast is the journal? Prints nanoseconds a line for writing, sealing, verifying, replaying and finding names.
//!
//! `cargo run --release -p tollgate-audit --example pace [calls]`: each call is an intent, an outcome and a settle line.

use std::collections::HashMap;
use std::error::Error;
use std::time::{Duration, Instant};

use tollgate_audit::{HoldEnd, Journal, Kind, Record, Sealer, answered, find, replay, verify};
use tollgate_model::{CredentialHash, Factor, KeyId, Money, Mono, Name, Now, RequestId, TaskId, Timestamp, Verdict};

/// Calls whose lines go out together.
const BLOCK: u32 = 400;

fn main() -> Result<(), Box<dyn Error>> {
    let calls: u32 = std::env::args().nth(1).map_or(Ok(300_000), |calls| calls.parse())?;
    let lines = calls.saturating_mul(3);
    let dir = tempfile::tempdir()?;
    let journal = Journal::open(dir.path(), Timestamp::default())?;
    let (formatting, writing) = write(&journal, calls)?;
    print("append", formatting, lines);
    print("flush", writing, lines);
    let (sealed, sealing) = timed(|| Sealer::start(&journal).and_then(Sealer::stop));
    sealed?;
    print("seal", sealing, lines);
    let (verified, verifying) = timed(|| verify(dir.path()));
    println!("{:?}", verified.map_err(|findings| format!("{findings:?}"))?);
    print("verify", verifying, lines);
    let (replayed, replaying) = timed(|| replay(dir.path(), &HashMap::new()));
    print("replay", replaying, u32::try_from(replayed?.lines.len())?);
    let (named, naming) = timed(|| answered(dir.path(), Timestamp::default()));
    named?;
    print("names", naming, lines);
    let (found, finding) = timed(|| find(dir.path(), b"no such request", 10));
    found?;
    print("find", finding, lines);
    Ok(())
}

/// Lines go out some hundred at a time, as under full load; gives the time of the formatter and of the writes. The formatter's
/// is its middle hundreds times their number: a busy machine's pauses are not in it.
fn write(journal: &Journal, calls: u32) -> Result<(Duration, Duration), Box<dyn Error>> {
    let name = Name::parse("checkout-prod")?;
    let mut lanes = [journal.lane("w0")?, journal.lane("w1")?];
    let (mut formatting, mut writing) = (vec![Duration::ZERO], Duration::ZERO);
    for call in 0..calls {
        let millis = i64::from(call / 10);
        let at = Timestamp::from_millis(1_795_424_400_000 + millis);
        let [a, b, c, d] = call.to_be_bytes();
        let record = |kind, hold| Record {
            key: Some((KeyId::new(at, [7; 10]), &name)),
            team: Some(&name),
            upstream: Some(&name),
            operation: Some("submit"),
            method: Some("userrecaptcha"),
            task: TaskId::parse(b"2122988149").ok(),
            factors: Verdict { identity: Factor::Ok, network: Factor::Ok, allowance: Factor::Ok, time: Factor::Ok },
            held: Some(Money::from_nanos(2_990_000)),
            settled: Some(Money::from_nanos(2_990_000)),
            hold,
            secret_version: Some("v3"),
            credential: Some(CredentialHash::from_bytes([0xab; 32])),
            generation: 12,
            gate_us: 41,
            upstream_us: Some(93_000),
            client: Some([203, 0, 113, 9].into()),
            source: Some([10, 0, 0, 2].into()),
            user_agent: Some(b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 python-requests/2.32"),
            http: Some(("POST", 200)),
            ..Record::new(at, kind, RequestId::new(at, [0, 0, 0, 0, 0, 0, a, b, c, d]))
        };
        let records =
            [record(Kind::Intent, None), record(Kind::Outcome, Some(HoldEnd::Opened)), record(Kind::Settle, Some(HoldEnd::Settled))];
        let lane = lanes.get_mut(usize::from(d % 2)).ok_or("no lane")?;
        let appended = timed(|| records.iter().map(|record| lane.append(record)).max()).1;
        if let Some(block) = formatting.last_mut() {
            *block += appended;
        }
        if call % BLOCK < BLOCK - 2 {
            continue;
        }
        if call % BLOCK == BLOCK - 1 {
            formatting.push(Duration::ZERO);
        }
        let now = Now { wall: at, mono: Mono::from_nanos(1) };
        let (flushed, took) = timed(|| lane.flush(now));
        flushed?;
        writing += took;
    }
    for lane in &mut lanes {
        lane.flush(Now::default())?;
    }
    Ok((middle(formatting).saturating_mul(calls / BLOCK), writing))
}

/// The middle of the whole blocks; the last one is begun only.
fn middle(mut blocks: Vec<Duration>) -> Duration {
    blocks.pop();
    blocks.sort_unstable();
    blocks.get(blocks.len() / 2).copied().unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a measurement is of real time")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}

fn print(what: &str, took: Duration, lines: u32) {
    println!("{what:>8} {:>7} ns/line", took.as_nanos() / u128::from(lines.max(1)));
}
