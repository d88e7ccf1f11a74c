//! What do all workers share? Immutable settings, the registry's snapshot, the books, the journal's health.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use tollgate_audit::LaneHealth;
use tollgate_books::{Account, Books, LimitIx, Paced, Rates};
use tollgate_dialect::Profile;
use tollgate_model::{CredentialHash, Name, Now, Pepper, Timestamp};
use tollgate_policy::price::PriceTable;
use tollgate_registry::{Change, Registry};
use tollgate_secrets::Keyring;

use crate::brake::{Pace, Runaway};
use crate::breaker::Breaker;
use crate::clock::Clock;
use crate::crowd::Crowd;
use crate::drift::Drift;
use crate::egress::dial::Origin;
use crate::feed::Feed;
use crate::governor::Governor;
use crate::guests::Guests;
use crate::recent::Recent;
use crate::repeats::Repeats;
use crate::settings::Settings;
use crate::strangers::Strangers;
use crate::tally::Tally;

/// The gate: what every worker and errand is given.
pub struct Gate {
    /// Told at start.
    pub settings: Settings,
    /// The one reader of the clocks.
    pub clock: Clock,
    /// Who may come.
    pub registry: Arc<Registry<Bound>>,
    /// The keyed hash of credentials.
    pub pepper: Arc<Pepper>,
    /// Money.
    pub books: Arc<Books>,
    /// Where rates are counted together with other gates, if they are.
    pub rates: Option<Arc<dyn Rates>>,
    /// Whether changes of keys by other gates are heard of; nothing where there are none.
    pub feed: Option<Feed>,
    /// Where requests may go.
    pub upstreams: Upstreams,
    /// Whether the lanes can be written, one entry a worker.
    pub lanes: Vec<Arc<LaneHealth>>,
    /// Answers by what they were.
    pub tally: Tally,
    /// The last refusals of each key, in words, for `GET /v1/me`.
    pub recent: Recent,
    /// What callers have named, and what they were answered.
    pub repeats: Arc<Repeats>,
    /// Keys that ran away and are not paused in the registry yet; stopped here at once.
    pub runaways: parking_lot::Mutex<Vec<Runaway>>,
    /// Failures to prove who one is, by address.
    pub strangers: Strangers,
    /// Whether the gate is going down: no new connections, answers say `connection: close`.
    pub draining: AtomicBool,
    /// Whether some worker's lane fails or hangs; set by the watchdog, which stands off the workers.
    pub journal_down: AtomicBool,
    /// The time of the audit log's last line at start: a clock that stands before it is in doubt.
    pub floor: Timestamp,
    /// Connections open over all workers.
    pub guests: Arc<Guests>,
    /// Bytes of bodies being read over all workers.
    pub body_bytes: AtomicUsize,
}

/// What the gate has attached to each key of the snapshot.
pub struct Bound {
    /// The key's upstream.
    pub upstream: Arc<Upstream>,
    /// Its limits, its team's and its upstream's, as the upstream's account knows them.
    pub limits: Box<[LimitIx]>,
    /// The rates among them, where several gates count them together; empty elsewhere.
    pub paced: Box<[Arc<Paced>]>,
    /// Paid calls of this key in flight.
    pub in_flight: Arc<AtomicUsize>,
    /// Its own pace, by which it is told when it runs away.
    pub pace: Arc<Pace>,
}

/// One provider account.
pub struct Upstream {
    /// Its name.
    pub name: Name,
    /// Host names by which clients reach it on a listener without a root.
    pub hosts: Vec<String>,
    /// How it speaks, as data.
    pub profile: Arc<Profile>,
    /// Dollars a task; a method that is not in it is denied.
    pub prices: PriceTable,
    /// Where it is.
    pub origin: Origin,
    /// The real key.
    pub keyring: Arc<Keyring>,
    /// Its money.
    pub account: Arc<Account>,
    /// The plan's threads, where it is sold by threads.
    pub threads: Option<u32>,
    /// Whether the provider refuses the real key.
    pub breaker: Breaker,
    /// Whether the provider has just said that all its slots are taken.
    pub crowd: Crowd,
    /// The pace that the provider bans for.
    pub governor: Governor,
    /// Its balance beside its books, where that is compared.
    pub drift: Option<Drift>,
    /// Where the same submission of a key within a while is bought once: what was answered.
    pub collapse: Option<Arc<Repeats>>,
    /// Methods that cost more than their price says; until the gate is started with a higher one.
    pub stopped: ArcSwap<Vec<Box<str>>>,
}

/// All upstreams, by name and by host.
#[derive(Clone, Default)]
pub struct Upstreams {
    by_name: HashMap<Name, Arc<Upstream>>,
    by_host: HashMap<String, Arc<Upstream>>,
}

impl Upstreams {
    /// The upstreams under their names and hosts.
    pub fn new(upstreams: impl IntoIterator<Item = Arc<Upstream>>) -> Self {
        let mut all = Self::default();
        for upstream in upstreams {
            for host in &upstream.hosts {
                all.by_host.insert(host.clone(), upstream.clone());
            }
            all.by_name.insert(upstream.name.clone(), upstream);
        }
        all
    }

    /// The upstream of that name.
    pub fn named(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.by_name.get(name)
    }

    /// The upstream of that exact host name (lower case, without a port).
    pub fn at_host(&self, host: &str) -> Option<&Arc<Upstream>> {
        self.by_host.get(host)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.by_name.values()
    }
}

impl Upstream {
    /// Whether the method was stopped.
    pub fn is_stopped(&self, method: &str) -> bool {
        self.stopped.load().iter().any(|stopped| **stopped == *method)
    }

    /// Stops a method.
    pub(crate) fn stop(&self, method: &str) {
        self.stopped.rcu(|stopped| {
            let mut stopped = stopped.as_ref().clone();
            if !stopped.iter().any(|other| **other == *method) {
                stopped.push(method.into());
            }
            stopped
        });
    }
}

impl Gate {
    /// Whether other gates sell under the same keys.
    pub(crate) const fn is_one_of_several(&self) -> bool {
        self.feed.is_some()
    }

    /// Why the gate is not ready to take paid calls; nothing when it is.
    pub fn unready(&self) -> Option<&'static str> {
        if self.draining.load(Ordering::Relaxed) {
            return Some("draining");
        }
        if self.journal_down.load(Ordering::Relaxed) || self.lanes.iter().any(|lane| lane.is_failing()) {
            return Some("the journal cannot be written");
        }
        if self.books.is_stalled() {
            return Some("the books cannot be written");
        }
        if self.feed.as_ref().is_some_and(|feed| feed.is_stale(self.clock.now())) {
            return Some("what other gates have changed is not heard of");
        }
        self.upstreams.iter().any(|upstream| upstream.keyring.current().is_none()).then_some("a real key is missing")
    }

    /// The watchdog's round: a lane that hangs in its write cannot say so itself. Called every 100 ms, off the workers.
    pub fn watch_lanes(&self, now: Now) {
        let down = self.lanes.iter().any(|lane| lane.is_failing() || lane.is_hanging(now.mono));
        if self.journal_down.swap(down, Ordering::Relaxed) != down {
            if down {
                tracing::error!("the audit log cannot be written: paid calls are refused until it can");
            } else {
                tracing::info!("the audit log is written again");
            }
        }
    }

    /// Pauses every key that ran away, by the same change of the registry as a person's pause; gives the changes with what was seen.
    pub async fn pause_runaways(&self) -> Vec<(Runaway, Change)> {
        let runaways = std::mem::take(&mut *self.runaways.lock());
        let mut paused = Vec::with_capacity(runaways.len());
        for runaway in runaways {
            let Some(key) = self.registry.snapshot().key(runaway.key.as_str()).cloned() else { continue };
            key.attachment.pace.applied();
            match self.registry.pause_key(&runaway.key, &runaway.reason, self.clock.now().wall).await {
                Ok(change) => paused.push((runaway, change)),
                Err(error) => {
                    tracing::error!(key = runaway.key.as_str(), error = %error, "a key that runs away cannot be paused in the store: it is stopped here");
                    key.attachment.pace.not_applied();
                    self.runaways.lock().push(runaway);
                }
            }
        }
        paused
    }

    /// The keyed hash of a presented credential.
    pub fn hash(&self, credential: &[u8]) -> CredentialHash {
        self.pepper.hash(credential)
    }
}
