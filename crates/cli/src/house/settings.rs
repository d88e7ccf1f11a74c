//! What is the gateway told? The configuration in the gateway's own words.

use std::collections::HashMap;
use std::thread::available_parallelism;

use anyhow::Result;
use tollgate_audit::Journal;
use tollgate_books::Books;
use tollgate_config::{Config, Durability, Tls};
use tollgate_gateway::clock::Clock;
use tollgate_gateway::{Budgets, Desk, Listener, Settings, Timeouts};
use tollgate_model::Now;

use crate::authority;

/// Everything that only a restart changes.
pub(crate) fn of(config: &Config, files: Option<u64>) -> Settings {
    let limits = &config.limits;
    let connections = files.map_or(limits.connections, |files| within_files(limits.connections, files));
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Settings {
        trusted_proxies: config.network.trusted_proxies.clone(),
        forwarded_header: config.network.forwarded_header,
        limits: tollgate_wire::Limits { head: limits.head, headers: limits.headers, target: limits.target, body: limits.body },
        budgets: Budgets { connections, body_bytes: limits.body_bytes, calls_per_key: limits.calls_per_key },
        within: Timeouts {
            head_ms: millis(limits.within.head),
            body_ms: millis(limits.within.body),
            connect_ms: millis(limits.within.connect),
            answer_ms: millis(limits.within.answer),
            call_ms: millis(limits.within.call),
        },
        drain_ms: millis(config.drain),
    }
}

/// As many connections as the process may have files for: one for the caller and one for the provider each, beside the store's,
/// the journal's and the desk's. Whoever accepts more has none left to send with.
fn within_files(wished: usize, files: u64) -> usize {
    const OWN: u64 = 96;
    let room = usize::try_from(files.saturating_sub(OWN) / 2).unwrap_or(usize::MAX).max(1);
    if room < wished {
        tracing::warn!(wished, connections = room, files, "fewer connections are taken: this process may open few files");
    }
    room.min(wished)
}

/// The listeners, with their certificates.
pub(crate) fn listeners(config: &Config, clock: Clock) -> Result<Vec<Listener>> {
    let one = |listener: &tollgate_config::Listener| {
        let tls = match &listener.tls {
            None => None,
            Some(Tls::Own) => Some(authority::server(&config.state, names(config, listener), clock.now().wall)?),
            Some(Tls::Files { cert, key }) => Some(authority::given(cert, key)?),
        };
        Ok(Listener { address: listener.address, upstream: listener.upstream.clone(), tls })
    };
    config.listeners.iter().map(one).collect()
}

/// The names that a certificate of our own is for: this machine's own, the listener's address, and every upstream's hosts.
fn names(config: &Config, listener: &tollgate_config::Listener) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    if !listener.address.ip().is_unspecified() {
        names.push(listener.address.ip().to_string());
    }
    names.extend(config.upstreams.iter().flat_map(|upstream| upstream.hosts.iter().cloned()));
    names.sort_unstable();
    names.dedup();
    names
}

/// One desk a worker: its lane, and how far the books know of it.
pub(crate) fn desks(config: &Config, journal: &Journal, books: &Books, known: &HashMap<String, u64>, now: Now) -> Result<Vec<Desk>> {
    let one = |index: usize| {
        let name = format!("w{index}");
        let mut lane = journal.lane(&name)?;
        lane.continue_behind(known.get(&name).copied().unwrap_or(0), now);
        let synced = match config.audit.durability {
            Durability::Process => None,
            Durability::Power => Some(lane.synced()?),
        };
        Ok(Desk { lane, synced, mark: books.lane(&name) })
    };
    (0..workers(config)).map(one).collect()
}

/// How many workers there are: as configured, or one a processor.
pub(crate) fn workers(config: &Config) -> usize {
    config.workers.or(available_parallelism().ok()).map_or(1, std::num::NonZeroUsize::get)
}
