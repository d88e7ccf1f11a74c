//! A desk for tests: registry in memory, a gate and a log that say what they are told to, real sockets on loopback.

mod limits;
mod lines;

use std::future::ready;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tollgate_books::{LimitView, StoreError, UsageRow};
use tollgate_model::{Cidr, CidrSet, Money, Mono, Name, Now, RequestId, Timestamp};
use tollgate_policy::PriceTable;
use tollgate_policy::price::Pricing;
use tollgate_registry::{MemoryStore, Open, Peppering, Registry};

use crate::access::Token;
use crate::act::{Acts, AdminAct, Unwritten, Writing};
use crate::desk::{Desk, start};
use crate::gate::{Counts, Finding, Gate, Pending, RateCounts, RealKey, UpstreamShown, Whose};
use crate::server::{Doors, Running};
pub(crate) use limits::{cap, rate};
pub(crate) use lines::requests;

pub(crate) const TOKEN: &str = "tga_the-right-one";
pub(crate) const REAL_KEY: &str = "0123456789abcdef0123456789abcdef";
/// A Monday, at noon.
pub(crate) const NOON: &str = "2026-11-23T12:00:00Z";

/// A desk and what stands behind it.
pub(crate) struct Fixture {
    pub(crate) running: Running,
    pub(crate) registry: Arc<Registry<()>>,
    pub(crate) gate: Arc<Told>,
    pub(crate) log: Arc<Log>,
    millis: Arc<AtomicI64>,
}

/// A gate that answers what it was told to.
pub(crate) struct Told {
    pub(crate) audit: TempDir,
    pub(crate) unready: Mutex<Option<String>>,
    pub(crate) limits: Mutex<Vec<LimitView>>,
    pub(crate) of_upstream: Mutex<Vec<LimitView>>,
    pub(crate) usage: Mutex<Vec<UsageRow>>,
    pub(crate) asked: Mutex<Vec<(String, String)>>,
    pub(crate) stopped: Mutex<Vec<String>>,
    pub(crate) upstreams: Mutex<Vec<&'static str>>,
    pub(crate) unknown: Mutex<Option<RequestId>>,
}

/// A log that keeps its lines.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) acts: Mutex<Vec<AdminAct>>,
    pub(crate) broken: AtomicBool,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        // its third upstream was taken out of the configuration: the gate attaches nothing to its keys
        let attach = |record: &tollgate_registry::KeyRecord, _: &[_], _: Option<&()>| (record.upstream.as_str() != "gone").then_some(());
        let open = Open { store, pepper: Peppering::InStore, random: draw, attach: Box::new(attach) };
        let registry = Arc::new(Registry::open(open).await.unwrap());
        let (gate, log) = (Arc::new(Told::new()), Arc::new(Log::default()));
        let millis = Arc::new(AtomicI64::new(at(NOON).millis()));
        let hand = millis.clone();
        let clock = Arc::new(move || now(hand.load(Ordering::Relaxed)));
        let desk = Desk { registry: registry.clone(), gate: gate.clone(), acts: log.clone(), clock };
        let socket = gate.audit.path().join("admin.sock");
        let port = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let running = start(desk, Doors { socket, port, token: Token::new(TOKEN.as_bytes()).unwrap() }).await.unwrap();
        Self { running, registry, gate, log, millis }
    }

    /// One request over the port, with the token.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.ask_with(method, path, &[], body).await
    }

    /// The same with further header lines.
    pub(crate) async fn ask_with(&self, method: &str, path: &str, lines: &[(&str, &str)], body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        let mut all = vec![("host", "127.0.0.1"), ("authorization", &*bearer)];
        all.extend(lines);
        let body = body.map(|body| body.to_string());
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        self.send(method, path, &all, body.unwrap_or_default().as_bytes()).await
    }

    /// One request over the port with exactly these header lines.
    pub(crate) async fn send(&self, method: &str, path: &str, lines: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.running.address.unwrap()).await.unwrap();
        stream.write_all(&request(method, path, lines, body)).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::read(&bytes)
    }

    /// One request over the socket, without a token.
    pub(crate) async fn over_socket(&self, method: &str, path: &str) -> Answer {
        let mut stream = UnixStream::connect(&self.running.socket).await.unwrap();
        stream.write_all(&request(method, path, &[("host", "tollgate")], b"")).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::read(&bytes)
    }

    /// Makes a key with these words beside its name and a cap; gives its secret.
    pub(crate) async fn key(&self, name: &str, words: Value) -> String {
        let mut body = serde_json::json!({ "name": name, "upstream": "captchaai", "caps": ["25/day"], "allow": ["10.0.0.0/8"] });
        for (word, value) in words.as_object().unwrap() {
            body[word] = value.clone();
        }
        let answer = self.ask("POST", "/v1/keys", Some(body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["key"].as_str().unwrap().to_owned()
    }

    pub(crate) fn set_clock(&self, text: &str) {
        self.millis.store(at(text).millis(), Ordering::Relaxed);
    }
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The last part of the problem's type, and its words.
    pub(crate) fn problem(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        let slug = problem["type"].as_str().unwrap().trim_start_matches("urn:tollgate:problem:").to_owned();
        (self.status, slug, problem["detail"].as_str().unwrap().to_owned())
    }
}

impl Told {
    fn new() -> Self {
        Self {
            audit: TempDir::new().unwrap(),
            unready: Mutex::default(),
            limits: Mutex::default(),
            of_upstream: Mutex::default(),
            usage: Mutex::default(),
            asked: Mutex::default(),
            stopped: Mutex::default(),
            upstreams: Mutex::new(vec!["captchaai", "second"]),
            unknown: Mutex::default(),
        }
    }
}

impl Gate for Told {
    fn unready(&self) -> Option<String> {
        self.unready.lock().clone()
    }

    fn upstreams(&self) -> Vec<UpstreamShown> {
        let shown = |name: &&str| UpstreamShown {
            name: Name::parse(name).unwrap(),
            profile: "captchaai".to_owned(),
            host: "ocr.captchaai.example".to_owned(),
            secret_version: Some("v7".to_owned()),
            prices: vec![("userrecaptcha".to_owned(), "0.002900000".to_owned())],
            prices_version: "0123456789ab".to_owned(),
            stopped: self.stopped.lock().clone(),
            plan: (*name == "captchaai").then_some(crate::gate::PlanShown { monthly: Money::from_nanos(90_000_000_000), threads: 5 }),
        };
        self.upstreams.lock().iter().map(shown).collect()
    }

    fn set(&self, name: &str) -> Option<CidrSet> {
        let block = |text: &str| Cidr::parse(text).unwrap();
        (name == "office").then(|| CidrSet::new(vec![block("203.0.113.0/24"), block("2001:db8::/32")]))
    }

    fn unknowns(&self) -> Vec<crate::gate::UnknownShown> {
        self.unknown.lock().iter().map(limits::unknown).collect()
    }

    fn resolve(&self, request: RequestId, cost: Option<Money>, _: &str) -> Option<crate::gate::ResolvedShown> {
        self.unknown.lock().take_if(|unknown| *unknown == request).map(|_| limits::resolved(cost))
    }

    fn adjust(&self, asked: crate::gate::Adjusting) -> Pending<'_, Result<crate::gate::AdjustedShown, crate::gate::NotAdjusted>> {
        Box::pin(ready(limits::adjusted(&asked)))
    }

    fn prices(&self, upstream: &Name) -> Option<PriceTable> {
        let known = ["captchaai", "second", "gone"].contains(&upstream.as_str());
        let table = [("userrecaptcha", 2_900_000), ("base64", 1_000_000)].map(|(method, price)| (method, Money::from_nanos(price)));
        known.then(|| PriceTable::new(Pricing::Task, table).unwrap())
    }

    fn limits<'a>(&'a self, whose: Whose<'a>) -> Pending<'a, Vec<LimitView>> {
        let limits = match whose {
            Whose::Key(_) | Whose::Team(_) => &self.limits,
            Whose::Upstream(_) => &self.of_upstream,
        };
        Box::pin(ready(limits.lock().clone()))
    }

    fn usage<'a>(&'a self, since: &'a str, until: &'a str) -> Pending<'a, Result<Vec<UsageRow>, StoreError>> {
        self.asked.lock().push((since.to_owned(), until.to_owned()));
        Box::pin(ready(Ok(self.usage.lock().clone())))
    }

    fn recognise(&self, presented: &[u8]) -> Option<RealKey> {
        let upstream = Name::parse("captchaai").unwrap();
        (presented == REAL_KEY.as_bytes()).then(|| RealKey { upstream, version: "v7".to_owned(), live: true })
    }

    fn audit(&self) -> &Path {
        self.audit.path()
    }

    fn findings(&self) -> Vec<Finding> {
        vec![Finding { severity: "warning", what: "little room".to_owned(), fix: "make room".to_owned() }]
    }

    fn counts(&self) -> Counts {
        let (allowed, denied) = (vec![("submit", 3)], vec![("cap_reached", 2)]);
        let rates = Some(RateCounts { asked: 11, alone: 4, lost: 2, away: 1 });
        Counts { allowed, denied, connections: 5, lanes_failing: 1, account_waits: 7, rates, ..Counts::default() }
    }
}

impl Acts for Log {
    fn write(&self, act: AdminAct) -> Writing<'_> {
        if self.broken.load(Ordering::Relaxed) {
            return Box::pin(ready(Err(Unwritten)));
        }
        self.acts.lock().push(act);
        // a real one waits for its disk: others are let in between
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(())
        })
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

pub(crate) fn now(millis: i64) -> Now {
    Now { wall: Timestamp::from_millis(millis), mono: Mono::default().plus_millis(millis.unsigned_abs()) }
}

fn request(method: &str, path: &str, lines: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let lines = lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<Vec<_>>().concat();
    let head = format!("{method} {path} HTTP/1.1\r\n{lines}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Bytes that are never the same twice.
fn draw(block: &mut [u8]) -> bool {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    let mut bytes = blake3::Hasher::new().update(&DRAWN.fetch_add(1, Ordering::Relaxed).to_le_bytes()).finalize_xof();
    bytes.fill(block);
    true
}
