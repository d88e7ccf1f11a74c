//! The sections of a run: the same contestants under another load, or asked for another figure.

mod beside;
mod durable;
mod memory;

use std::time::Duration;

use anyhow::Result;

use super::contestant::Contestant;
use super::gate::GATE;
use super::ground::Ground;
use super::load::request::{Keys, Mix};
use super::load::{Load, Took, Until, open};
use super::meter;
use super::peers::{BARE, HAND, HAPROXY};
use super::results::{Beside, Latencies, Latency, Refused};
use super::round::{Rounds, Slice};

const CONNECTIONS: usize = 64;
const SLICE: Duration = Duration::from_secs(1);
/// Before each slice every key is used once, and at least that long: leases are warm, and what the gate does once a second for
/// the requests before is in the slice as it is in life.
const WARM: Duration = Duration::from_secs(1);
/// Load that is not counted, so that connections are accepted before a slice.
const BEGIN: Duration = Duration::from_millis(100);
/// In which the gate posts and seals what it still owes.
const REST: Duration = Duration::from_millis(1_500);

pub(crate) struct Bench {
    pub(crate) ground: Ground,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
}

impl Bench {
    pub(crate) fn submit_and_polls(&self) -> Result<Beside> {
        self.beside(Mix::SubmitAndPolls, &self.ground.keys, &self.all())
    }

    pub(crate) fn submit_only(&self) -> Result<Beside> {
        self.beside(Mix::SubmitOnly, &self.ground.keys, &self.some())
    }

    pub(crate) fn hot_key(&self) -> Result<Beside> {
        self.beside(Mix::SubmitAndPolls, &self.ground.hot, &self.few())
    }

    /// What one caller waits for.
    pub(crate) fn one_connection(&self) -> Result<Latencies> {
        let slice = |contestant: &&Contestant| self.slice(contestant, &self.ground.keys, Mix::SubmitAndPolls, 1);
        latencies(&Rounds::run(&self.some(), self.rounds, slice)?, None, 1, 50)
    }

    /// What callers wait for who come at a fixed rate, whoever was answered.
    pub(crate) fn open_loop(&self, rate: f64) -> Result<Latencies> {
        let slice = |contestant: &&Contestant| {
            let warm = self.warm(contestant, &self.ground.keys, Mix::SubmitAndPolls)?;
            self.measured(contestant, || {
                let mut took = open::drive(contestant.address, &self.ground.keys, Mix::SubmitAndPolls, CONNECTIONS, rate, SLICE)?;
                took.wrong = took.wrong.or(warm.wrong);
                Ok(took)
            })
        };
        latencies(&Rounds::run(&self.some(), self.rounds, slice)?, Some(rate), CONNECTIONS, 99)
    }

    /// Those that can refuse, each beside what it lets through.
    pub(crate) fn refusals(&self) -> Result<Vec<Refused>> {
        let names = [HAND, HAPROXY, GATE];
        let able = || self.ground.contestants.iter().filter(|contestant| names.contains(&contestant.name));
        let turns: Vec<_> = able()
            .flat_map(|contestant| [Mix::SubmitAndPolls, Mix::Stranger].map(|mix| (named(contestant, mix), (contestant, mix))))
            .collect();
        let rounds = Rounds::run(&turns, self.rounds, |(contestant, mix)| self.slice(contestant, &self.ground.keys, *mix, CONNECTIONS))?;
        let row = |contestant: &Contestant| {
            let (refused, allowed) = (named(contestant, Mix::Stranger), named(contestant, Mix::SubmitAndPolls));
            Ok(Refused {
                name: contestant.name.to_owned(),
                requests_per_second: rounds.spread(&refused, |slice| f64::from(slice.took.requests))?,
                cpu_us: rounds.spread(&refused, Slice::cpu_us)?,
                of_allowed: rounds.beside(&refused, &allowed, |refused, allowed| refused.cpu_us() / allowed.cpu_us())?,
            })
        };
        able().map(row).collect()
    }

    /// Every key once, so that slices of caps are leased, and long enough that what the gate does each second is under way.
    fn warm(&self, contestant: &Contestant, keys: &Keys, mix: Mix) -> Result<Took> {
        let least = if self.quick { WARM / 2 } else { WARM };
        let until = if mix == Mix::Stranger { Until::Over(least) } else { Until::EachKeyOnce(least) };
        Load::open(contestant.address, keys, mix, CONNECTIONS)?.drive(until)
    }

    fn slice(&self, contestant: &Contestant, keys: &Keys, mix: Mix, connections: usize) -> Result<Slice> {
        let warm = self.warm(contestant, keys, mix)?;
        let mut load = Load::open(contestant.address, keys, mix, connections)?;
        let begun = load.drive(Until::Over(BEGIN))?;
        let mut slice = self.measured(contestant, || load.drive(Until::Over(SLICE)))?;
        slice.around = warm.requests + begun.requests;
        slice.took.wrong = warm.wrong.or(begun.wrong).or(slice.took.wrong);
        Ok(slice)
    }

    fn measured(&self, contestant: &Contestant, work: impl FnOnce() -> Result<Took>) -> Result<Slice> {
        let read = || anyhow::Ok((meter::cpu(contestant.pid)?, meter::cpu(self.ground.upstream.pid)?, meter::own_cpu()?));
        let before = read()?;
        let took = work()?;
        let after = read()?;
        Ok(Slice {
            took,
            around: 0,
            cpu: after.0.saturating_sub(before.0),
            upstream: after.1.saturating_sub(before.1),
            driver: after.2.saturating_sub(before.2),
        })
    }

    fn all(&self) -> Vec<(String, &Contestant)> {
        self.ground.contestants.iter().map(|contestant| (contestant.name.to_owned(), contestant)).collect()
    }

    /// Everyone, or the few in a quick run.
    fn some(&self) -> Vec<(String, &Contestant)> {
        if self.quick { self.few() } else { self.all() }
    }

    fn few(&self) -> Vec<(String, &Contestant)> {
        self.all().into_iter().filter(|(name, _)| [BARE, HAND, GATE].contains(&name.as_str())).collect()
    }
}

fn named(contestant: &Contestant, mix: Mix) -> String {
    format!("{}, {}", contestant.name, mix.name())
}

fn latencies(rounds: &Rounds, rate: Option<f64>, connections: usize, percentile: usize) -> Result<Latencies> {
    let us = |slice: &Slice| slice.took.percentile(percentile).as_secs_f64() * 1e6;
    let row = |name: &String| {
        Ok(Latency {
            name: name.clone(),
            rounds: rounds.counted(name),
            us: rounds.spread(name, us)?,
            cpu: rounds.beside(name, BARE, |one, bare| one.cpu_us() / bare.cpu_us())?,
            more_us: rounds.beside(name, BARE, |one, bare| us(one) - us(bare))?,
            ratio: rounds.beside(name, BARE, |one, bare| us(one) / us(bare))?,
        })
    };
    Ok(Latencies { rate, connections, percentile, rows: rounds.names().iter().map(row).collect::<Result<_>>()? })
}
