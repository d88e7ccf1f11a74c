//! What does a caller wait when each intent must be on the disk before it is sent? Beside what the disk itself takes.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Bench, CONNECTIONS};
use crate::bench::contestant::folder;
use crate::bench::gate;
use crate::bench::load::request::Mix;
use crate::bench::load::{Took, now, open};
use crate::bench::results::Durable;
use crate::repository::Repository;

/// Submissions a second.
const RATE: f64 = 1_500.0;
const TIME: Duration = Duration::from_secs(10);
const WARM: Duration = Duration::from_secs(2);
/// What is appended with each wait for the disk alone: about what a round of intents is.
const BLOCK: usize = 8 * 1024;
const WAITS: usize = 500;

impl Bench {
    /// The disk alone, then a gate of its own in each durability, at a fixed rate of submissions.
    pub(crate) fn durable(&self, at: &Repository, binary: &Path) -> Result<Vec<Durable>> {
        let place = at.target.join("bench").join("durable");
        folder(&place)?;
        let mut rows = vec![row("the disk alone, append and fdatasync", &disk(&place.join("alone"))?)];
        for durability in ["process", "power"] {
            let place = place.join(durability);
            folder(&place)?;
            gate::state(binary, &self.ground.kept, &place, self.ground.keys.len())?;
            gate::configure(&place, self.ground.upstream.address, 2)?;
            let file = place.join("tollgate.toml");
            let text = fs::read_to_string(&file)?;
            fs::write(&file, format!("{text}[audit]\ndurability = \"{durability}\"\n"))?;
            let gate = gate::contestant(binary, &place)?;
            let drive = |time| open::drive(gate.address, &self.ground.keys, Mix::SubmitOnly, CONNECTIONS, RATE, time);
            drive(WARM)?;
            let took = drive(TIME)?;
            ensure!(took.wrong.is_none(), "an answer was {:?}", took.wrong);
            rows.push(row(&format!("gate, durability = \"{durability}\""), &took));
            gate.end_well()?;
        }
        Ok(rows)
    }
}

/// One wait after the other.
fn disk(path: &Path) -> Result<Took> {
    let mut file: File = OpenOptions::new().create(true).append(true).open(path).context("no file to append to")?;
    let (block, mut took) = ([0x20; BLOCK], Took::default());
    for _ in 0..WAITS {
        let began = now();
        file.write_all(&block)?;
        file.sync_data()?;
        took.answered(now().duration_since(began));
    }
    Ok(took.whole())
}

fn row(name: &str, took: &Took) -> Durable {
    let ms = |percent| took.percentile(percent).as_secs_f64() * 1e3;
    Durable { name: name.to_owned(), requests: took.requests, p50_ms: ms(50), p99_ms: ms(99), most_ms: ms(100) }
}
