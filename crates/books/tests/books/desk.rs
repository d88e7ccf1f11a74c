//! A gate's books with a clock that tests set, and a journal that outlives them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tollgate_books::memory::MemoryStore;
use tollgate_books::{Account, Books, Fact, Hold, HoldRow, HoldState, LaneMark, LimitIx, Recovered, Sent, StoreError, Tried, Wish};
use tollgate_model::{Denial, DenialCode, KeyId, Limit, LimitKind, Money, Mono, Name, Now, RequestId, Scope, TaskId, Timestamp};

/// Ten cents: what a task costs here.
pub(crate) const DIME: Money = Money::from_nanos(100_000_000);
/// Ten minutes: when a task is polled by the gate itself.
pub(crate) const DEADLINE_MS: u64 = 600_000;
/// An ordinary noon.
pub(crate) const NOON: &str = "2026-11-23T12:00:00Z";

/// One gate: its books, its clerk, its journal, its clock.
pub(crate) struct Desk {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) books: Arc<Books>,
    pub(crate) recovered: Recovered,
    clock: Arc<Clock>,
    journal: Vec<Fact>,
    mark: LaneMark,
    next: u64,
    stop: oneshot::Sender<()>,
    clerk: JoinHandle<Result<(), StoreError>>,
}

#[derive(Default)]
struct Clock {
    wall: AtomicI64,
    mono: AtomicU64,
}

impl Clock {
    fn now(&self) -> Now {
        Now { wall: Timestamp::from_millis(self.wall.load(Ordering::Relaxed)), mono: Mono::from_nanos(self.mono.load(Ordering::Relaxed)) }
    }
}

/// Sent by this key, of this worth.
pub(crate) struct Purchase {
    pub(crate) request: RequestId,
    pub(crate) sent: Sent,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::at(NOON).await
    }

    pub(crate) async fn at(instant: &str) -> Self {
        let clock = Arc::new(Clock { wall: AtomicI64::new(at(instant).millis()), mono: AtomicU64::new(1) });
        Self::open(Arc::new(MemoryStore::default()), clock, Vec::new(), ("gate", "boot"), true, 1).await
    }

    /// Another gate on the same book.
    pub(crate) async fn beside(&self) -> Self {
        Self::open(self.store.clone(), self.clock.clone(), Vec::new(), ("other", "boot"), true, 1_000_000).await
    }

    async fn open(
        store: Arc<MemoryStore>,
        clock: Arc<Clock>,
        journal: Vec<Fact>,
        (instance, boot): (&str, &str),
        whole: bool,
        next: u64,
    ) -> Self {
        let lines: Vec<_> = (1..).zip(&journal).map(|(number, fact)| ("lane".to_owned(), number, fact.clone())).collect();
        let read = clock.clone();
        let (books, clerk, recovered) =
            Books::open(store.clone(), instance, boot, whole, lines, Arc::new(move || read.now())).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let clerk = spawn(clerk.run(async { drop(stopped.await) }));
        let mark = books.lane("lane");
        Self { store, books, recovered, clock, journal, mark, next, stop, clerk }
    }

    /// SIGKILL, then a new process that reads the journal.
    pub(crate) async fn killed(self) -> Self {
        self.dead("boot", true).await
    }

    /// The plug is pulled: another boot.
    pub(crate) async fn unplugged(self) -> Self {
        self.dead("another boot", true).await
    }

    async fn dead(self, boot: &str, whole: bool) -> Self {
        self.clerk.abort();
        drop(self.clerk.await);
        Self::open(self.store, self.clock, self.journal, ("gate", boot), whole, self.next).await
    }

    /// An orderly end and a new start.
    pub(crate) async fn restarted(self) -> Self {
        self.mark.pushed(u64::try_from(self.journal.len()).unwrap());
        self.stop.send(()).unwrap();
        self.clerk.await.unwrap().unwrap();
        Self::open(self.store, self.clock, self.journal, ("gate", "boot"), true, self.next).await
    }

    pub(crate) fn now(&self) -> Now {
        self.clock.now()
    }

    pub(crate) fn set(&self, instant: &str) {
        self.clock.wall.store(at(instant).millis(), Ordering::Relaxed);
    }

    /// Both clocks go on.
    pub(crate) fn pass_ms(&self, millis: u32) {
        self.clock.wall.fetch_add(i64::from(millis), Ordering::Relaxed);
        self.clock.mono.fetch_add(u64::from(millis) * 1_000_000, Ordering::Relaxed);
    }

    pub(crate) fn account(&self, name: &str) -> Arc<Account> {
        self.books.account(&self::name(name), DEADLINE_MS)
    }

    pub(crate) fn bind(&self, account: &str, scope: Scope, kind: LimitKind) -> LimitIx {
        self.account(account).bind(&Limit::new(scope, kind), self.now())
    }

    /// A limit of key 1 at the account `p`.
    pub(crate) fn limit(&self, kind: LimitKind) -> LimitIx {
        self.bind("p", key_scope(), kind)
    }

    pub(crate) fn cap(&self, text: &str) -> LimitIx {
        self.limit(LimitKind::parse_cap(text).unwrap())
    }

    /// Key 1 of the team `crew` wants this much at an account.
    pub(crate) async fn try_spend(&mut self, account: &str, limits: &[LimitIx], cost: Money) -> Result<(RequestId, Hold), Denial> {
        let request = self.request();
        let crew = name("crew");
        let wish = Wish { request, key: key(), team: Some(&crew), method: "m", cost, limits, observe_rate: false };
        let hold = self.books.reserve(&self.account(account), &wish, self.now()).await?;
        Ok((request, hold))
    }

    /// Without the clerk: memory alone decides.
    pub(crate) fn try_now(&mut self, limits: &[LimitIx]) -> Tried {
        let wish = Wish { request: self.request(), key: key(), team: None, method: "m", cost: DIME, limits, observe_rate: false };
        self.account("p").try_reserve(&wish, self.now())
    }

    /// Writes the intent, then sends.
    pub(crate) fn send(&mut self, account: &str, request: RequestId, hold: Hold, cost: Money) -> Purchase {
        self.journal.push(Fact::Held {
            request,
            key: key(),
            team: Some(name("crew")),
            upstream: name(account),
            method: "m".to_owned(),
            at: self.now().wall,
            held: cost,
        });
        Purchase { request, sent: hold.send() }
    }

    /// Spends a dime at `p`, and sends.
    pub(crate) async fn buy(&mut self, limits: &[LimitIx]) -> Result<Purchase, DenialCode> {
        let (request, hold) = self.try_spend("p", limits, DIME).await.map_err(|denial| denial.code)?;
        Ok(self.send("p", request, hold, DIME))
    }

    /// Spends a dime on a task.
    pub(crate) async fn task(&mut self, limits: &[LimitIx], id: &str) -> RequestId {
        let Purchase { request, sent } = self.buy(limits).await.unwrap();
        self.journal.push(Fact::Opened { request, task: task(id), at: self.now().wall });
        sent.opened(task(id), self.now(), DEADLINE_MS).unwrap();
        request
    }

    /// How many dimes of so many are admitted at an account; each is sent and stays unknown.
    pub(crate) async fn admitted_at(&mut self, account: &str, limits: &[LimitIx], tries: usize) -> usize {
        let mut count = 0;
        for _ in 0..tries {
            if let Ok((request, hold)) = self.try_spend(account, limits, DIME).await {
                self.send(account, request, hold, DIME).sent.unknown();
                count += 1;
            }
        }
        count
    }

    pub(crate) async fn admitted(&mut self, limits: &[LimitIx], tries: usize) -> usize {
        self.admitted_at("p", limits, tries).await
    }

    /// What is written down of it.
    pub(crate) fn note(&mut self, fact: Fact) {
        self.journal.push(fact);
    }

    /// The book's row of a hold, when everything that has happened was told.
    pub(crate) async fn row(&self, request: RequestId) -> HoldRow {
        self.books.usage("2026-01-01", "2026-12-31").await.unwrap();
        self.store.holds().into_iter().find(|row| row.request == request).unwrap()
    }

    pub(crate) async fn state(&self, request: RequestId) -> HoldState {
        self.row(request).await.state
    }

    fn request(&mut self) -> RequestId {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.next.to_be_bytes());
        self.next += 1;
        RequestId::new(self.now().wall, random)
    }
}

fn spawn(work: impl Future<Output = Result<(), StoreError>> + Send + 'static) -> JoinHandle<Result<(), StoreError>> {
    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
    tokio::spawn(work)
}

pub(crate) fn at(instant: &str) -> Timestamp {
    Timestamp::parse_rfc3339(instant).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn task(id: &str) -> TaskId {
    TaskId::parse(id.as_bytes()).unwrap()
}

pub(crate) fn key() -> KeyId {
    KeyId::from_bytes([1; 16])
}

pub(crate) fn key_scope() -> Scope {
    Scope::Key(key())
}

pub(crate) fn team_scope() -> Scope {
    Scope::Team(name("crew"))
}
