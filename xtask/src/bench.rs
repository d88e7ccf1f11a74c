//! What does a request through the gate cost, beside bare nginx? Both at once on loopback, in slices of one second in turn.
//!
//! `norm` is the contestant's CPU per request ÷ the provider stand-in's CPU per request in the same slice: the stand-in does
//! constant work, so the machine's noise cancels.

mod contestant;
mod figure;
mod load;
mod meter;

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use self::contestant::{Contestant, Ground};
use self::figure::Spread;
use self::load::{Mix, Took};
use crate::repository::Repository;

const CONNECTIONS: usize = 64;
const SLICE: Duration = Duration::from_secs(1);
/// Below it a slice says more about its disturbance than about the contestant.
const FEWEST: u32 = 1_000;

/// One contestant's second.
struct Slice {
    took: Took,
    cpu: Duration,
    upstream: Duration,
}

impl Slice {
    fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / f64::from(self.took.requests)
    }

    fn norm(&self) -> f64 {
        self.cpu.as_secs_f64() / self.upstream.as_secs_f64()
    }

    fn p50_us(&self) -> f64 {
        self.took.p50().as_secs_f64() * 1e6
    }
}

/// nginx and the gate in the same round.
type Pair = (Slice, Slice);

struct Bench {
    ground: Ground,
    runtime: tokio::runtime::Runtime,
    rounds: usize,
}

/// Runs it: 15 rounds over 2,000 keys, with `--quick` 5 over 256; the figures are printed, and written beside the build.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let (rounds, keys) = if words.iter().any(|word| word == "--quick") { (5, 256) } else { (15, 2_000) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bench = Bench { ground: Ground::prepare(at, keys)?, runtime, rounds };
    println!("{CONNECTIONS} connections, {keys} keys, {rounds} rounds of one second each");
    let whole = bench.beside(Mix::SubmitAndPolls)?;
    let submit = bench.beside(Mix::SubmitOnly)?;
    let refusals = bench.refusals()?;
    let alone = bench.alone()?;
    let (nginx, gate) = (meter::memory_kib(bench.ground.nginx.pid)?, meter::memory_kib(bench.ground.gate.pid)?);
    println!("memory: nginx {nginx} KiB, gate {gate} KiB");
    let figures = json!({
        "connections": CONNECTIONS, "keys": keys, "rounds": rounds,
        "submit_and_polls": whole, "submit_only": submit, "refusals": refusals, "one_connection": alone, "memory_kib": { "nginx": nginx, "gate": gate },
    });
    let file = at.target.join("bench.json");
    fs::write(&file, format!("{figures:#}\n"))?;
    println!("as JSON: {}", file.display());
    Ok(())
}

impl Bench {
    /// Both under the same load.
    fn beside(&self, mix: Mix) -> Result<Value> {
        let pairs = self.pairs(mix, CONNECTIONS)?;
        let spread = |of: fn(&Pair) -> f64| Spread::of(pairs.iter().map(of));
        println!("\n{} ({} rounds counted)", mix.name(), pairs.len());
        println!("            requests/s   CPU µs/request");
        let nginx = (spread(|(nginx, _)| f64::from(nginx.took.requests))?, spread(|(nginx, _)| nginx.cpu_us())?);
        let gate = (spread(|(_, gate)| f64::from(gate.took.requests))?, spread(|(_, gate)| gate.cpu_us())?);
        for (name, (requests, cpu)) in [("nginx bare", nginx), ("gate", gate)] {
            println!("{name:<11} {:>10.0}   {:>14.2}", requests.median, cpu.median);
        }
        let (norm, raw) = (spread(|(nginx, gate)| gate.norm() / nginx.norm())?, spread(|(nginx, gate)| gate.cpu_us() / nginx.cpu_us())?);
        println!("gate ÷ nginx, norm: {norm}");
        println!("gate ÷ nginx, raw:  {raw}");
        Ok(json!({
            "rounds_counted": pairs.len(), "norm": norm, "raw": raw,
            "nginx": { "requests_per_second": nginx.0, "cpu_us": nginx.1 }, "gate": { "requests_per_second": gate.0, "cpu_us": gate.1 },
        }))
    }

    /// The gate alone: nginx refuses nobody.
    fn refusals(&self) -> Result<Value> {
        let slices: Vec<Slice> =
            (0..self.rounds).map(|_| self.slice(&self.ground.gate, Mix::Stranger, CONNECTIONS)).collect::<Result<_>>()?;
        ensure!(slices.iter().all(|slice| slice.took.wrong.is_none()), "a key that nobody has was served");
        let cpu = Spread::of(slices.iter().map(Slice::cpu_us))?;
        let requests = Spread::of(slices.iter().map(|slice| f64::from(slice.took.requests)))?;
        println!("\n{}: {:.0} a second, CPU µs/request {cpu}", Mix::Stranger.name(), requests.median);
        Ok(json!({ "requests_per_second": requests, "cpu_us": cpu }))
    }

    /// What one caller waits for, in rounds like the rest: a machine that idles wakes up slowly in one second and fast in another.
    fn alone(&self) -> Result<Value> {
        let pairs = self.pairs(Mix::SubmitAndPolls, 1)?;
        let spread = |of: fn(&Pair) -> f64| Spread::of(pairs.iter().map(of));
        let (nginx, gate) = (spread(|(nginx, _)| nginx.p50_us())?, spread(|(_, gate)| gate.p50_us())?);
        let (added, ratio) =
            (spread(|(nginx, gate)| gate.p50_us() - nginx.p50_us())?, spread(|(nginx, gate)| gate.p50_us() / nginx.p50_us())?);
        println!("\none connection: p50 {nginx} µs through nginx, {gate} µs through the gate; in a pair {added} µs more, × {ratio}");
        Ok(json!({ "nginx_p50_us": nginx, "gate_p50_us": gate, "more_us": added, "ratio": ratio }))
    }

    fn pairs(&self, mix: Mix, connections: usize) -> Result<Vec<Pair>> {
        // not counted: each key's first call waits for a commit, in life as here, and a slice left idle for 5 s is given back
        self.runtime.block_on(load::drive(self.ground.gate.address, &self.ground.keys, mix, CONNECTIONS, SLICE))?;
        let mut pairs = Vec::new();
        for round in 0..self.rounds {
            pairs.extend(self.pair(mix, connections, round)?);
        }
        Ok(pairs)
    }

    /// Both contestants in turn, every other round in the other order; nothing if a slice was disturbed or had a wrong answer.
    fn pair(&self, mix: Mix, connections: usize, round: usize) -> Result<Option<Pair>> {
        let slice = |contestant| self.slice(contestant, mix, connections);
        let (nginx, gate) = if round.is_multiple_of(2) {
            (slice(&self.ground.nginx)?, slice(&self.ground.gate)?)
        } else {
            let gate = slice(&self.ground.gate)?;
            (slice(&self.ground.nginx)?, gate)
        };
        if let Some(wrong) = nginx.took.wrong.as_ref().or(gate.took.wrong.as_ref()) {
            println!("a round is not counted, an answer was {wrong:?}");
            return Ok(None);
        }
        Ok((nginx.took.requests >= FEWEST && gate.took.requests >= FEWEST).then_some((nginx, gate)))
    }

    fn slice(&self, contestant: &Contestant, mix: Mix, connections: usize) -> Result<Slice> {
        let upstream = self.ground.upstream.pid;
        let before = (meter::cpu(contestant.pid)?, meter::cpu(upstream)?);
        let took = self.runtime.block_on(load::drive(contestant.address, &self.ground.keys, mix, connections, SLICE))?;
        let cpu = meter::cpu(contestant.pid)?.saturating_sub(before.0);
        Ok(Slice { took, cpu, upstream: meter::cpu(upstream)?.saturating_sub(before.1) })
    }
}
