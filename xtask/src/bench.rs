//! What does a request through the gate cost, beside bare nginx? Both at once on loopback, in slices of one second in turn.
//!
//! `norm` is the contestant's CPU per request ÷ the provider stand-in's CPU per request in the same slice: the stand-in does
//! constant work, so the machine's noise cancels.

mod contestant;
mod figure;
mod load;
mod meter;

use std::time::Duration;

use anyhow::{Result, bail};

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
}

/// Runs it: 15 rounds, with `--quick` 5.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let rounds = if words.iter().any(|word| word == "--quick") { 5 } else { 15 };
    let ground = Ground::prepare(at)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("{CONNECTIONS} connections, {} keys, {rounds} rounds of one second each", ground.keys.len());
    for mix in [Mix::SubmitAndPolls, Mix::SubmitOnly] {
        let mut pairs = Vec::new();
        for round in 0..rounds {
            pairs.extend(pair(&runtime, &ground, mix, round)?);
        }
        report(mix, &pairs)?;
    }
    let alone = |contestant: &Contestant| runtime.block_on(load::drive(contestant.address, &ground.keys, Mix::SubmitAndPolls, 1, SLICE));
    let (nginx, gate) = (alone(&ground.nginx)?, alone(&ground.gate)?);
    println!("\none connection: p50 {} µs through nginx, {} µs through the gate", nginx.p50().as_micros(), gate.p50().as_micros());
    println!("memory: nginx {} KiB, gate {} KiB", meter::memory_kib(ground.nginx.pid)?, meter::memory_kib(ground.gate.pid)?);
    Ok(())
}

/// Both contestants in turn, every other round in the other order; nothing if a slice was disturbed.
fn pair(runtime: &tokio::runtime::Runtime, ground: &Ground, mix: Mix, round: usize) -> Result<Option<(Slice, Slice)>> {
    let slice = |contestant: &Contestant| -> Result<Slice> {
        let before = (meter::cpu(contestant.pid)?, meter::cpu(ground.upstream.pid)?);
        let took = runtime.block_on(load::drive(contestant.address, &ground.keys, mix, CONNECTIONS, SLICE))?;
        let cpu = meter::cpu(contestant.pid)?.saturating_sub(before.0);
        Ok(Slice { took, cpu, upstream: meter::cpu(ground.upstream.pid)?.saturating_sub(before.1) })
    };
    let (nginx, gate) = if round.is_multiple_of(2) {
        (slice(&ground.nginx)?, slice(&ground.gate)?)
    } else {
        let gate = slice(&ground.gate)?;
        (slice(&ground.nginx)?, gate)
    };
    for (name, slice) in [("nginx", &nginx), ("gate", &gate)] {
        if let Some(wrong) = &slice.took.wrong {
            bail!("{name} answered {wrong:?}: a figure over wrong answers means nothing");
        }
    }
    Ok((nginx.took.requests >= FEWEST && gate.took.requests >= FEWEST).then_some((nginx, gate)))
}

fn report(mix: Mix, pairs: &[(Slice, Slice)]) -> Result<()> {
    let spread = |of: fn(&(Slice, Slice)) -> f64| Spread::of(pairs.iter().map(of));
    println!("\n{} ({} rounds counted)", mix.name(), pairs.len());
    println!("            requests/s   CPU µs/request");
    for (name, requests, cpu) in [
        ("nginx bare", spread(|(nginx, _)| f64::from(nginx.took.requests))?, spread(|(nginx, _)| nginx.cpu_us())?),
        ("gate", spread(|(_, gate)| f64::from(gate.took.requests))?, spread(|(_, gate)| gate.cpu_us())?),
    ] {
        println!("{name:<11} {:>10.0}   {:>14.2}", requests.median, cpu.median);
    }
    println!("gate ÷ nginx, norm: {}", spread(|(nginx, gate)| gate.norm() / nginx.norm())?);
    println!("gate ÷ nginx, raw:  {}", spread(|(nginx, gate)| gate.cpu_us() / nginx.cpu_us())?);
    Ok(())
}
