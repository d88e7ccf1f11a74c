//! The book in memory: the reference that every durable store is compared with, and what simulations spend from.

mod share;
mod usage;
mod weight;

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use parking_lot::Mutex;
use tollgate_model::{KeyId, Money, Name, RequestId, TaskId, Timestamp, Window};

use crate::adjust::{Adjustment, Spent};
use crate::port::{
    Counter, Fact, Fence, HoldRow, HoldState, Holder, Lease, LeaseWant, Opened, Reply, Store, StoreError, UsageRow, frees_at,
};
use crate::task::busy_ms;
use share::Share;
use weight::{counts, weight};

const MINUTE_MS: i64 = 60_000;

/// A book that lives as long as the process; it can be told to play dead.
#[derive(Default)]
pub struct MemoryStore {
    book: Mutex<Book>,
}

#[derive(Clone, Default)]
struct Book {
    fence: u64,
    boots: HashMap<String, String>,
    /// Who opened it last.
    instance: String,
    lanes: HashMap<String, u64>,
    holds: BTreeMap<RequestId, HoldRow>,
    /// How long settled ones kept a thread at work.
    busy: HashMap<RequestId, i64>,
    counters: HashMap<Counter, HashMap<Holder, Share>>,
    down: bool,
}

impl MemoryStore {
    /// Refuses everything as `Down` while set.
    pub fn play_dead(&self, down: bool) {
        self.book.lock().down = down;
    }

    /// Every hold, for checks.
    pub fn holds(&self) -> Vec<HoldRow> {
        self.book.lock().holds.values().cloned().collect()
    }

    /// The same book once more: what a disk would have of it at this moment.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { book: Mutex::new(self.book.lock().clone()) }
    }

    /// How far each lane's lines are in, for checks.
    pub fn marks(&self) -> HashMap<String, u64> {
        self.book.lock().lanes.clone()
    }

    /// What counts as spent in a counter because a machine died, of all holders or of an account's, for checks.
    pub fn lost(&self, counter: &Counter, account: Option<&Name>) -> i64 {
        self.lost_in(counter, counter.window, account)
    }

    /// The same of a rolling period with the buckets before that still count.
    pub fn lost_of_all(&self, counter: &Counter) -> i64 {
        self.lost_in(counter, counter.window.counted(counter.period), None)
    }

    fn lost_in(&self, counter: &Counter, window: Window, account: Option<&Name>) -> i64 {
        let book = self.book.lock();
        let of = |(holder, share): (&Holder, &Share)| account.is_none_or(|account| holder.account == *account).then(|| share.lost());
        let same = |other: &Counter| Counter { window: counter.window, ..other.clone() } == *counter;
        let among = |other: &Counter| other == counter || same(other) && window.contains(other.window.start);
        book.counters.iter().filter(|(other, _)| among(other)).flat_map(|(_, shares)| shares.iter().filter_map(of)).sum()
    }

    fn with<T>(&self, fence: Option<Fence>, work: impl FnOnce(&mut Book) -> T) -> Result<T, StoreError> {
        let mut book = self.book.lock();
        if book.down {
            return Err(StoreError::Down("told to play dead".to_owned()));
        }
        if fence.is_some_and(|fence| fence.0 != book.fence) {
            return Err(StoreError::Fenced);
        }
        Ok(work(&mut book))
    }
}

impl Store for MemoryStore {
    fn open(&self, instance: &str, boot: &str, journal_whole: bool) -> Reply<'_, Opened> {
        let (instance, boot) = (instance.to_owned(), boot.to_owned());
        Box::pin(async move { self.with(None, |book| book.open(&instance, &boot, journal_whole)) })
    }

    fn lease(&self, fence: Fence, wants: Vec<LeaseWant>) -> Reply<'_, Vec<Lease>> {
        Box::pin(async move { self.with(Some(fence), |book| wants.iter().map(|want| book.lease(want)).collect()) })
    }

    fn post(&self, fence: Fence, facts: Vec<Fact>, upto: HashMap<String, u64>, give_back: Vec<(Counter, Holder, i64)>) -> Reply<'_, ()> {
        Box::pin(async move { self.with(Some(fence), |book| book.post(facts, upto, give_back)) })
    }

    fn owner(&self, upstream: &Name, task: TaskId) -> Reply<'_, Option<HoldRow>> {
        let upstream = upstream.clone();
        Box::pin(async move {
            self.with(None, |book| book.holds.values().rev().find(|row| row.upstream == upstream && row.task == Some(task)).cloned())
        })
    }

    fn unsettled(&self, behind: Option<RequestId>, most: usize) -> Reply<'_, Vec<HoldRow>> {
        let open = |row: &&HoldRow| matches!(row.state, HoldState::Open | HoldState::Unknown);
        let from = (behind.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        Box::pin(
            async move { self.with(None, |book| book.holds.range(from).map(|(_, row)| row).filter(open).take(most).cloned().collect()) },
        )
    }

    fn spent(&self, key: KeyId, from: Timestamp, to: Timestamp) -> Reply<'_, Vec<Spent>> {
        Box::pin(async move { self.with(None, |book| book.spent(key, from, to)) })
    }

    fn usage(&self, since: &str, until: &str) -> Reply<'_, Vec<UsageRow>> {
        let (since, until) = (since.to_owned(), until.to_owned());
        Box::pin(async move { self.with(None, |book| book.usage(&since, &until)) })
    }
}

impl Book {
    fn open(&mut self, instance: &str, boot: &str, journal_whole: bool) -> Opened {
        self.fence += 1;
        instance.clone_into(&mut self.instance);
        let before = self.boots.insert(instance.to_owned(), boot.to_owned());
        let machine_died = !journal_whole || before.is_some_and(|before| before != boot);
        if machine_died {
            for share in self.counters.values_mut().flat_map(HashMap::iter_mut).filter(|(holder, _)| holder.instance == instance) {
                share.1.died = true;
            }
        } else {
            let rolling = self.counters.iter_mut().filter(|(counter, _)| counter.period.rolls_over().is_some());
            for share in
                rolling.flat_map(|(_, shares)| shares.iter_mut()).filter(|(holder, share)| holder.instance == instance && !share.died)
            {
                share.1.ceiling = 0;
            }
        }
        Opened { fence: Fence(self.fence), replay_from: self.lanes.clone(), machine_died }
    }

    fn lease(&mut self, want: &LeaseWant) -> Lease {
        if !self.counters.contains_key(&want.counter) {
            let seeded = self.seed(&want.counter, &want.holder.instance);
            self.counters.insert(want.counter.clone(), seeded);
        }
        let (passed, before) = self.passed(&want.counter);
        let shares = self.counters.entry(want.counter.clone()).or_default();
        let others = || shares.iter().filter(|(holder, _)| **holder != want.holder);
        let elsewhere = others().map(|(_, share)| share.reserved()).sum::<i64>() + before;
        let own = others().filter(|(holder, _)| holder.instance == want.holder.instance);
        let beside = own.map(|(_, share)| share.reserved()).sum();
        let share = shares.entry(want.holder.clone()).or_default();
        share.strand();
        let used = want.used.unwrap_or_else(|| share.used());
        let before = if want.used.is_some() { share.ceiling } else { 0 };
        let counted = passed.iter().fold(0, |sum: i64, (_, amount)| sum.saturating_add(*amount));
        let room = want.cap.saturating_sub(elsewhere).saturating_sub(counted);
        let wished = used.saturating_add(want.slice).max(before);
        share.ceiling = wished.min(room).max(used);
        let short = used.saturating_add(want.least).saturating_sub(room);
        let frees_at = frees_at(want.counter.period, short, passed);
        Lease { used, ceiling: share.ceiling, elsewhere, beside, passed: counted, frees_at }
    }

    /// Of a rolling period: what was admitted in each minute before the bucket that still counts, and what is leased there and not
    /// spent.
    fn passed(&self, counter: &Counter) -> (BTreeMap<i64, i64>, i64) {
        let mut minutes = BTreeMap::new();
        let Counter { scope, unit, period, zone, window } = counter;
        let counted = window.counted(*period);
        let earlier = Counter { window: Window { start: counted.start, end: window.start }, ..counter.clone() };
        for row in self.holds.values().filter(|row| counts(&earlier, row)) {
            *minutes.entry(row.at.millis().div_euclid(MINUTE_MS)).or_default() += weight(*unit, row);
        }
        let same = |other: &Counter| other.scope == *scope && other.unit == *unit && other.period == *period && other.zone == *zone;
        let buckets = self.counters.iter().filter(|(other, _)| same(other) && earlier.window.contains(other.window.start));
        let unspent = buckets.flat_map(|(_, shares)| shares.values()).map(|share| share.reserved() - share.posted).sum();
        (minutes, unspent)
    }

    /// A counter not seen before starts from the holds that are in the book.
    fn seed(&self, counter: &Counter, instance: &str) -> HashMap<Holder, Share> {
        let mut shares: HashMap<Holder, Share> = HashMap::new();
        for row in self.holds.values().filter(|row| counts(counter, row)) {
            let holder = Holder { instance: instance.to_owned(), account: row.upstream.clone() };
            shares.entry(holder).or_default().posted += weight(counter.unit, row);
        }
        shares
    }

    fn post(&mut self, facts: Vec<Fact>, upto: HashMap<String, u64>, give_back: Vec<(Counter, Holder, i64)>) {
        for fact in facts {
            self.apply(fact);
        }
        for (lane, number) in upto {
            let known = self.lanes.entry(lane).or_default();
            *known = (*known).max(number);
        }
        for (counter, holder, ceiling) in give_back {
            if let Some(share) = self.counters.get_mut(&counter).and_then(|shares| shares.get_mut(&holder)) {
                share.strand();
                share.ceiling = share.ceiling.min(ceiling);
            }
        }
    }

    fn apply(&mut self, fact: Fact) {
        let (before, after) = match fact {
            Fact::Held { request, key, team, upstream, method, at, held } => {
                if self.holds.contains_key(&request) {
                    return;
                }
                let row = HoldRow { request, key, team, upstream, method, at, held, settled: None, task: None, state: HoldState::Open };
                self.holds.insert(request, row.clone());
                (None, row)
            }
            Fact::Opened { request, task, .. } => {
                if let Some(row) = self.holds.get_mut(&request) {
                    row.task = row.task.or(Some(task));
                }
                return;
            }
            Fact::Settled { request, cost, at, .. } => match self.change(request, HoldState::Settled, Some(cost)) {
                Some((before, after)) => {
                    self.busy.insert(request, busy_ms(after.at, at));
                    (before, after)
                }
                None => return,
            },
            Fact::Voided { request, .. } => match self.change(request, HoldState::Voided, None) {
                Some(changed) => changed,
                None => return,
            },
            Fact::Unknown { request, .. } => match self.change(request, HoldState::Unknown, None) {
                Some(changed) => changed,
                None => return,
            },
            Fact::Adjusted(Adjustment { request, key, team, upstream, method, at, amount }) => {
                if self.holds.contains_key(&request) {
                    return;
                }
                let (held, settled, state) = (Money::ZERO, Some(amount), HoldState::Adjusted);
                let row = HoldRow { request, key, team, upstream, method, at, held, settled, task: None, state };
                self.holds.insert(request, row.clone());
                (None, row)
            }
        };
        for (counter, shares) in &mut self.counters {
            if counts(counter, &after) {
                let delta = weight(counter.unit, &after) - before.as_ref().map_or(0, |row| weight(counter.unit, row));
                // an account that never leased of this counter counts in it all the same: nothing spent is left out
                let holder = shares.keys().find(|holder| holder.account == after.upstream).cloned();
                let own = || Holder { instance: self.instance.clone(), account: after.upstream.clone() };
                shares.entry(holder.unwrap_or_else(own)).or_default().posted += delta;
            }
        }
    }

    /// Moves a hold on; a settled or voided one stays as it is, and an unknown one is not opened again.
    fn change(&mut self, request: RequestId, state: HoldState, settled: Option<Money>) -> Option<(Option<HoldRow>, HoldRow)> {
        let row = self.holds.get_mut(&request)?;
        let moves = match (row.state, state) {
            (HoldState::Open, _) | (HoldState::Unknown, HoldState::Settled | HoldState::Voided) => true,
            (HoldState::Unknown | HoldState::Settled | HoldState::Voided | HoldState::Adjusted, _) => false,
        };
        if !moves {
            return None;
        }
        let before = row.clone();
        row.state = state;
        row.settled = settled;
        Some((Some(before), row.clone()))
    }
}
