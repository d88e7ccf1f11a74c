//! One run: a gate of one worker under an instrument, warmed, driven for so many requests, ended well.

use std::fs;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command};
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use super::provider;
use crate::bench::load::request::{Keys, Mix};
use crate::bench::load::{Load, Took, Until};
use crate::bench::{folder, gate};
use crate::repository::Repository;

/// Keys in turn, and connections at once where requests are to be served together.
pub(super) const MANY: usize = 16;
/// Under an instrument the books may answer too late at first; then the keys are tried again.
const TRIES: usize = 20;

/// What every run begins from.
pub(super) struct Ground {
    pub(super) place: PathBuf,
    binary: PathBuf,
    kept: PathBuf,
    provider: SocketAddr,
}

/// What a run does beside its warm-up.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub(super) mix: Mix,
    pub(super) connections: usize,
    pub(super) submissions: usize,
}

/// A gate at work under an instrument.
pub(super) struct Run {
    keys: Keys,
    pub(super) child: Child,
    address: SocketAddr,
    /// Kept open: the gate may print.
    _out: BufReader<ChildStdout>,
}

impl Ground {
    pub(super) fn prepare(at: &Repository, binary: &Path) -> Result<Self> {
        let place = at.target.join("counts");
        Ok(Self { place, binary: binary.to_owned(), kept: at.target.join(format!("bench-keys-{MANY}")), provider: provider::start()? })
    }

    /// Starts a fresh gate behind these words, in a folder emptied for it.
    pub(super) fn start(&self, instrument: &str, words: &[String]) -> Result<Run> {
        folder(&self.place)?;
        let keys = gate::state(&self.binary, &self.kept, &self.place, MANY)?;
        gate::configure(&self.place, self.provider, 1)?;
        let mut command = Command::new(instrument);
        command.args(words).arg(&self.binary).current_dir(&self.place);
        let (child, address, out) = gate::start(command, &self.place)?;
        Ok(Run { keys: Keys::new(keys), child, address, _out: out })
    }
}

impl Run {
    /// Warms and drives.
    pub(super) fn drive(&self, stretch: Stretch) -> Result<()> {
        self.warm()?;
        let took = self.load(stretch.mix, stretch.connections, Until::Submitted(stretch.submissions))?;
        let requests = stretch.submissions * (1 + usize::from(stretch.mix.polls()));
        ensure!(took.wrong.is_none(), "an answer was {:?}", took.wrong);
        ensure!(took.requests as usize == requests, "{} requests instead of {requests}", took.requests);
        Ok(())
    }

    /// Every key's slices are leased, and every connection to the provider is open.
    fn warm(&self) -> Result<()> {
        for _ in 0..TRIES {
            let once = self.load(Mix::SubmitOnly, 1, Until::EachKeyOnce(Duration::ZERO))?;
            if once.wrong.is_none() && self.load(Mix::SubmitAndPolls, MANY, Until::Submitted(8 * MANY))?.wrong.is_none() {
                return Ok(());
            }
        }
        bail!("the gate does not lease its keys' slices in time: is the machine too busy?")
    }

    fn load(&self, mix: Mix, connections: usize, until: Until) -> Result<Took> {
        Load::open(self.address, &self.keys, mix, connections)?.drive(until)
    }
}

impl Run {
    /// The gate, where the instrument is a process of its own.
    pub(super) fn gate(&self) -> Option<u32> {
        let pid = self.child.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let gate = self.gate();
        let _ = self.child.kill();
        let _ = self.child.wait();
        // a killed instrument lets go of what it watched, and leaves it running
        if let Some(gate) = gate {
            let _ = Command::new("sh").args(["-c", &format!("kill -KILL {gate}")]).status();
        }
    }
}

/// Several tries: a machine that is busy with other things makes a gate under an instrument miss its own deadlines.
pub(super) fn patiently<T>(what: &str, tries: usize, mut work: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..tries {
        match work() {
            Ok(done) => return Ok(done),
            Err(error) => println!("{what} once more: {error:#}"),
        }
    }
    work()
}

/// A file's text, whatever bytes are in its symbols.
pub(super) fn text(path: &Path) -> Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
}
