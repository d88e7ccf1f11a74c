//! What do connections and open tasks hold in memory?

use std::path::Path;
use std::thread;

use anyhow::{Result, ensure};

use super::{Bench, CONNECTIONS, REST, SLICE, WARM};
use crate::bench::contestant::{Contestant, folder};
use crate::bench::gate::{self, GATE};
use crate::bench::load::request::Mix;
use crate::bench::load::{Load, Took, Until};
use crate::bench::meter;
use crate::bench::results::Memory;
use crate::repository::Repository;

const MANY: usize = 256;
/// Idle connections that memory is measured by.
const IDLE: usize = 256;

impl Bench {
    /// Memory under load and with idle connections.
    pub(crate) fn memory(&self, open_task: u64) -> Result<Vec<Memory>> {
        self.ground.contestants.iter().map(|contestant| self.memory_of(contestant, open_task)).collect()
    }

    fn memory_of(&self, contestant: &Contestant, open_task: u64) -> Result<Memory> {
        let load = |connections| Load::open(contestant.address, &self.ground.keys, Mix::SubmitAndPolls, connections);
        let mut under_load = load(CONNECTIONS)?;
        right(&under_load.drive(Until::EachKeyOnce(2 * WARM))?)?;
        let with_64_kib = meter::memory_kib(contestant.pid)?;
        let mut idle = load(IDLE)?;
        right(&idle.touch_each()?)?;
        let with_idle = meter::memory_kib(contestant.pid)?;
        drop((under_load, idle));
        let mut many = load(MANY)?;
        right(&many.drive(Until::Over(2 * SLICE))?)?;
        Ok(Memory {
            name: contestant.name.to_owned(),
            with_64_kib,
            with_256_kib: meter::memory_kib(contestant.pid)?,
            idle_connection_bytes: with_idle.saturating_sub(with_64_kib) * 1024 / IDLE as u64,
            open_task_bytes: (contestant.name == GATE).then_some(open_task),
        })
    }

    /// Bytes that the gate keeps for a task that is open: in a gate of its own, which is left with that many.
    pub(crate) fn open_task(&self, at: &Repository, binary: &Path) -> Result<u64> {
        let tasks = if self.quick { 30_000 } else { 200_000 };
        let place = at.target.join("bench").join("tasks");
        folder(&place)?;
        gate::state(binary, &self.ground.kept, &place, self.ground.keys.len())?;
        gate::configure(&place, self.ground.upstream.address, 2)?;
        let gate = gate::contestant(binary, &place)?;
        let drive = |mix, until| right(&Load::open(gate.address, &self.ground.keys, mix, CONNECTIONS)?.drive(until)?);
        drive(Mix::SubmitAndPolls, Until::EachKeyOnce(2 * WARM))?;
        thread::sleep(REST);
        let before = meter::memory_kib(gate.pid)?;
        drive(Mix::SubmitOnly, Until::Submitted(tasks))?;
        thread::sleep(REST);
        Ok(meter::memory_kib(gate.pid)?.saturating_sub(before) * 1024 / tasks as u64)
    }
}

/// A warm-up whose answers are wrong would be measured as something else.
fn right(took: &Took) -> Result<()> {
    ensure!(took.wrong.is_none(), "an answer was {:?}", took.wrong);
    Ok(())
}
