//! Does the time of a refusal tell what the key was?

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tollgate_tests::{Stand, instant, submission};

use crate::alone;

/// Samples of each kind in a round.
const SAMPLES: usize = 50_000;
/// A round that was disturbed by its machine is made again.
const ROUNDS: usize = 3;
/// Welch's t beyond which two means are taken to differ (the usual bound of leakage assessment).
const DIFFERENT: f64 = 4.5;

/// How many standard errors lie between two means; each sample without its slowest tenth, for what a scheduler adds is not the gate's.
fn welch_t(one: &[f64], other: &[f64]) -> f64 {
    let moments = |sample: &[f64]| {
        let mut sorted = sample.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.truncate(sample.len() * 9 / 10);
        let count = f64::from(u32::try_from(sorted.len()).unwrap_or(u32::MAX));
        let mean = sorted.iter().sum::<f64>() / count;
        let spread = sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, spread / count)
    };
    let ((mean, error), (other_mean, other_error)) = (moments(one), moments(other));
    (mean - other_mean) / (error + other_error).sqrt()
}

#[test]
fn id_04_a_dead_key_a_near_key_and_no_key_take_the_same_time() -> Result<()> {
    let _alone = alone();
    let stand = Stand::new()?;
    let live = stand.key("live", json!({ "caps": ["1/day"] }))?;
    let revoked = stand.key("revoked", json!({ "caps": ["1/day"] }))?;
    stand.ask("POST", "/v1/keys/revoked/revoke", None)?;
    let rotated = stand.key("rotated", json!({ "caps": ["1/day"] }))?;
    stand.ask("POST", "/v1/keys/rotated/rotate", Some(&json!({ "now": true })))?;
    let expired = stand.key("expired", json!({ "caps": ["1/day"], "expires": "1ms" }))?;
    let near = format!("{}{}", &live[..16], live[16..].chars().rev().collect::<String>());
    let nobodys = "tgk_0000000000000000000000000000".to_owned();
    let kinds = [("unknown", nobodys), ("near a live one", near), ("revoked", revoked), ("replaced", rotated), ("expired", expired)];
    let requests: Vec<String> = kinds.iter().map(|(_, key)| format!("GET {} HTTP/1.1\r\nHost: gate\r\n\r\n", submission(key))).collect();
    let mut told = Vec::new();
    for _ in 0..ROUNDS {
        let samples = round(&stand, &requests)?;
        let (first, others) = samples.split_first().context("no samples")?;
        let names = kinds.iter().skip(1).map(|(name, _)| *name);
        let told_by: Vec<_> = names.zip(others).map(|(name, other)| (name, welch_t(first, other))).collect();
        println!("Welch's t against an unknown key, {SAMPLES} samples of each: {told_by:.2?}");
        if told_by.iter().all(|(_, t)| t.abs() < DIFFERENT) {
            return Ok(());
        }
        told.push(told_by);
    }
    anyhow::bail!("the time tells them from an unknown key in every round: {told:?}")
}

/// Microseconds of each kind, taken in turns over kept connections, so that whatever disturbs one disturbs all.
fn round(stand: &Stand, requests: &[String]) -> Result<Vec<Vec<f64>>> {
    let mut samples = vec![Vec::with_capacity(SAMPLES); requests.len()];
    let mut answer = [0; 1024];
    let mut stream = TcpStream::connect(stand.at)?;
    for number in 0..SAMPLES {
        // a connection ends after a thousand requests; its first call is slow, and must not be of one kind each time
        if number % 101 == 0 {
            stream = TcpStream::connect(stand.at)?;
            stream.set_nodelay(true)?;
        }
        for turn in 0..requests.len() {
            let kind = (turn + number) % requests.len();
            let (request, taken) = requests.get(kind).zip(samples.get_mut(kind)).context("no such kind")?;
            let began = instant();
            stream.write_all(request.as_bytes())?;
            let read = stream.read(&mut answer)?;
            taken.push(began.elapsed().as_secs_f64() * 1e6);
            let answer = answer.get(..read).unwrap_or_default();
            ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(answer));
        }
    }
    Ok(samples)
}
