//! Who speaks to the book? One clerk: leases slices for everyone who waits in one commit, and posts what has happened.

mod adoption;
mod census;
mod owners;
mod rounds;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use tollgate_model::{Denial, DenialCode, KeyId, Name, Now, Timestamp};

pub use self::adoption::GONE_MS;
use self::census::Census;
use crate::account::{Account, Shared, Tried, Wish};
use crate::adjust::Spent;
use crate::hold::Hold;
use crate::mark::LaneMark;
use crate::open::{self, Recovered};
use crate::port::{Fact, Fence, Store, StoreError, UsageRow};
use crate::rates::Counted;
use crate::restored::Restored;
use crate::slot::LimitIx;
use crate::view::LimitView;

/// A caller waits this long for a word of the book: a refusal is said within 250 ms (ARCHITECTURE.md, "Money").
const LEASE_WAIT: Duration = Duration::from_millis(220);
/// Facts are posted at least this often, and as soon as they fill a step.
const POST_EVERY: Duration = Duration::from_secs(1);
/// Facts told in one step: it takes a few milliseconds, and whoever waits for a slice is served between two.
pub(crate) const STEP: usize = 1_000;
/// A slice that nobody has used for this long is given back.
const IDLE_NS: u64 = 5_000_000_000;
/// Rounds of leasing that one call waits for: others may be quicker each time. As long as the book answers nobody is told that it does
/// not, so this is far beyond what a crowd needs.
const ROUNDS: usize = 2_000;
/// Rounds that end with other gates' slices in the way before it is refused: they may have given back what the book told of before.
const BLOCKED: usize = 3;

/// All accounts, and the way to the durable book.
pub struct Books {
    store: Arc<dyn Store>,
    fence: Fence,
    instance: String,
    clean: bool,
    /// In the order of their names, so that a simulation tells the same history each time.
    accounts: RwLock<BTreeMap<Name, Arc<Account>>>,
    restored: RwLock<HashMap<Name, Restored>>,
    marks: RwLock<Vec<(String, LaneMark)>>,
    shared: Shared,
    /// Held from a cut until the book has it: a mark must not reach the book before the facts below it.
    posting: Mutex<Posting>,
    /// Posts that have begun, and the last that the book has taken.
    begun: AtomicU64,
    taken: watch::Sender<u64>,
    stalled: AtomicBool,
    /// Rounds of leasing in which the book has answered.
    answered: AtomicU64,
    clock: Arc<dyn Fn() -> Now + Send + Sync>,
}

/// What the book is told beside the accounts' facts.
struct Posting {
    /// That holds are unknown whose process died. Told with the first post, when their lines are written: told before, a death in
    /// between would leave them without.
    owed: Vec<Fact>,
    /// The lanes' marks as they were last told.
    marks: HashMap<String, u64>,
}

/// The task that tends the book; run it to its end.
pub struct Clerk(Arc<Books>);

impl Books {
    /// Opens the book and brings it up to the journal. The outcomes of what is unknown from now on (`Recovered::unknown`) are to be
    /// written down before the clerk runs.
    pub async fn open(
        store: Arc<dyn Store>,
        instance: &str,
        boot: &str,
        journal_whole: bool,
        lines: impl IntoIterator<Item = (String, u64, Fact)>,
        clock: Arc<dyn Fn() -> Now + Send + Sync>,
    ) -> Result<(Arc<Self>, Clerk, Recovered), StoreError> {
        let opened = store.open(instance, boot, journal_whole).await?;
        let (recovered, restored) = open::recover(&*store, &opened, lines).await?;
        let owed = recovered.unknown.iter().map(|row| Fact::Unknown { request: row.request, at: row.at }).collect();
        let books = Arc::new(Self {
            store,
            fence: opened.fence,
            instance: instance.to_owned(),
            clean: !opened.machine_died && recovered.replayed == 0 && recovered.unknown.is_empty(),
            accounts: RwLock::default(),
            restored: RwLock::new(restored),
            marks: RwLock::default(),
            shared: Shared::default(),
            posting: Mutex::new(Posting { owed, marks: HashMap::new() }),
            begun: AtomicU64::new(0),
            taken: watch::Sender::new(0),
            stalled: AtomicBool::new(false),
            answered: AtomicU64::new(0),
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
        let account = Account::new(name.clone(), self.shared.clone(), self.clean, now);
        if let Some(restored) = self.restored.write().remove(name) {
            account.state.lock().restore(restored, deadline_ms);
        }
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
        self.reserve_counted(account, wish, Counted::Here, now).await
    }

    pub(crate) async fn reserve_counted(
        &self,
        account: &Arc<Account>,
        wish: &Wish<'_>,
        counted: Counted,
        now: Now,
    ) -> Result<Hold, Denial> {
        let (mut blocked, mut answered) = (0, self.answered.load(Ordering::Relaxed));
        let mut patience = Instant::now() + LEASE_WAIT;
        for _ in 0..ROUNDS {
            // made before the try: a round that ends in between is not missed
            let round = account.rounds.notified();
            match account.try_reserve_counted(wish, counted, now) {
                Tried::Held(hold) => return Ok(hold),
                Tried::Refused(denial) => return Err(denial),
                Tried::Cold { elsewhere: false } => blocked = 0,
                Tried::Cold { elsewhere: true } => match self.census(account, wish, now) {
                    Census::Full(denial) => return Err(denial),
                    Census::Abroad if blocked == BLOCKED => {
                        return Err(Denial::new(DenialCode::CapReached, "what is left of a shared cap is reserved by another gate"));
                    }
                    Census::Abroad => blocked += 1,
                    Census::Room => {}
                },
            }
            tokio::time::timeout_at(patience, round).await.map_err(|_| unavailable())?;
            // a round that failed ends too, and is no word of the book
            let answers = self.answered.load(Ordering::Relaxed);
            if std::mem::replace(&mut answered, answers) != answers {
                patience = Instant::now() + LEASE_WAIT;
            }
        }
        Err(unavailable())
    }

    /// Where limits stand; what memory does not know yet is asked of the book.
    pub async fn view(&self, account: &Arc<Account>, limits: &[LimitIx]) -> Vec<LimitView> {
        let now = (self.clock)();
        let views = account.view(limits, now);
        if views.iter().all(|view| view.known) {
            return views;
        }
        let round = account.rounds.notified();
        account.state.lock().warm(limits);
        self.shared.bell.notify_one();
        let _ = tokio::time::timeout(LEASE_WAIT, round).await;
        account.view(limits, now)
    }

    /// Usage by key, team, upstream, method and day, with everything that has happened so far posted first.
    pub async fn usage(&self, since: &str, until: &str) -> Result<Vec<UsageRow>, StoreError> {
        self.post().await?;
        self.store.usage(since, until).await
    }

    /// What a key has settled between two instants, with everything that has happened so far posted first.
    pub async fn spent(&self, key: KeyId, from: Timestamp, to: Timestamp) -> Result<Vec<Spent>, StoreError> {
        self.post().await?;
        self.store.spent(key, from, to).await
    }

    /// Whether the book did not take what it was last told.
    pub fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed) || self.shared.fenced.load(Ordering::Relaxed)
    }

    /// All accounts.
    pub fn accounts(&self) -> Vec<Arc<Account>> {
        self.accounts.read().values().cloned().collect()
    }
}

impl Clerk {
    /// Tends the book until `stop` resolves; then posts the last of it and gives every unspent slice back.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), StoreError> {
        let Self(books) = self;
        let (stopping, stopped) = watch::channel(false);
        let stop = async {
            stop.await;
            let _ = stopping.send(true);
        };
        // a slice is not waited for behind a second's facts
        tokio::join!(stop, lend(&books, stopped.clone()), tell(&books, stopped.clone()), adoption::adopt(&books, stopped));
        for account in books.accounts() {
            account.state.lock().forget_pace();
        }
        books.post().await?;
        books.give_back().await
    }
}

/// Leases for whoever waits, and gives back what nobody uses: one after the other, for both move the same ceilings.
async fn lend(books: &Books, mut stopped: watch::Receiver<bool>) {
    let mut tick = every();
    loop {
        tokio::select! {
            biased;
            _ = stopped.changed() => return,
            // once a second, before the bell: it may ring without a pause
            _ = tick.tick() => {
                let given = books.give_back().await;
                // nothing to give says nothing about the book
                if given.is_err() {
                    books.note(&given);
                }
            }
            () = books.shared.bell.notified() => {
                let leased = books.lease().await;
                books.note(&leased);
                books.wake();
            }
        }
    }
}

/// Posts what has happened.
async fn tell(books: &Books, mut stopped: watch::Receiver<bool>) {
    let mut tick = every();
    let mut taken = true;
    loop {
        tokio::select! {
            biased;
            _ = stopped.changed() => return,
            _ = tick.tick() => {}
            // a slice may have to wait for what has happened; a book that takes nothing is not asked with each fact
            () = books.shared.full.notified(), if taken => {}
        }
        let posted = books.post().await;
        books.note(&posted);
        taken = posted.is_ok();
    }
}

fn every() -> tokio::time::Interval {
    let mut tick = tokio::time::interval(POST_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tick
}

fn unavailable() -> Denial {
    Denial::new(DenialCode::BooksUnavailable, "the books did not answer in time").retry_after(1_000)
}

#[cfg(test)]
mod tests;
