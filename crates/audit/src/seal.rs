//! Who makes it provable? A thread off the hot path that hashes what the lanes have written and sets a checkpoint over all heads.

mod kept;
mod lane;
mod state;

#[cfg(test)]
pub(crate) mod tests;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tollgate_model::fault::{self, Point};

use crate::journal::{Journal, Shared};
use state::Sealing;

/// How often the lanes are looked at.
const TICK: Duration = Duration::from_millis(100);
/// A checkpoint at least every second …
const TICKS: u32 = 10;
/// … or every so many lines (ARCHITECTURE.md, "The journal").
const LINES: u64 = 1000;

/// The sealing thread; dropped without `stop`, it seals the rest all the same, and nobody hears whether that went well.
#[derive(Debug)]
pub struct Sealer {
    /// Dropped to end the thread.
    running: Option<SyncSender<()>>,
    thread: Option<JoinHandle<Result<(), SealError>>>,
    failing: Arc<AtomicBool>,
}

/// Why the journal cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A file cannot be read or written.
    #[error("`{file}` in the audit folder cannot be read or written")]
    File {
        /// Its name.
        file: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// An fsync failed: what is on disk is not known any more.
    #[error("an fsync of `{file}` failed: nothing is sealed before a restart")]
    Fsync {
        /// Its name.
        file: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// What the last checkpoint vouches for is not what is on disk.
    #[error(
        "lane `{0}` is not what its last checkpoint says: `tollgate audit verify` names the lines; to start anew, move the audit folder away"
    )]
    Lane(String),
    /// The checkpoints are not those that were written.
    #[error("`checkpoints.jsonl` ends before or in the midst of what was written: to start anew, move the audit folder away")]
    Checkpoints,
    /// The thread ended by a fault of its own.
    #[error("the sealing thread ended by a fault of its own")]
    Panicked,
}

/// The number of the last checkpoint that a sealer remembers in this folder.
pub(crate) fn kept_checkpoint(dir: &Path) -> u64 {
    kept::Kept::read(dir).checkpoint
}

impl Sealer {
    /// Goes on behind the last checkpoint; the journal has been opened, so that no half lines are left.
    pub fn start(journal: &Journal) -> Result<Self, SealError> {
        let sealing = Sealing::open(journal.dir())?;
        let failing = Arc::new(AtomicBool::new(false));
        let (running, ended) = sync_channel(1);
        let work = Work { sealing, shared: journal.shared(), failing: failing.clone(), ended };
        let thread = thread::Builder::new().name("sealer".into()).spawn(move || work.run());
        let thread = thread.map_err(|source| SealError::File { file: "checkpoints.jsonl".into(), source })?;
        Ok(Self { running: Some(running), thread: Some(thread), failing })
    }

    /// Whether the last round failed: lines are written, and not sealed.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Acquire)
    }

    /// Seals what is written and ends the thread; to be called after the last flush.
    pub fn stop(mut self) -> Result<(), SealError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), SealError> {
        drop(self.running.take());
        self.thread.take().map_or(Ok(()), |thread| thread.join().unwrap_or(Err(SealError::Panicked)))
    }
}

impl Drop for Sealer {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(%error, "the last lines of the audit log are not sealed");
        }
    }
}

struct Work {
    sealing: Sealing,
    shared: Arc<Shared>,
    failing: Arc<AtomicBool>,
    ended: Receiver<()>,
}

impl Work {
    fn run(mut self) -> Result<(), SealError> {
        let mut ticks = 0;
        loop {
            let ended = self.ended.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout);
            ticks += 1;
            if !ended && ticks < TICKS && self.waiting() < LINES {
                continue;
            }
            ticks = 0;
            fault::at(Point::CheckpointBegun);
            let sealed = self.sealing.round();
            fault::at(Point::CheckpointDone);
            if self.failing.swap(sealed.is_err(), Ordering::AcqRel) != sealed.is_err() {
                self.tell(sealed.as_ref().err());
            }
            let dead = matches!(sealed, Err(SealError::Fsync { .. }));
            if ended || dead {
                return sealed;
            }
        }
    }

    /// Lines that the lanes have written since the last checkpoint.
    fn waiting(&self) -> u64 {
        let fresh = |lane: &str, upto: u64| upto.saturating_sub(self.sealing.sealed(lane));
        self.shared.health().iter().map(|health| fresh(health.lane(), health.flushed_upto())).sum()
    }

    fn tell(&self, error: Option<&SealError>) {
        match error {
            None => tracing::info!("the audit log is sealed again"),
            Some(error) => {
                let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
                tracing::error!(%error, source, "the audit log is written, but not sealed");
            }
        }
        if let Some(SealError::Fsync { file, .. }) = error {
            let lane = file.rsplit_once('-').map_or("", |(lane, _)| lane);
            self.shared.health().iter().filter(|health| health.lane() == lane).for_each(|health| health.dies());
        }
    }
}
