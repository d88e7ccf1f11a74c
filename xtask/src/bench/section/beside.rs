//! All contestants under the same load, and what each used.

use std::cell::RefCell;
use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::{Bench, CONNECTIONS, REST, SLICE};
use crate::bench::contestant::Contestant;
use crate::bench::figure::{Spread, float};
use crate::bench::gate::{self, GATE};
use crate::bench::load::request::{Keys, Mix};
use crate::bench::meter;
use crate::bench::peers::BARE;
use crate::bench::results::{Beside, Ratio, Row};
use crate::bench::round::{Rounds, Slice};

/// A contestant under its name.
type Named<'a> = (String, &'a Contestant);

impl Bench {
    /// All under the same load.
    pub(super) fn beside(&self, mix: Mix, keys: &Keys, contestants: &[Named<'_>]) -> Result<Beside> {
        let before = Used::until_now(&self.ground.gate, contestants)?;
        let asked = RefCell::new(HashMap::<&str, u32>::new());
        let rounds = Rounds::run(contestants, self.rounds, |contestant| {
            let slice = self.slice(contestant, keys, mix, CONNECTIONS)?;
            *asked.borrow_mut().entry(contestant.name).or_default() += slice.around + slice.took.requests;
            Ok(slice)
        })?;
        thread::sleep(REST);
        let after = Used::until_now(&self.ground.gate, contestants)?;
        let asked = |name: &str| f64::from(asked.borrow().get(name).copied().unwrap_or_default().max(1));
        let rows = contestants.iter().map(|(name, _)| row(&rounds, name, after.cpu_us(&before, name) / asked(name)));
        let others = contestants.iter().filter(|(name, _)| name != GATE).map(|(name, _)| {
            let (norm, raw) = ratios(&rounds, GATE, name)?;
            Ok(Ratio { to: name.clone(), norm, raw })
        });
        Ok(Beside {
            mix: mix.name().to_owned(),
            keys: keys.len(),
            connections: CONNECTIONS,
            rows: rows.collect::<Result<_>>()?,
            gate: others.collect::<Result<_>>()?,
            driver_busy: rounds.all(|slice| slice.driver.as_secs_f64() / SLICE.as_secs_f64())?,
            waits_in_a_million: after
                .waits
                .zip(before.waits)
                .map(|(after, before)| float(after.saturating_sub(before)) * 1e6 / asked(GATE)),
        })
    }
}

fn row(rounds: &Rounds, name: &str, all_in_us: f64) -> Result<Row> {
    let (norm, raw) = ratios(rounds, name, BARE)?;
    Ok(Row {
        name: name.to_owned(),
        rounds: rounds.counted(name),
        requests_per_second: rounds.spread(name, |slice| f64::from(slice.took.requests))?,
        cpu_us: rounds.spread(name, Slice::cpu_us)?,
        upstream_us: rounds.spread(name, Slice::upstream_us)?,
        norm,
        raw,
        all_in_us,
    })
}

fn ratios(rounds: &Rounds, name: &str, other: &str) -> Result<(Spread, Spread)> {
    let norm = rounds.beside(name, other, |one, other| one.norm() / other.norm())?;
    let raw = rounds.beside(name, other, |one, other| one.cpu_us() / other.cpu_us())?;
    Ok((norm, raw))
}

/// What each has used since it was started, and how often the gate's requests have waited.
struct Used {
    cpu: HashMap<String, Duration>,
    waits: Option<u64>,
}

impl Used {
    fn until_now(gate: &std::path::Path, contestants: &[Named<'_>]) -> Result<Self> {
        let cpu = contestants.iter().map(|(name, contestant)| Ok((name.clone(), meter::cpu(contestant.pid)?)));
        Ok(Self { cpu: cpu.collect::<Result<_>>()?, waits: gate::waits(gate) })
    }

    fn cpu_us(&self, before: &Self, name: &str) -> f64 {
        let of = |used: &Self| used.cpu.get(name).copied().unwrap_or_default();
        of(self).saturating_sub(of(before)).as_secs_f64() * 1e6
    }
}
