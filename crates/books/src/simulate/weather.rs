//! How does the book answer today? The reference store behind delays, refusals and answers that do not arrive.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tollgate_model::{KeyId, Name, RequestId, TaskId, Timestamp};

use super::random::Random;
use crate::adjust::Spent;
use crate::memory::MemoryStore;
use crate::port::{Counter, Fact, Fence, HoldRow, Holder, Lease, LeaseWant, Opened, Reply, Store, StoreError, UsageRow};

/// What the book is like for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// At once.
    Fair,
    /// Every answer takes up to a third of a second.
    Slow,
    /// Half of it is refused as `Busy`; of that, half was done all the same.
    Rough,
    /// Nothing is done.
    Down,
}

/// A book that can be cut off, slowed down, and thrown back to its last durable step.
pub(super) struct Weather(Mutex<Inner>);

struct Inner {
    book: Arc<MemoryStore>,
    told: Told,
    /// The book as of the last step that was durable for certain: a post is so at the latest with the next lease.
    durable: (Arc<MemoryStore>, Told),
    mood: Mood,
    random: Random,
}

/// What a hold's facts say, in the order in which they came: kept beside the book by other means than the book's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) held: bool,
    pub(super) opened: bool,
    pub(super) end: Option<End>,
}

/// How a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Settled(i64),
    Voided,
    Unknown,
}

/// Of each hold, what was heard.
pub(super) type Told = BTreeMap<RequestId, Heard>;

/// Hears one fact.
pub(super) fn hear(told: &mut Told, fact: &Fact) {
    let (request, end) = match fact {
        Fact::Held { request, .. } => {
            told.entry(*request).or_default().held = true;
            return;
        }
        Fact::Opened { request, .. } => {
            told.entry(*request).or_default().opened = true;
            return;
        }
        Fact::Settled { request, cost, .. } => (request, End::Settled(cost.nanos())),
        Fact::Voided { request, .. } => (request, End::Voided),
        Fact::Unknown { request, .. } => (request, End::Unknown),
        // no operator corrects anything in a simulation
        Fact::Adjusted(_) => return,
    };
    let heard = told.entry(*request).or_default();
    if matches!(heard.end, None | Some(End::Unknown)) {
        heard.end = Some(end);
    }
}

/// One call's luck.
struct Luck {
    before: Duration,
    done: bool,
    after: Duration,
    told: bool,
}

impl Weather {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let book = Arc::new(MemoryStore::default());
        let durable = (Arc::new(book.copy()), Told::new());
        let inner = Inner { book, told: Told::new(), durable, mood: Mood::Fair, random: Random::of(seed, u64::MAX) };
        Arc::new(Self(Mutex::new(inner)))
    }

    pub(super) fn set(&self, mood: Mood) {
        self.0.lock().mood = mood;
    }

    /// The book itself, for checks.
    pub(super) fn book(&self) -> Arc<MemoryStore> {
        self.0.lock().book.clone()
    }

    pub(super) fn told(&self) -> Told {
        self.0.lock().told.clone()
    }

    /// The plug is pulled: what was not durable yet is gone, or is not.
    pub(super) fn unplug(&self, random: &mut Random) {
        let mut inner = self.0.lock();
        if random.one_in(2) {
            inner.book = Arc::new(inner.durable.0.copy());
            inner.told = inner.durable.1.clone();
        }
    }

    fn luck(&self) -> Luck {
        let mut inner = self.0.lock();
        let mood = inner.mood;
        let random = &mut inner.random;
        let mut millis = |most: usize| Duration::from_millis(u64::try_from(random.below(most)).unwrap_or(0));
        let (before, after) = match mood {
            Mood::Fair => (Duration::ZERO, Duration::ZERO),
            Mood::Slow => (millis(150), millis(150)),
            Mood::Rough => (millis(20), millis(20)),
            Mood::Down => (millis(3), Duration::ZERO),
        };
        let (done, told) = match mood {
            Mood::Fair | Mood::Slow => (true, true),
            Mood::Rough => (random.below(4) != 0, random.below(4) != 0),
            Mood::Down => (false, false),
        };
        Luck { before, done, after, told }
    }

    /// One call of the book, as the day has it. Dropped on the way it was done or it was not.
    async fn call<T>(&self, work: impl AsyncFnOnce(&MemoryStore) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let luck = self.luck();
        pause(luck.before).await;
        let done = if luck.done { work(&self.book()).await } else { Err(StoreError::Busy) };
        pause(luck.after).await;
        if luck.told { done } else { Err(StoreError::Busy) }
    }

    fn durable(&self) {
        let mut inner = self.0.lock();
        inner.durable = (Arc::new(inner.book.copy()), inner.told.clone());
    }

    fn hear(&self, facts: &[Fact]) {
        let mut inner = self.0.lock();
        for fact in facts {
            hear(&mut inner.told, fact);
        }
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

impl Store for Weather {
    fn open(&self, instance: &str, boot: &str, journal_whole: bool) -> Reply<'_, Opened> {
        let (instance, boot) = (instance.to_owned(), boot.to_owned());
        Box::pin(self.call(async move |book: &MemoryStore| {
            let opened = book.open(&instance, &boot, journal_whole).await;
            self.durable();
            opened
        }))
    }

    fn lease(&self, fence: Fence, wants: Vec<LeaseWant>) -> Reply<'_, Vec<Lease>> {
        Box::pin(self.call(async move |book: &MemoryStore| {
            let leases = book.lease(fence, wants).await;
            self.durable();
            leases
        }))
    }

    fn post(&self, fence: Fence, facts: Vec<Fact>, upto: HashMap<String, u64>, given: Vec<(Counter, Holder, i64)>) -> Reply<'_, ()> {
        Box::pin(self.call(async move |book: &MemoryStore| {
            book.post(fence, facts.clone(), upto, given).await?;
            self.hear(&facts);
            Ok(())
        }))
    }

    fn owner(&self, upstream: &Name, task: TaskId) -> Reply<'_, Option<HoldRow>> {
        let upstream = upstream.clone();
        Box::pin(self.call(async move |book: &MemoryStore| book.owner(&upstream, task).await))
    }

    fn unsettled(&self, behind: Option<RequestId>, most: usize) -> Reply<'_, Vec<HoldRow>> {
        Box::pin(self.call(async move |book: &MemoryStore| book.unsettled(behind, most).await))
    }

    fn spent(&self, key: KeyId, from: Timestamp, to: Timestamp) -> Reply<'_, Vec<Spent>> {
        Box::pin(self.call(async move |book: &MemoryStore| book.spent(key, from, to).await))
    }

    fn usage(&self, since: &str, until: &str) -> Reply<'_, Vec<UsageRow>> {
        let (since, until) = (since.to_owned(), until.to_owned());
        Box::pin(self.call(async move |book: &MemoryStore| book.usage(&since, &until).await))
    }
}
