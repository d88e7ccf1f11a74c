//! Does a line survive a power cut? One thread a lane that fsyncs for everybody who waits, never twice after an error.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use tollgate_model::Mono;

use crate::health::LaneHealth;
use crate::journal::lock;

/// Where a task waits for its lines to be fsynced; it may be cloned and sent anywhere.
#[derive(Clone, Debug)]
pub struct Synced {
    state: Arc<State>,
}

/// The lane's end; dropping it ends the thread after what is asked for.
#[derive(Debug)]
pub(crate) struct PowerSync {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    health: Arc<LaneHealth>,
    upto: AtomicU64,
    work: Mutex<Work>,
    asked: Condvar,
}

#[derive(Debug, Default)]
struct Work {
    /// Files with lines that no fsync has covered yet: two after a rotation.
    files: Vec<Arc<File>>,
    flushed: u64,
    flushed_at: Mono,
    wanted: u64,
    waiting: Vec<Waker>,
    ended: bool,
}

impl PowerSync {
    /// Starts the thread; lines up to `last` are taken to be on disk.
    pub(crate) fn start(health: Arc<LaneHealth>, last: u64) -> io::Result<Self> {
        let work = Mutex::new(Work { flushed: last, ..Work::default() });
        let state = Arc::new(State { health, upto: AtomicU64::new(last), work, asked: Condvar::new() });
        let of_thread = state.clone();
        thread::Builder::new().name(format!("sync-{}", state.health.lane())).spawn(move || of_thread.run())?;
        Ok(Self { state })
    }

    pub(crate) fn synced(&self) -> Synced {
        Synced { state: self.state.clone() }
    }

    /// Lines up to this number were written, the last of them into this file.
    pub(crate) fn written(&self, file: &Arc<File>, upto: u64, now: Mono) {
        let mut work = lock(&self.state.work);
        if !work.files.iter().any(|known| Arc::ptr_eq(known, file)) {
            work.files.push(file.clone());
        }
        work.flushed = upto;
        work.flushed_at = now;
    }
}

impl Drop for PowerSync {
    fn drop(&mut self) {
        lock(&self.state.work).ended = true;
        self.state.asked.notify_one();
    }
}

impl Synced {
    /// Ready once the line of this number, which must have been flushed, is fsynced; the first to ask wakes the thread, and
    /// whoever asks meanwhile shares the next fsync. Fails for good once an fsync has failed.
    pub fn poll(&self, number: u64, context: &Context<'_>) -> Poll<io::Result<()>> {
        let state = &self.state;
        if let Some(ready) = state.ready(number) {
            return Poll::Ready(ready);
        }
        let mut work = lock(&state.work);
        // the thread publishes under this lock: what it published before is seen, what it publishes later wakes us
        if let Some(ready) = state.ready(number) {
            return Poll::Ready(ready);
        }
        if number > work.flushed || work.ended {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::NotConnected, "the line was not written")));
        }
        work.wanted = work.wanted.max(number);
        work.waiting.push(context.waker().clone());
        state.health.sync_begins(work.flushed_at);
        drop(work);
        state.asked.notify_one();
        Poll::Pending
    }

    /// The number up to which lines are fsynced.
    pub fn upto(&self) -> u64 {
        self.state.upto.load(Ordering::Acquire)
    }
}

impl State {
    fn ready(&self, number: u64) -> Option<io::Result<()>> {
        if self.upto.load(Ordering::Acquire) >= number {
            return Some(Ok(()));
        }
        self.health.is_dead().then(|| Err(io::Error::other("an earlier fsync failed")))
    }

    fn run(&self) {
        while let Some((files, flushed)) = self.next() {
            let synced = files.iter().try_for_each(|file| file.sync_data());
            let mut work = lock(&self.work);
            match synced {
                Ok(()) => self.upto.store(flushed, Ordering::Release),
                Err(error) => {
                    tracing::error!(lane = self.health.lane(), %error, "an fsync of the audit log failed: paid calls are refused until a restart");
                    self.health.dies();
                }
            }
            self.health.sync_ends();
            let waiting = std::mem::take(&mut work.waiting);
            drop(work);
            // who waits for a later line asks again
            waiting.into_iter().for_each(Waker::wake);
        }
    }

    /// Waits until somebody wants what is not synced yet.
    fn next(&self) -> Option<(Vec<Arc<File>>, u64)> {
        let mut work = lock(&self.work);
        while work.wanted <= self.upto.load(Ordering::Acquire) || self.health.is_dead() {
            if work.ended {
                return None;
            }
            work = self.asked.wait(work).unwrap_or_else(PoisonError::into_inner);
        }
        Some((std::mem::take(&mut work.files), work.flushed))
    }
}
