//! Three gates on one PostgreSQL and one Redis under three times a rate: no window holds more than it may, whatever becomes of Redis.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tollgate_tests::{Kept, Postgres, Redis, Setup, Stand, instant, submission};

use crate::alone;

const RATE: u64 = 100;
const BURST: u64 = 20;

/// A call, as its caller saw it: the decision lies between the two instants.
#[derive(Clone, Copy, Debug)]
struct Seen {
    sent: Duration,
    answered: Duration,
    admitted: bool,
}

struct Crowd {
    gates: Vec<Stand>,
    key: String,
    _server: Postgres,
}

/// Three gates with one key of that rate; the pace that the provider bans for is out of the way.
fn crowd(redis: &Redis) -> Result<Crowd> {
    let server = Postgres::start()?;
    let mut gates: Vec<Stand> = Vec::new();
    for name in ["a", "b", "c"] {
        let top = format!("store = \"{}\"\ninstance = \"{name}\"\nrates = \"redis://127.0.0.1:{}\"\ngates = 3", server.url(), redis.port());
        let origin = gates.first().map(|first| first.provider);
        gates.push(Stand::with(Setup { top: &top, origin, price: "0.0001", upstream: "governor = false", ..Setup::default() })?);
    }
    let keys: Vec<&str> = gates.iter().map(|gate| gate.real_key.as_str()).collect();
    let first = gates.first().context("no gate")?;
    first.mode(&json!({ "keys": keys, "balance": "100000" }))?;
    let rate = format!("{}/min burst {BURST}", RATE * 60);
    let key = first.key("paced", json!({ "rate": rate, "caps": ["10000/day"] }))?;
    // each knows the key, and has leased of the cap
    for gate in &gates {
        let began = instant();
        while Kept::open(gate.at)?.call(&submission(&key))?.task().is_none() {
            ensure!(began.elapsed() < Duration::from_secs(10), "a gate does not take the key's calls: {}", gate.gate.printed());
            thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(Crowd { gates, key, _server: server })
}

impl Crowd {
    /// Three times the rate over all gates, until it is told to stop; what everybody saw.
    fn load(&self, began: Instant, meanwhile: impl FnOnce() -> Result<()>) -> Result<Vec<Seen>> {
        let (over, callers) = (AtomicBool::new(false), 10);
        let one = |gate: &Stand, place: u32| -> Result<Vec<Seen>> {
            let (mut seen, mut connection) = (Vec::new(), Kept::open(gate.at)?);
            // each caller asks ten times a second, whatever it is answered
            let mut due = began.elapsed() + Duration::from_millis(10) * place;
            while !over.load(Ordering::Relaxed) {
                thread::sleep(due.saturating_sub(began.elapsed()));
                due += Duration::from_millis(100);
                let sent = began.elapsed();
                let answer = connection.call(&submission(&self.key))?;
                let admitted = answer.task().is_some();
                ensure!(admitted || answer.denied() == Some("rate_limited"), "{answer:?}");
                ensure!(admitted || answer.header("retry-after").is_some(), "{answer:?}");
                seen.push(Seen { sent, answered: began.elapsed(), admitted });
            }
            Ok(seen)
        };
        thread::scope(|threads| {
            let asking: Vec<_> = self
                .gates
                .iter()
                .flat_map(|gate| (0..callers).map(move |place| (gate, place)))
                .map(|(gate, place)| threads.spawn(move || one(gate, place)))
                .collect();
            let done = meanwhile();
            over.store(true, Ordering::Relaxed);
            let mut all = Vec::new();
            for caller in asking {
                all.extend(caller.join().map_err(|_| anyhow::anyhow!("a caller ended by a fault of its own"))??);
            }
            done.map(|()| all)
        })
    }

    /// Accounts whose rates are not counted together, over all gates.
    fn away(&self) -> Result<u64> {
        let mut away = 0;
        for gate in &self.gates {
            let page = gate.admin("GET", "/metrics", None)?.body;
            let line = page.lines().find_map(|line| line.strip_prefix("tollgate_rates_away ")).context("no such number")?;
            away += line.parse::<u64>()?;
        }
        Ok(away)
    }
}

/// Of all windows from a call that was sent to one that was answered: how many more were surely admitted in one than may be.
fn over(seen: &[Seen]) -> i64 {
    let mut admitted: Vec<Seen> = seen.iter().copied().filter(|call| call.admitted).collect();
    admitted.sort_by_key(|call| call.answered);
    let mut worst = i64::MIN;
    for from in &admitted {
        let inside = admitted.iter().filter(|call| call.sent >= from.sent);
        for (count, to) in (1_i64..).zip(inside) {
            let micros = to.answered.saturating_sub(from.sent).as_micros();
            let most = i64::try_from(micros * u128::from(RATE) / 1_000_000).unwrap_or(i64::MAX).saturating_add_unsigned(BURST);
            worst = worst.max(count - most);
        }
    }
    worst
}

fn percentile(seen: &[Seen], of_hundred: usize) -> Duration {
    let mut took: Vec<Duration> = seen.iter().map(|call| call.answered.saturating_sub(call.sent)).collect();
    took.sort_unstable();
    took.get((took.len() * of_hundred / 100).min(took.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[test]
fn rl_01_three_gates_under_three_times_a_rate_admit_it_whole_and_in_no_window_more() -> Result<()> {
    let _alone = alone();
    let redis = Redis::start(&[])?;
    let crowd = crowd(&redis)?;
    let began = instant();
    let seen = crowd.load(began, || {
        thread::sleep(Duration::from_secs(12));
        Ok(())
    })?;
    // the burst is used up by then
    let (from, to) = (Duration::from_secs(2), Duration::from_secs(12));
    let admitted = seen.iter().filter(|call| call.admitted && call.answered >= from && call.answered < to).count() as u64;
    let asked = seen.iter().filter(|call| call.answered >= from && call.answered < to).count();
    println!(
        "in 10 s of {RATE}/s: {admitted} of {asked} calls admitted; worst window: {} over; p99 {:?}",
        over(&seen),
        percentile(&seen, 99)
    );
    assert!(over(&seen) <= 0, "{} over", over(&seen));
    assert!(admitted >= RATE * 10 * 98 / 100, "{admitted}");
    Ok(())
}

#[test]
fn rl_07_redis_killed_and_hung_under_load_never_lets_more_through_nor_keeps_anyone_waiting() -> Result<()> {
    let _alone = alone();
    let mut redis = Redis::start(&[])?;
    let crowd = crowd(&redis)?;
    let began = instant();
    let mut told = Vec::new();
    let seen = crowd.load(began, || {
        for how in ["killed", "hung"] {
            thread::sleep(Duration::from_secs(3));
            if how == "killed" {
                redis.kill();
            } else {
                redis.signal("STOP")?;
            }
            let gone = began.elapsed();
            thread::sleep(Duration::from_secs(4));
            ensure!(crowd.away()? == 3, "each gate says so");
            if how == "killed" {
                redis.begin()?;
            } else {
                redis.signal("CONT")?;
            }
            let answers = instant();
            while crowd.away()? > 0 {
                ensure!(answers.elapsed() < Duration::from_secs(2), "not back");
                thread::sleep(Duration::from_millis(20));
            }
            told.push((how, gone, gone + Duration::from_secs(4), answers.elapsed()));
        }
        thread::sleep(Duration::from_secs(3));
        Ok(())
    })?;
    for (how, from, to, back) in told {
        let in_it = seen.iter().filter(|call| call.admitted && call.sent >= from && call.answered < to).count();
        println!("{how} for 4 s: {in_it} admitted meanwhile, back after {back:?}");
        assert!((300..=400).contains(&in_it), "{in_it}: the shares of all together, after the moment in which nobody knows");
    }
    println!("worst window: {} over; p99 {:?}, slowest {:?}", over(&seen), percentile(&seen, 99), percentile(&seen, 100));
    assert!(over(&seen) <= 0, "{} over", over(&seen));
    assert!(percentile(&seen, 99) <= Duration::from_millis(250) && percentile(&seen, 100) <= Duration::from_millis(500));
    Ok(())
}
