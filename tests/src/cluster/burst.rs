//! A crowd that asks at one instant.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::http::call;
use crate::process::instant;

/// What a crowd was told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Tasks.
    pub(super) bought: Vec<String>,
    /// Refusals by their codes, and whatever else was answered by its status.
    pub(super) refused: BTreeMap<String, u64>,
    /// Calls without an answer.
    pub(super) cut_off: u64,
    /// How long each answer took.
    pub(super) took: Vec<Duration>,
}

/// So many calls at one instant, over these doors in turn.
pub(super) fn burst(doors: &[SocketAddr], target: &str, calls: usize) -> Result<Told> {
    let barrier = Arc::new(Barrier::new(calls));
    let mut asking = Vec::with_capacity(calls);
    for door in doors.iter().cycle().copied().take(calls) {
        let (barrier, target) = (barrier.clone(), target.to_owned());
        let one = move || {
            barrier.wait();
            let began = instant();
            (call(door, &target), began.elapsed())
        };
        asking.push(thread::Builder::new().stack_size(256 * 1024).spawn(one).context("no thread for a caller")?);
    }
    let mut told = Told::default();
    for caller in asking {
        let (answer, took) = caller.join().map_err(|_| anyhow::anyhow!("a caller ended by a fault of its own"))?;
        let Ok(answer) = answer else {
            told.cut_off += 1;
            continue;
        };
        told.took.push(took);
        match answer.task() {
            Some(task) => told.bought.push(task.to_owned()),
            None => *told.refused.entry(answer.denied().map_or_else(|| answer.status.to_string(), str::to_owned)).or_default() += 1,
        }
    }
    Ok(told)
}
