//! Who speaks to the book? One clerk: leases slices for everyone who waits in one commit, and posts what has happened.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::Notify;
use tollgate_model::{Denial, DenialCode, KeyId, Name, Now, TaskId};

use crate::account::{Account, Tried, Wish};
use crate::hold::{Hold, Terms};
use crate::open::{self, Recovered};
use crate::port::{Counter, Fact, Fence, HoldRow, HoldState, Holder, LeaseWant, Store, StoreError, UsageRow};
use crate::slot::LimitIx;
use crate::state::Open;
use crate::task::Owned;
use crate::view::LimitView;

/// A caller waits this long for a slice (ARCHITECTURE.md, "Money").
const LEASE_WAIT: Duration = Duration::from_millis(250);
/// Facts are posted at least this often.
const POST_EVERY: Duration = Duration::from_secs(1);
/// A slice that nobody has used for this long is given back.
const IDLE_NS: u64 = 5_000_000_000;
/// Rounds of leasing that one call waits for.
const ROUNDS: usize = 8;
/// A task that memory does not know is asked for in the book at most this long.
const OWNER_WAIT: Duration = Duration::from_millis(100);

/// How far the facts of a lane's lines have been pushed: lines up to this number need no replay once the next cut is posted.
#[derive(Clone, Default)]
pub struct LaneMark(Arc<AtomicU64>);

impl LaneMark {
    /// All facts of lines up to `number` have been pushed.
    pub fn pushed(&self, number: u64) {
        self.0.fetch_max(number, Ordering::Release);
    }

    /// Up to which line that is.
    pub fn upto(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// All accounts, and the way to the durable book.
pub struct Books {
    store: Arc<dyn Store>,
    fence: Fence,
    instance: String,
    clean: bool,
    accounts: RwLock<HashMap<Name, Arc<Account>>>,
    restored: RwLock<HashMap<Name, Vec<HoldRow>>>,
    marks: RwLock<Vec<(String, LaneMark)>>,
    bell: Arc<Notify>,
    fenced: Arc<AtomicBool>,
    stalled: AtomicBool,
    clock: Arc<dyn Fn() -> Now + Send + Sync>,
}

/// The task that tends the book; run it to its end.
pub struct Clerk(Arc<Books>);

impl Books {
    /// Opens the book and brings it up to the journal.
    pub async fn open(
        store: Arc<dyn Store>,
        instance: &str,
        boot: &str,
        journal_whole: bool,
        lines: impl IntoIterator<Item = (String, u64, Fact)>,
        clock: Arc<dyn Fn() -> Now + Send + Sync>,
    ) -> Result<(Arc<Self>, Clerk, Recovered), StoreError> {
        let opened = store.open(instance, boot, journal_whole).await?;
        let recovered = open::recover(&*store, &opened, lines).await?;
        let mut restored: HashMap<Name, Vec<HoldRow>> = HashMap::new();
        for row in &recovered.unsettled {
            restored.entry(row.upstream.clone()).or_default().push(row.clone());
        }
        let books = Arc::new(Self {
            store,
            fence: opened.fence,
            instance: instance.to_owned(),
            clean: !opened.machine_died && recovered.replayed == 0 && recovered.unknown.is_empty(),
            accounts: RwLock::default(),
            restored: RwLock::new(restored),
            marks: RwLock::default(),
            bell: Arc::new(Notify::new()),
            fenced: Arc::new(AtomicBool::new(false)),
            stalled: AtomicBool::new(false),
            clock,
        });
        Ok((books.clone(), Clerk(books), recovered))
    }

    /// The account of an upstream; made at first use, with the holds that the book has open for it.
    pub fn account(&self, name: &Name, deadline_ms: u64) -> Arc<Account> {
        let mut accounts = self.accounts.write();
        if let Some(account) = accounts.get(name) {
            return account.clone();
        }
        let now = (self.clock)();
        let account = Account::new(name.clone(), self.bell.clone(), self.fenced.clone(), self.clean, now);
        let rows = self.restored.write().remove(name).unwrap_or_default();
        let mut state = account.state.lock();
        for row in rows {
            restore(&mut state, row, deadline_ms);
        }
        drop(state);
        accounts.insert(name.clone(), account.clone());
        account
    }

    /// Registers a lane of the journal under its name.
    pub fn lane(&self, name: &str) -> LaneMark {
        let mark = LaneMark::default();
        self.marks.write().push((name.to_owned(), mark.clone()));
        mark
    }

    /// Reserves in all limits or in none; waits for a slice only where memory has none left.
    pub async fn reserve(&self, account: &Arc<Account>, wish: &Wish<'_>, now: Now) -> Result<Hold, Denial> {
        // subscribed before the first try: a round that ends in between is not missed
        let mut rounds = account.rounds.subscribe();
        let mut blocked = false;
        for _ in 0..ROUNDS {
            rounds.mark_unchanged();
            match account.try_reserve(wish, now) {
                Tried::Held(hold) => return Ok(hold),
                Tried::Refused(denial) => return Err(denial),
                Tried::Cold { elsewhere } => blocked = elsewhere,
            }
            match tokio::time::timeout(LEASE_WAIT, rounds.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Err(unavailable()),
            }
        }
        if blocked {
            Err(Denial::new(DenialCode::CapReached, "what is left of a shared cap is reserved elsewhere"))
        } else {
            Err(unavailable())
        }
    }

    /// The task, if it is this key's: from memory, else from the book.
    pub async fn owner(&self, account: &Arc<Account>, key: KeyId, task: TaskId) -> Result<Option<Owned>, StoreError> {
        if let Some(owned) = account.task(key, task) {
            return Ok(Some(owned));
        }
        let asked = tokio::time::timeout(OWNER_WAIT, self.store.owner(account.name(), task)).await;
        let row = asked.map_err(|_| StoreError::Busy)??;
        if let Some(row) = row.filter(|row| row.key == key) {
            account.remember(task, row.request, row.key);
        }
        // asked again: an id that was withheld in memory stays withheld
        Ok(account.task(key, task))
    }

    /// Where limits stand; what memory does not know yet is asked of the book.
    pub async fn view(&self, account: &Arc<Account>, limits: &[LimitIx]) -> Vec<LimitView> {
        let now = (self.clock)();
        let views = account.view(limits, now);
        if views.iter().all(|view| view.known) {
            return views;
        }
        let mut rounds = account.rounds.subscribe();
        account.state.lock().warm(limits);
        self.bell.notify_one();
        let _ = tokio::time::timeout(LEASE_WAIT, rounds.changed()).await;
        account.view(limits, now)
    }

    /// Usage by key, team, upstream, method and day, with everything that has happened so far posted first.
    pub async fn usage(&self, since: &str, until: &str) -> Result<Vec<UsageRow>, StoreError> {
        self.post(true).await?;
        self.store.usage(since, until).await
    }

    /// Whether the book did not take what it was last told.
    pub fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed) || self.fenced.load(Ordering::Relaxed)
    }

    /// All accounts.
    pub fn accounts(&self) -> Vec<Arc<Account>> {
        self.accounts.read().values().cloned().collect()
    }

    /// Leases for everyone who waits, in one durable step; then wakes them, whatever came of it.
    async fn lease(&self) -> Result<(), StoreError> {
        let (places, wants) = self.wants();
        if wants.is_empty() {
            return Ok(());
        }
        if wants.iter().any(|want| want.used.is_none()) {
            // a window that memory does not know starts from the book: the book must know everything first
            self.post(true).await?;
        }
        let leases = match self.store.lease(self.fence, wants.clone()).await {
            Ok(leases) => leases,
            Err(error) => {
                for (account, ix, _) in &places {
                    account.state.lock().lease_failed(*ix);
                }
                return Err(error);
            }
        };
        let short: Vec<Counter> = leases
            .iter()
            .zip(&wants)
            .filter(|(lease, want)| lease.elsewhere > 0 && lease.ceiling < lease.used.saturating_add(want.least))
            .map(|(_, want)| want.counter.clone())
            .collect();
        for ((account, ix, window), lease) in places.iter().zip(&leases) {
            account.state.lock().leased(*ix, *window, lease);
        }
        if !short.is_empty() {
            self.recall(&short).await?;
        }
        Ok(())
    }

    #[expect(clippy::type_complexity, reason = "the places of the wants, in their order; named nowhere else")]
    fn wants(&self) -> (Vec<(Arc<Account>, LimitIx, tollgate_model::Window)>, Vec<LeaseWant>) {
        let mut places = Vec::new();
        let mut wants = Vec::new();
        for account in self.accounts() {
            let holder = Holder { instance: self.instance.clone(), account: account.name().clone() };
            for (ix, window, want) in account.state.lock().wants(&holder) {
                places.push((account.clone(), ix, window));
                wants.push(want);
            }
        }
        (places, wants)
    }

    /// Takes unspent slices of these counters back from this gate's other accounts, so that one refusal is not made while
    /// money lies unused beside it.
    async fn recall(&self, counters: &[Counter]) -> Result<(), StoreError> {
        let mut given = Vec::new();
        for account in self.accounts() {
            let holder = Holder { instance: self.instance.clone(), account: account.name().clone() };
            let lowered = account.state.lock().recall(counters);
            given.extend(lowered.into_iter().map(|(counter, ceiling)| (counter, holder.clone(), ceiling)));
        }
        if given.is_empty() { Ok(()) } else { self.store.post(self.fence, Vec::new(), HashMap::new(), given).await }
    }

    /// Tells the book what has happened. The lanes' marks are read before the cut: every fact of a line up to its mark is in it.
    async fn post(&self, whole: bool) -> Result<(), StoreError> {
        let upto: HashMap<String, u64> = self.marks.read().iter().map(|(name, mark)| (name.clone(), mark.upto())).collect();
        let accounts = self.accounts();
        let mut cuts = Vec::new();
        let mut given = Vec::new();
        for account in &accounts {
            if !whole {
                let holder = Holder { instance: self.instance.clone(), account: account.name().clone() };
                let idle = account.state.lock().give_back_idle(IDLE_NS);
                given.extend(idle.into_iter().map(|(counter, ceiling)| (counter, holder.clone(), ceiling)));
            }
            cuts.push(account.cut());
        }
        let facts: Vec<Fact> = cuts.iter().flatten().cloned().collect();
        if facts.is_empty() && given.is_empty() {
            return Ok(());
        }
        let posted = self.store.post(self.fence, facts, upto, given).await;
        if posted.is_err() {
            for (account, cut) in accounts.iter().zip(cuts) {
                account.put_back(cut);
            }
        }
        posted
    }

    fn note(&self, outcome: &Result<(), StoreError>) {
        match outcome {
            Ok(()) => self.stalled.store(false, Ordering::Relaxed),
            Err(StoreError::Fenced) => self.fenced.store(true, Ordering::Relaxed),
            Err(error) => {
                if !self.stalled.swap(true, Ordering::Relaxed) {
                    tracing::error!(error = %error, "the books cannot be written; paid calls go on inside their slices");
                }
            }
        }
    }

    fn wake(&self) {
        for account in self.accounts() {
            account.rounds.send_modify(|round| *round = round.wrapping_add(1));
        }
    }
}

impl Clerk {
    /// Tends the book until `stop` resolves; then posts the last of it and gives every unspent slice back.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), StoreError> {
        let Self(books) = self;
        tokio::pin!(stop);
        let mut tick = tokio::time::interval(POST_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut stop => break,
                () = books.bell.notified() => {
                    let leased = books.lease().await;
                    books.note(&leased);
                    books.wake();
                }
                _ = tick.tick() => {
                    let posted = books.post(false).await;
                    books.note(&posted);
                }
            }
        }
        for account in books.accounts() {
            account.state.lock().forget_pace();
        }
        books.post(false).await
    }
}

fn unavailable() -> Denial {
    Denial::new(DenialCode::BooksUnavailable, "the books did not answer in time").retry_after(1_000)
}

fn restore(state: &mut crate::state::State, row: HoldRow, deadline_ms: u64) {
    let terms =
        Terms { request: row.request, key: row.key, team: row.team, method: row.method.into(), cost: row.held, at: row.at, limits: None };
    let unknown = row.state == HoldState::Unknown;
    state.restore(Open { terms, task: row.task, unknown, permit: true });
    if let (Some(task), false) = (row.task, unknown) {
        state.restore_task(task, row.request, row.key, deadline_ms);
    }
}
