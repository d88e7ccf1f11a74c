//! A worker for the rooms' tests: books and registry in memory, a journal in a temporary folder, a provider that says one thing.

mod provider;

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tollgate_audit::Journal as Log;
use tollgate_books::memory::MemoryStore as Book;
use tollgate_books::{Books, Paced};
use tollgate_dialect::{Pace, Profile};
use tollgate_model::{Limit, LimitKind, Money, Name, Secret, Timestamp};
use tollgate_policy::price::{PriceTable, Pricing};
use tollgate_registry::{Allow, Cap, KeyTerms, MemoryStore, Open, Peppering, Registry};
use tollgate_secrets::{EnvSource, Keyring, Rules, Watch};
use tollgate_wire::parse_head;

use crate::breaker::Breaker;
use crate::clock::Clock;
use crate::corridor;
use crate::egress::dial::Origin;
use crate::feed::Feed;
use crate::gate::{Bound, Gate, Upstream, Upstreams};
use crate::governor::Governor;
use crate::journal::Journal;
use crate::refusal::Reply;
use crate::repeats::Repeats;
use crate::room::listen::{Arrived, Entrance, arrive};
use crate::settings::{Budgets, Settings, Timeouts};
use crate::worker::Worker;
use provider::{provider, spawn};

pub(crate) use provider::Says;

pub(crate) const REAL_KEY: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const HOME: &str = "127.0.0.1";

/// A worker and what stands behind it.
pub(crate) struct Fixture {
    pub(crate) worker: Rc<Worker>,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) registry: Arc<Registry<Bound>>,
    /// Every request that the provider has received.
    pub(crate) received: Arc<parking_lot::Mutex<Vec<String>>>,
    folder: TempDir,
    _clerk: oneshot::Sender<()>,
    answer: Arc<parking_lot::Mutex<Says>>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(Timestamp::default(), Some(REAL_KEY)).await
    }

    pub(crate) async fn with(floor: Timestamp, real_key: Option<&str>) -> Self {
        Self::speaking("twocaptcha", floor, real_key).await
    }

    /// One whose provider has this profile, and is polled as callers like.
    pub(crate) async fn speaking(profile: &str, floor: Timestamp, real_key: Option<&str>) -> Self {
        Self::made(profile, floor, real_key, Pace::default(), None).await
    }

    /// One that collapses what is said twice.
    pub(crate) async fn collapsing(repeats: Arc<Repeats>) -> Self {
        Self::made("twocaptcha", Timestamp::default(), Some(REAL_KEY), Pace::default(), Some(repeats)).await
    }

    /// One that shares its keys with other gates, and has just heard of them.
    pub(crate) async fn sharing() -> Self {
        let mut stage = Self::new().await;
        let gate = Rc::get_mut(&mut stage.worker).and_then(|worker| Arc::get_mut(&mut worker.gate)).unwrap();
        gate.feed = Some(Feed::new(gate.clock.now()));
        stage
    }

    /// One whose provider has this profile and keeps its pace.
    pub(crate) async fn governed(profile: &str) -> Self {
        Self::made(profile, Timestamp::default(), Some(REAL_KEY), *Profile::builtin(profile).unwrap().pace(), None).await
    }

    async fn made(profile: &str, floor: Timestamp, real_key: Option<&str>, pace: Pace, collapse: Option<Arc<Repeats>>) -> Self {
        let clock = Clock::begin();
        let folder = TempDir::new().unwrap();
        let log = Log::open(folder.path(), clock.now().wall).unwrap();
        let lane = log.lane("w0").unwrap();
        let now = move || clock.now();
        let (books, clerk, _) = Books::open(Arc::new(Book::default()), "gate", "boot", true, Vec::new(), Arc::new(now)).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        spawn(async move { drop(clerk.run(async { drop(stopped.await) }).await) });
        let answer = Arc::new(parking_lot::Mutex::new(Says::Body("OK|7000001")));
        let received = Arc::new(parking_lot::Mutex::new(Vec::new()));
        let provider = provider(answer.clone(), received.clone()).await;
        let upstream = upstream(profile, provider, &books, real_key, (pace, collapse));
        let registry = Arc::new(registry(upstream.clone(), clock).await);
        let gate = Arc::new(Gate {
            settings: Settings {
                trusted_proxies: Default::default(),
                forwarded_header: Default::default(),
                limits: tollgate_wire::Limits::REQUEST,
                budgets: Budgets::default(),
                within: Timeouts::default(),
                drain_ms: 1_000,
            },
            clock,
            registry: registry.clone(),
            pepper: registry.pepper().clone(),
            lanes: vec![lane.health()],
            upstreams: Upstreams::new([upstream.clone()]),
            tally: Default::default(),
            recent: Default::default(),
            runaways: Default::default(),
            repeats: Default::default(),
            strangers: Default::default(),
            draining: Default::default(),
            journal_down: Default::default(),
            floor,
            guests: Default::default(),
            body_bytes: Default::default(),
            books: books.clone(),
            rates: None,
            feed: None,
        });
        let journal = Journal::new(lane, None, books.lane("w0"), clock);
        Self { worker: Rc::new(Worker::new(gate, journal)), upstream, registry, received, folder, _clerk: stop, answer }
    }

    /// Changes what the provider does.
    pub(crate) fn provider_says(&self, says: Says) {
        *self.answer.lock() = says;
    }

    /// A key for loopback with a dollar a day, unless the terms are changed.
    pub(crate) async fn key(&self, name: &str, change: impl FnOnce(&mut KeyTerms)) -> String {
        let mut terms = KeyTerms { allow: Allow::parse(&["127.0.0.1/32"]).unwrap(), ..KeyTerms::default() };
        terms.limits.caps = vec![Cap::parse("1/day").unwrap()];
        change(&mut terms);
        let now = self.worker.gate.clock.now().wall;
        let made = self.registry.create_key(Name::parse(name).unwrap(), self.upstream.name.clone(), terms, &self.upstream.prices, now);
        made.await.unwrap().secret.expose().to_owned()
    }

    /// A GET from this machine, walked to its answer.
    pub(crate) async fn get(&self, target: &str) -> Reply {
        self.get_from(HOME, target).await
    }

    /// A GET from an address, walked to its answer.
    pub(crate) async fn get_from(&self, peer: &str, target: &str) -> Reply {
        let head = format!("GET {target} HTTP/1.1\r\nHost: gate\r\nUser-Agent: test/1\r\n\r\n");
        self.walk(peer, &head, b"").await
    }

    /// A POST of JSON from this machine, walked to its answer.
    pub(crate) async fn post(&self, target: &str, body: &str) -> Reply {
        let length = body.len();
        let head = format!("POST {target} HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        self.walk(HOME, &head, body.as_bytes()).await
    }

    async fn walk(&self, peer: &str, bytes: &str, body: &[u8]) -> Reply {
        let (head, _) = parse_head(bytes.as_bytes(), &self.worker.gate.settings.limits).unwrap().unwrap();
        let entrance = Entrance { root: Some(self.upstream.clone()) };
        let peer: IpAddr = peer.parse().unwrap();
        match arrive(&self.worker, &entrance, peer, &head, bytes.as_bytes(), body) {
            Arrived::Call(arrival) => corridor::walk(&self.worker, arrival).await,
            Arrived::Me(asking) => crate::me::answer(&self.worker, asking).await,
            Arrived::Answered(reply) => reply,
        }
    }

    /// A submission with this key and this name for it.
    pub(crate) async fn submit_named(&self, key: &str, name: &str) -> Reply {
        self.get_named(&submission(key), name).await
    }

    /// A GET with this `Idempotency-Key`.
    pub(crate) async fn get_named(&self, target: &str, name: &str) -> Reply {
        self.walk(HOME, &format!("GET {target} HTTP/1.1\r\nHost: gate\r\nIdempotency-Key: {name}\r\n\r\n"), b"").await
    }

    /// A submission with this key.
    pub(crate) async fn submit(&self, key: &str) -> Reply {
        self.get(&submission(key)).await
    }

    /// Every line of the journal so far.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.worker.journal.finish().unwrap();
        self.written()
    }

    /// Every line that the operating system has: what a killed process leaves behind.
    pub(crate) fn written(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("w0-1.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The last line, at a place in it.
    pub(crate) fn last(&self, place: &str) -> Value {
        self.lines().last().and_then(|line| line.pointer(place)).cloned().unwrap_or(Value::Null)
    }

    /// What is left of the key's first cap, in nano-dollars.
    pub(crate) async fn left(&self, name: &str) -> i64 {
        let key = self.registry.snapshot().key(name).unwrap().clone();
        self.worker.gate.books.view(&self.upstream.account, &key.attachment.limits).await[0].left
    }
}

pub(crate) fn submission(key: &str) -> String {
    format!("/in.php?key={key}&method=userrecaptcha&googlekey=k&pageurl=https://example.com/")
}

pub(crate) fn text(reply: &Reply) -> &str {
    std::str::from_utf8(&reply.body).unwrap()
}

fn upstream(
    profile: &str,
    provider: SocketAddr,
    books: &Books,
    real_key: Option<&str>,
    set: (Pace, Option<Arc<Repeats>>),
) -> Arc<Upstream> {
    let (pace, collapse) = set;
    let name = Name::parse("provider").unwrap();
    let profile = Profile::builtin(profile).unwrap();
    let keyring = Arc::new(Keyring::new([7; 32], true));
    let secret = real_key.map(|key| Secret::new(key.as_bytes()));
    Watch::new(Box::new(EnvSource::new("REAL", secret, Rules { tripwire: true })), keyring.clone()).poll();
    Arc::new(Upstream {
        account: books.account(&name, profile.task_deadline_ms()),
        name,
        hosts: vec!["gate.example".to_owned()],
        profile: Arc::new(profile),
        prices: PriceTable::new(Pricing::Task, ["userrecaptcha", "ImageToTextTask"].map(|bought| (bought, Money::parse("0.10").unwrap())))
            .unwrap(),
        origin: Origin::new(provider.ip().to_string(), provider.port(), None),
        keyring,
        threads: None,
        breaker: Breaker::new(pace.refused_rest_ms()),
        crowd: Default::default(),
        governor: Governor::new(pace),
        collapse,
        drift: None,
        stopped: Default::default(),
    })
}

/// The rates among these limits.
fn paced(limits: &[Limit]) -> Box<[Arc<Paced>]> {
    let rate = |limit: &Limit| match limit.kind {
        LimitKind::Rate(rate) => Some(Arc::new(Paced::new(limit.scope.clone(), rate))),
        LimitKind::Cap { .. } | LimitKind::Concurrency(_) => None,
    };
    limits.iter().filter_map(rate).collect()
}

async fn registry(upstream: Arc<Upstream>, clock: Clock) -> Registry<Bound> {
    let attach = move |record: &tollgate_registry::KeyRecord, limits: &[Limit], before: Option<&Bound>| {
        Some(Bound {
            upstream: upstream.clone(),
            limits: limits.iter().map(|limit| upstream.account.bind(limit, clock.now())).collect(),
            paced: paced(limits),
            in_flight: before.map_or_else(|| Arc::new(AtomicUsize::new(0)), |before| before.in_flight.clone()),
            pace: match before {
                Some(before) if record.paused.is_some() || !before.pace.is_over() => before.pace.clone(),
                Some(_) | None => Arc::default(),
            },
        })
    };
    let store = Arc::new(MemoryStore::new());
    let random = |block: &mut [u8]| getrandom::fill(block).is_ok();
    Registry::open(Open { store, pepper: Peppering::InStore, random, attach: Box::new(attach) }).await.unwrap()
}
