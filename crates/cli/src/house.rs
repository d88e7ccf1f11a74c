//! What stands behind `serve` and `dev`? Store, journal, books, registry, gate and desk, opened in this order, closed in reverse.

mod adjust;
mod desk;
mod feed;
mod findings;
mod lane;
mod rates;
mod replay;
mod settings;
mod store;
mod upstreams;
mod watches;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tollgate_audit::{Floor, Journal, Sealer};
use tollgate_books::{Books, Clerk, StoreError};
use tollgate_config::Config;
use tollgate_gateway::clock::Clock;
use tollgate_gateway::{Bound, Feed, Gate, Running, bind, start};
use tollgate_registry::{Open, Peppering, Registry};
use tollgate_store_redis::RedisRates;

use self::desk::Inside;
use self::lane::DeskLane;
use self::store::Kept;
pub(crate) use self::store::{embedded, with_shared};
use self::watches::Watches;
use crate::command::init;

/// Everything that runs, until it is closed.
pub(crate) struct House {
    /// The gate.
    pub(crate) gate: Arc<Gate>,
    /// Who may come.
    pub(crate) registry: Arc<Registry<Bound>>,
    /// Listening sockets: address, TLS, the upstream at the root.
    pub(crate) doors: Vec<Door>,
    /// The admin API.
    pub(crate) desk: tollgate_admin::Running,
    store: Kept,
    rates: Option<Arc<RedisRates>>,
    running: Running,
    lane: Arc<DeskLane>,
    sealer: Sealer,
    stop: watch::Sender<bool>,
    clerk: JoinSet<Result<(), StoreError>>,
    tasks: JoinSet<()>,
}

/// A listening socket, as the ready line tells of it.
pub(crate) struct Door {
    /// Where, with the port that was picked.
    pub(crate) address: SocketAddr,
    /// Whether it speaks TLS.
    pub(crate) tls: bool,
}

/// What is taken at an operator's word, at one start.
#[derive(Clone, Copy, Default)]
pub(crate) struct Accept {
    /// A shared book is right though it is behind.
    pub(crate) store: bool,
    /// The clock is right though it stands before what was written.
    pub(crate) clock: bool,
}

/// Opens everything; inside a tokio runtime.
pub(crate) async fn open(config: &Config, accept: Accept) -> Result<House> {
    tollgate_sys::give_freed_memory_back(settings::workers(config));
    tollgate_sys::forbid_core_dumps().context("cannot forbid core dumps")?;
    let files = tollgate_sys::raise_nofile().context("cannot raise the limit of open files")?;
    init::prepare_state(&config.state)?;
    let clock = Clock::begin();
    let store = Kept::open(config, accept.store)?;
    // before the book is opened in this gate's name
    let rates = rates::open(config, &store, clock)?;
    store.be_patient(true);
    let journal = open_journal(config, accept.clock, clock)?;
    let known = store.replay_from().await?;
    let (books, clerk) = open_books(config, &store, &journal, &known, clock).await?;
    let watches = Watches::open(config)?;
    let upstreams = upstreams::open(config, &watches, &books, clock)?;
    // what is revoked while the keys are read is not among them
    let asked = clock.now();
    let registry = Arc::new(open_registry(config, &store, &upstreams, clock).await?);
    upstreams.price_what_keys_use(&registry)?;
    let doors = bound(config, clock)?;
    let desks = settings::desks(config, &journal, &books, &known, clock.now())?;
    let gate = Arc::new(Gate {
        settings: settings::of(config, files),
        clock,
        registry: registry.clone(),
        pepper: registry.pepper().clone(),
        books,
        rates: rates.clone().map(|rates| rates as Arc<dyn tollgate_books::Rates>),
        feed: store.is_shared().then(|| Feed::new(asked)),
        upstreams: upstreams.all.clone(),
        lanes: desks.iter().map(|desk| desk.lane.health()).collect(),
        tally: Default::default(),
        recent: Default::default(),
        runaways: Default::default(),
        repeats: replay::repeats(&config.state.join("audit"), &upstreams.all, clock)?,
        strangers: Default::default(),
        draining: AtomicBool::new(false),
        journal_down: AtomicBool::new(false),
        floor: journal.last_at(),
        guests: Default::default(),
        body_bytes: Default::default(),
    });
    let lane = Arc::new(DeskLane::open(&journal, &gate.books, &known, clock)?);
    let sealer = Sealer::start(&journal)?;
    let (stop, stopped) = watch::channel(false);
    store.be_patient(false);
    let running = start(&gate, &doors, desks)?;
    let inside = Arc::new(Inside::new(gate.clone(), config, &upstreams, watches.troubles(), lane.clone()).with_rates(rates.clone()));
    let desk = desk::open(config, inside, lane.clone()).await?;
    let mut clerks = JoinSet::new();
    clerks.spawn(clerk.run(until(stopped.clone())));
    let mut tasks = keep_house(watches, &gate, &store, &lane, &stopped);
    tasks.spawn(keep_floor(journal.floor(clock.now().wall), clock, stopped.clone()));
    let doors = doors.iter().map(|door| Door { address: door.address, tls: door.speaks_tls() }).collect();
    lane.event("process_start", "success", &json!({ "version": env!("CARGO_PKG_VERSION"), "prices": upstreams.prices() }));
    Ok(House { gate, registry, doors, desk, store, rates, running, lane, sealer, stop, clerk: clerks, tasks })
}

/// Every listener's socket.
fn bound(config: &Config, clock: Clock) -> Result<Vec<tollgate_gateway::start::Bound>> {
    let listeners = settings::listeners(config, clock)?.into_iter();
    let doors = listeners.map(|listener| {
        let address = listener.address;
        bind(listener).with_context(|| {
            format!("cannot listen at `{address}`: is another process there? `--listen` moves it, and port 0 picks a free one")
        })
    });
    doors.collect()
}

impl House {
    /// Takes no more connections, waits for calls in flight, and writes the last of everything.
    pub(crate) async fn close(mut self) -> Result<()> {
        self.lane.event("process_drain", "success", &json!({}));
        let running = self.running;
        let drained = tokio::task::spawn_blocking(move || running.drain()).await.context("the drain was interrupted")?;
        if let Some(rates) = self.rates.take() {
            tokio::task::spawn_blocking(move || rates.close()).await.context("the shared rates were interrupted")?;
        }
        self.desk.shutdown().await;
        self.store.be_patient(true);
        self.stop.send_replace(true);
        let settled = self.clerk.join_next().await.context("there is no clerk")?.context("the clerk ended by a fault of its own")?;
        while self.tasks.join_next().await.is_some() {}
        let stored = self.registry.store_uses().await;
        self.lane.event("process_stop", if drained.is_ok() && settled.is_ok() { "success" } else { "failure" }, &json!({}));
        let flushed = self.lane.flush();
        self.sealer.stop()?;
        drained.context("a worker did not end well")?;
        settled.context("the books did not take the last facts")?;
        stored.context("the last uses of keys were not stored")?;
        flushed.context("the last lines of the audit log were not written")
    }
}

/// Opens the audit log. A clock that stands before its last line buys nothing until it is sane, or an operator has said that it is.
fn open_journal(config: &Config, accept_clock: bool, clock: Clock) -> Result<Journal> {
    let now = clock.now().wall;
    let mut journal = Journal::open(&config.state.join("audit"), now)?;
    let accepted = if accept_clock { journal.accept_clock(now)? } else { None };
    if let Some(last) = accepted {
        tracing::warn!(%last, clock = %now, "the clock was accepted, though it stands before the last line of the audit log");
    } else if now < journal.last_at() {
        let last = journal.last_at();
        tracing::error!(
            %last,
            clock = %now,
            "the clock stands before the last line of the audit log: no paid call until it is set, or `tollgate serve --accept-clock` once"
        );
    }
    Ok(journal)
}

/// Opens the book and brings it up to the journal; what was sent without an outcome gets its outcome line.
async fn open_books(
    config: &Config,
    store: &Kept,
    journal: &Journal,
    known: &HashMap<String, u64>,
    clock: Clock,
) -> Result<(Arc<Books>, Clerk)> {
    let boot = tollgate_sys::boot_id().context("cannot tell this boot of the machine from another")?;
    let replayed = replay::since(&config.state.join("audit"), known)?;
    let now = move || clock.now();
    let opened = Books::open(store.book(), store.instance(), &boot, replayed.whole, replayed.facts, Arc::new(now)).await;
    let (books, clerk, recovered) = opened.map_err(|error| {
        let what = match error {
            StoreError::Behind => {
                "find out above what was restored or promoted, and what was revoked since; then `tollgate serve --accept-store` once"
            }
            StoreError::Fenced | StoreError::Busy | StoreError::Down(_) => "the book cannot be opened",
        };
        anyhow::Error::new(error).context(what)
    })?;
    if recovered.machine_died {
        tracing::warn!("the machine died since the last start: open slices of caps count as spent until their windows end");
    }
    if recovered.replayed > 0 || !recovered.unknown.is_empty() {
        tracing::info!(facts = recovered.replayed, unknown = recovered.unknown.len(), "the books were brought up to the audit log");
    }
    replay::give_up(journal, &books, &recovered, known, clock)?;
    Ok((books, clerk))
}

async fn open_registry(config: &Config, store: &Kept, upstreams: &upstreams::Opened, clock: Clock) -> Result<Registry<Bound>> {
    let pepper = match &config.pepper {
        None => Peppering::InStore,
        Some(source) => Peppering::Given(watches::pepper(source)?),
    };
    let random = |block: &mut [u8]| getrandom::fill(block).is_ok();
    let opened = Registry::open(Open { store: store.registry(), pepper, random, attach: upstreams.attach(clock) }).await;
    opened.context("the keys cannot be read")
}

/// What goes on beside the requests, until it is told to stop.
fn keep_house(watches: Watches, gate: &Arc<Gate>, store: &Kept, lane: &Arc<DeskLane>, stopped: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(watches.run(stopped.clone(), lane.clone()));
    tasks.spawn(feed::keep(gate.clone(), store.clone(), stopped.clone()));
    tasks.spawn(keep_uses(gate.clone(), stopped.clone()));
    tasks.spawn(keep_lanes(gate.clone(), lane.clone(), stopped.clone()));
    tasks
}

/// Stores when keys were last used.
async fn keep_uses(gate: Arc<Gate>, mut stopped: watch::Receiver<bool>) {
    while !pause(&mut stopped, Duration::from_secs(10)).await {
        if let Err(error) = gate.registry.store_uses().await {
            tracing::warn!(error = %error, "the last uses of keys could not be stored");
        }
    }
}

/// The watchdog over the workers' lanes, and the desk's own lane.
async fn keep_lanes(gate: Arc<Gate>, lane: Arc<DeskLane>, mut stopped: watch::Receiver<bool>) {
    while !pause(&mut stopped, Duration::from_millis(100)).await {
        gate.watch_lanes(gate.clock.now());
        for (runaway, change) in gate.pause_runaways().await {
            lane.runaway(&runaway, &change);
        }
        lane.sweep();
    }
}

/// Sees to it that the next start knows how far the clock had come, should it go back.
async fn keep_floor(mut floor: Floor, clock: Clock, mut stopped: watch::Receiver<bool>) {
    while !pause(&mut stopped, Duration::from_millis(100)).await {
        if let Err(error) = floor.see(clock.now().wall) {
            tracing::error!(error = %error, "the latest time could not be kept: a start before the clock has caught up would not know of it");
        }
    }
}

/// Waits that long; true when it is time to stop.
async fn pause(stopped: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::time::timeout(time, stopped.wait_for(|stopped| *stopped)).await.is_ok()
}

async fn until(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// The audit log's folder under a state folder.
pub(crate) fn audit_folder(state: &Path) -> PathBuf {
    state.join("audit")
}
