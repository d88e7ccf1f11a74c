//! Are an account's rates counted together at this moment? What its calls and the keeper of its connection tell each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;
use tollgate_books::Share;
use tollgate_model::{Mono, Name, Now};

use crate::names::Names;
use crate::script::Told;

/// A gate that is not heard for so long may count for itself, and does: `SILENT` and `LOOK` of `take.lua` together, so that the others
/// have given its share up before.
pub(crate) const LAG_NS: u64 = 600_000_000;

/// A caller waits no longer for the counter.
pub(crate) const DEADLINE: Duration = Duration::from_millis(25);

/// The clock of this process.
pub type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

/// The way to one account's rates.
pub(crate) struct Way {
    pub(crate) upstream: Name,
    pub(crate) names: Names,
    pub(crate) clock: Clock,
    /// Wakes the keeper: a call went wrong.
    pub(crate) bell: Notify,
    commands: Mutex<Option<MultiplexedConnection>>,
    /// Zero while rates are counted together; else from when on this gate's share counts.
    away: AtomicU64,
    /// The keeper is coming back: what would be taken of the share now is taken of the whole as well.
    returning: AtomicBool,
    heard: AtomicU64,
    known: AtomicU32,
    /// The server's clock less ours, in microseconds; never more than it is.
    ahead: AtomicI64,
    trouble: Mutex<Option<String>>,
    complained: AtomicU64,
    pub(crate) asked: AtomicU64,
    pub(crate) alone: AtomicU64,
    pub(crate) lost: AtomicU64,
}

/// What a call may do.
pub(crate) enum Standing {
    /// Ask there.
    Together(MultiplexedConnection),
    /// Count for itself.
    Away(Share),
    /// Neither, for a moment.
    Returning,
}

impl Way {
    /// At a start nobody knows whether this gate has counted for itself just before.
    pub(crate) fn new(book: &str, upstream: &Name, gates: u32, clock: Clock) -> Self {
        let now = clock().mono.nanos();
        Self {
            upstream: upstream.clone(),
            names: Names::new(book, upstream),
            bell: Notify::new(),
            commands: Mutex::new(None),
            away: AtomicU64::new(now.saturating_add(LAG_NS)),
            returning: AtomicBool::new(false),
            heard: AtomicU64::new(now),
            known: AtomicU32::new(gates.max(1)),
            ahead: AtomicI64::new(0),
            trouble: Mutex::new(None),
            complained: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            alone: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            clock,
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        let away = self.away.load(Ordering::Acquire);
        if away != 0 {
            if self.returning.load(Ordering::Acquire) {
                return Standing::Returning;
            }
            return Standing::Away(self.share(away));
        }
        match &*self.commands.lock() {
            Some(commands) => Standing::Together(commands.clone()),
            None => Standing::Returning,
        }
    }

    fn share(&self, away: u64) -> Share {
        Share { of: self.known.load(Ordering::Relaxed), from: Mono::from_nanos(away) }
    }

    /// The server did not do it: from when it was last heard and a lag on, this gate counts for itself.
    pub(crate) fn lose(&self) -> Share {
        let from = self.heard.load(Ordering::Acquire).saturating_add(LAG_NS).max(1);
        match self.away.compare_exchange(0, from, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                self.bell.notify_one();
                self.share(from)
            }
            Err(away) => self.share(away),
        }
    }

    /// The server refuses to count a call; said once a minute.
    pub(crate) fn complain(&self, why: &str) {
        self.bell.notify_one();
        let now = (self.clock)().mono;
        let before = Mono::from_nanos(self.complained.load(Ordering::Relaxed));
        if before.nanos() == 0 || now.millis_since(before) >= 60_000 {
            self.complained.store(now.nanos(), Ordering::Relaxed);
            tracing::warn!(upstream = self.upstream.as_str(), error = why, "a call's rates cannot be counted, and the call is refused");
        }
    }

    /// How long the server may take to answer a heartbeat: one that is too slow for callers is not come back to, or they would be refused
    /// for as long as it is slow, and this gate's share would never begin.
    pub(crate) fn patience(&self, within: Duration) -> Duration {
        let away = self.away.load(Ordering::Acquire) != 0 && self.lost.load(Ordering::Relaxed) > 0;
        if away { within.min(DEADLINE) } else { within }
    }

    /// Stops what this gate counts for itself, for as long as the guard lives; tells whether any of it may have been spent.
    pub(crate) fn come_back(&self) -> (Returning<'_>, bool) {
        self.returning.store(true, Ordering::Release);
        let away = self.away.load(Ordering::Acquire);
        (Returning(self), away != 0 && (self.clock)().mono.nanos() >= away)
    }

    /// Counted together from now on.
    pub(crate) fn arrive(&self, told: &Told, gates: u32, commands: &MultiplexedConnection) {
        self.heard(told.now);
        self.known.store(told.known.max(gates).max(1), Ordering::Relaxed);
        let mut kept = self.commands.lock();
        if kept.is_none() {
            *kept = Some(commands.clone());
        }
        drop(kept);
        self.away.store(0, Ordering::Release);
    }

    /// A heartbeat may have been heard or not: a lag from now on, and no sooner, this gate counts for itself.
    pub(crate) fn doubt(&self) {
        let now = (self.clock)().mono.nanos();
        self.heard.store(now, Ordering::Release);
        self.away.store(now.saturating_add(LAG_NS), Ordering::Release);
    }

    /// The connection is gone.
    pub(crate) fn close(&self) {
        *self.commands.lock() = None;
    }

    /// The server has answered, and its clock stood at that.
    pub(crate) fn heard(&self, server: i64) {
        let now = (self.clock)().mono.nanos();
        self.set_clock(server);
        self.heard.store(now, Ordering::Release);
    }

    pub(crate) fn set_clock(&self, server: i64) {
        self.ahead.store(server.saturating_sub(micros((self.clock)().mono)), Ordering::Relaxed);
    }

    /// The server's clock in so many milliseconds, or less.
    pub(crate) fn server_in(&self, millis: u64) -> i64 {
        self.ahead.load(Ordering::Relaxed).saturating_add(micros((self.clock)().mono.plus_millis(millis)))
    }

    /// Notes why the rates are not counted together, or that they are; gives what was noted before.
    pub(crate) fn note(&self, trouble: Option<String>) -> Option<String> {
        std::mem::replace(&mut *self.trouble.lock(), trouble)
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().clone()
    }
}

/// While the keeper comes back.
pub(crate) struct Returning<'a>(&'a Way);

impl Drop for Returning<'_> {
    fn drop(&mut self) {
        self.0.returning.store(false, Ordering::Release);
    }
}

fn micros(at: Mono) -> i64 {
    i64::try_from(at.nanos() / 1_000).unwrap_or(i64::MAX)
}
