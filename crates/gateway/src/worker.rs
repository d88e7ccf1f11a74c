//! What does one thread own? A runtime, a lane of the journal, idle connections, deadlines: nothing that others touch.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::LocalOptions;
use tokio_rustls::TlsAcceptor;
use tollgate_audit::Event;
use tollgate_model::cidr::canonical;
use tollgate_model::{Mono, Name, Now};

use crate::deadline::{Deadlines, SWEEP_MS};
use crate::egress::dial::Resolved;
use crate::egress::exchange::Scratch;
use crate::egress::pool::Pool;
use crate::errand;
use crate::gate::Gate;
use crate::guests::Guest;
use crate::journal::Journal;
use crate::random::Random;
use crate::room::listen::Entrance;
use crate::serve::serve;

/// One worker's own things.
pub(crate) struct Worker {
    pub(crate) gate: Arc<Gate>,
    pub(crate) journal: Journal,
    pub(crate) random: Random,
    pub(crate) deadlines: Deadlines,
    ways: RefCell<HashMap<Name, Rc<Way>>>,
    scratch: RefCell<Vec<Scratch>>,
    bodies: RefCell<Vec<Vec<u8>>>,
    serving: Cell<usize>,
    lately: Cell<Now>,
    warned: Cell<Option<Mono>>,
}

/// A worker's way to one upstream.
#[derive(Default)]
pub(crate) struct Way {
    pub(crate) pool: Pool,
    pub(crate) resolved: Resolved,
}

/// What a worker's thread is started with.
pub(crate) struct Start {
    pub(crate) gate: Arc<Gate>,
    pub(crate) index: usize,
    pub(crate) journal: Journal,
    pub(crate) doors: Vec<Door>,
}

/// A listening socket, shared by all workers: whoever is awake accepts.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) root: Option<Arc<crate::gate::Upstream>>,
}

/// Exchange buffers kept for reuse.
const SCRATCH_KEPT: usize = 64;
/// A TLS handshake must be done by then.
const HANDSHAKE_MS: u64 = 5_000;
/// Lines that nobody waits for are written within this time (ARCHITECTURE.md, "The journal": a second).
const LINES_MS: u64 = 500;

/// Runs a worker until the gate has drained.
pub(crate) fn run(start: Start) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    let worker = Rc::new(Worker::new(start.gate, start.journal));
    for door in start.doors {
        let listener = {
            let _in_runtime = runtime.enter();
            tokio::net::TcpListener::from_std(door.listener)?
        };
        let entrance = Rc::new(Entrance { root: door.root });
        runtime.spawn_local(accept(worker.clone(), listener, door.tls, entrance));
    }
    if start.index == 0 {
        runtime.spawn_local(errand::late_polls(worker.clone()));
        runtime.spawn_local(errand::balances(worker.clone()));
    }
    runtime.block_on(worker.clone().keep_house());
    // what is still in flight is dropped here: its guards write the outcome as unknown
    drop(runtime);
    worker.finish()
}

impl Worker {
    pub(crate) fn new(gate: Arc<Gate>, journal: Journal) -> Self {
        Self {
            gate,
            journal,
            random: Random::system(),
            deadlines: Deadlines::default(),
            ways: RefCell::default(),
            scratch: RefCell::default(),
            bodies: RefCell::default(),
            serving: Cell::new(0),
            lately: Cell::new(Now::default()),
            warned: Cell::new(None),
        }
    }

    /// The way to an upstream; made at first use.
    pub(crate) fn way(&self, upstream: &Name) -> Rc<Way> {
        if let Some(way) = self.ways.borrow().get(upstream) {
            return way.clone();
        }
        self.ways.borrow_mut().entry(upstream.clone()).or_default().clone()
    }

    /// Buffers for one exchange.
    pub(crate) fn scratch(&self) -> Scratch {
        self.scratch.borrow_mut().pop().unwrap_or_default()
    }

    /// Gives buffers back.
    pub(crate) fn give_scratch(&self, scratch: Scratch) {
        let mut kept = self.scratch.borrow_mut();
        if kept.len() < SCRATCH_KEPT && scratch.body.capacity() < 64 << 10 {
            kept.push(scratch);
        }
    }

    /// A buffer for an answer's body.
    pub(crate) fn body(&self) -> Vec<u8> {
        self.bodies.borrow_mut().pop().unwrap_or_else(|| Vec::with_capacity(256))
    }

    /// Gives such a buffer back.
    pub(crate) fn give_body(&self, mut body: Vec<u8>) {
        let mut kept = self.bodies.borrow_mut();
        if kept.len() < SCRATCH_KEPT && body.capacity() <= 4 << 10 {
            body.clear();
            kept.push(body);
        }
    }

    /// Both clocks, now.
    pub(crate) fn now(&self) -> Now {
        let now = self.gate.clock.now();
        self.lately.set(now);
        now
    }

    /// When this worker last looked at the clock: at most one sweep ago, and in a request never before its last wait. As exact as
    /// deadlines are met; what is told in microseconds looks anew.
    pub(crate) fn lately(&self) -> Now {
        self.lately.get()
    }

    /// Whether the process's own log may say it again: once a minute is enough.
    pub(crate) fn may_warn(&self, now: Mono) -> bool {
        let rested = self.warned.get().is_none_or(|before| now.millis_since(before) >= 60_000);
        if rested {
            self.warned.set(Some(now));
        }
        rested
    }

    /// Says that somebody must look: in the journal, and on the log.
    pub(crate) fn alarm(&self, alarm: &'static str, upstream: &Name, what: &str) {
        tracing::error!(alarm, upstream = upstream.as_str(), "{what}");
        let detail = json!({ "upstream": upstream.as_str(), "what": what });
        self.journal.event(&Event {
            at: self.now().wall,
            kind: "alert",
            action: alarm,
            outcome: "unknown",
            subject: Some(upstream.as_str()),
            detail: Some(&detail),
        });
    }

    /// Writes down what was seen of an account.
    pub(crate) fn event(&self, action: &'static str, upstream: &Name, detail: &Value) {
        let (at, subject) = (self.now().wall, Some(upstream.as_str()));
        self.journal.event(&Event { at, kind: "event", action, outcome: "success", subject, detail: Some(detail) });
    }

    /// Sweeps deadlines, pools and the lane until the gate has drained.
    async fn keep_house(self: Rc<Self>) {
        let mut draining_since = None;
        loop {
            tokio::time::sleep(Duration::from_millis(SWEEP_MS)).await;
            let now = self.now();
            let draining = self.gate.draining.load(Ordering::Relaxed);
            self.deadlines.sweep(now.mono, draining);
            for way in self.ways.borrow().values() {
                way.pool.sweep(now.mono);
            }
            self.journal.sweep(now, LINES_MS);
            if draining {
                let since = *draining_since.get_or_insert(now.mono);
                if self.serving.get() == 0 || now.mono.millis_since(since) > self.gate.settings.drain_ms {
                    return;
                }
            }
        }
    }

    fn finish(&self) -> io::Result<()> {
        self.journal.finish()
    }
}

async fn accept(worker: Rc<Worker>, listener: tokio::net::TcpListener, tls: Option<TlsAcceptor>, entrance: Rc<Entrance>) {
    while !worker.gate.draining.load(Ordering::Relaxed) {
        let Ok(accepted) = tokio::time::timeout(Duration::from_millis(250), listener.accept()).await else { continue };
        let Ok((stream, peer)) = accepted else {
            // out of file descriptors, mostly: wait for some to be closed instead of spinning
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let source = canonical(peer.ip());
        let settings = &worker.gate.settings;
        let entered = worker.gate.guests.enter(source, settings.budgets.connections, settings.trusted_proxies.contains(source));
        let Some(guest) = entered.filter(|_| stream.set_nodelay(true).is_ok()) else { continue };
        let counted = Counted::new(worker.clone(), guest);
        let (worker, entrance, tls) = (worker.clone(), entrance.clone(), tls.clone());
        tokio::task::spawn_local(async move {
            let _counted = counted;
            match tls {
                None => serve(worker, entrance, stream, peer.ip()).await,
                Some(acceptor) => {
                    let handshake = tokio::time::timeout(Duration::from_millis(HANDSHAKE_MS), acceptor.accept(stream)).await;
                    if let Ok(Ok(stream)) = handshake {
                        serve(worker, entrance, stream, peer.ip()).await;
                    }
                }
            }
        });
    }
}

/// A connection in this worker's count and in the gate's, until it is dropped.
struct Counted {
    worker: Rc<Worker>,
    _guest: Guest,
}

impl Counted {
    fn new(worker: Rc<Worker>, guest: Guest) -> Self {
        worker.serving.set(worker.serving.get() + 1);
        Self { worker, _guest: guest }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.worker.serving.set(self.worker.serving.get().saturating_sub(1));
    }
}
