//! What the laws are said with: one team with two keys, two accounts, days in November.

use std::collections::HashMap;

use tollgate_model::{KeyId, Money, Name, Period, RequestId, Scope, TaskId, Timestamp, Zone};

use crate::port::{Counter, Fact, Fence, HoldRow, HoldState, Holder, Lease, LeaseWant, Store, StoreError, Unit};

/// The gate that opens the book.
pub(super) const GATE: &str = "gate";
/// The boot that it runs in.
pub(super) const BOOT: &str = "boot-1";
/// A day like every other.
pub(super) const TODAY: &str = "2026-11-23T09:00:00Z";
/// The day before.
pub(super) const YESTERDAY: &str = "2026-11-22T09:00:00Z";

/// An opened book.
pub(super) struct Bench<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) fence: Fence,
}

/// A hold to be, of key 1 of the team `research` at the account `solver`, worth 10.
#[derive(Clone)]
pub(super) struct Story {
    pub(super) request: RequestId,
    pub(super) key: KeyId,
    pub(super) team: Option<Name>,
    pub(super) upstream: Name,
    pub(super) method: String,
    pub(super) at: Timestamp,
    pub(super) held: Money,
}

impl<'a> Bench<'a> {
    /// The book opened by the gate in its first boot.
    pub(super) async fn open(store: &'a dyn Store) -> Self {
        Self::reopen(store, BOOT).await
    }

    /// The book opened by the gate in some boot, its journal whole.
    pub(super) async fn reopen(store: &'a dyn Store, boot: &str) -> Self {
        Self { store, fence: done(store.open(GATE, boot, true).await).fence }
    }

    pub(super) async fn post(&self, facts: Vec<Fact>) {
        done(self.store.post(self.fence, facts, HashMap::new(), Vec::new()).await);
    }

    pub(super) async fn give_back(&self, counter: &Counter, account: &str, ceiling: i64) {
        let given = vec![(counter.clone(), holder(account), ceiling)];
        done(self.store.post(self.fence, Vec::new(), HashMap::new(), given).await);
    }

    /// One want alone; the slice is all that helps too.
    pub(super) async fn lease(&self, counter: &Counter, account: &str, cap: i64, used: Option<i64>, slice: i64) -> Lease {
        let want = LeaseWant { counter: counter.clone(), holder: holder(account), cap, used, least: slice, slice };
        match done(self.store.lease(self.fence, vec![want]).await).as_slice() {
            [lease] => *lease,
            leases => panic!("{} leases for one want", leases.len()),
        }
    }

    /// What the book counts for an account that has no memory, without leasing anything.
    pub(super) async fn used(&self, counter: &Counter, account: &str) -> i64 {
        self.lease(counter, account, 0, None, 0).await.used
    }

    /// The hold as it is told among the unsettled ones.
    pub(super) async fn unsettled(&self, request: RequestId) -> Option<HoldRow> {
        done(self.store.unsettled(None, usize::MAX).await).into_iter().find(|row| row.request == request)
    }
}

impl Story {
    /// The hold with this number, of today.
    pub(super) fn new(number: u8) -> Self {
        Self::on(TODAY, number)
    }

    /// The hold with this number, of that instant.
    pub(super) fn on(at: &str, number: u8) -> Self {
        let at = instant(at);
        Self {
            request: RequestId::new(at, [0, 0, 0, 0, 0, 0, 0, 0, 0, number]),
            key: key(1),
            team: Some(name("research")),
            upstream: name("solver"),
            method: "NormalCaptcha".to_owned(),
            at,
            held: Money::from_nanos(10),
        }
    }

    pub(super) fn held(&self) -> Fact {
        let Self { request, key, team, upstream, method, at, held } = self.clone();
        Fact::Held { request, key, team, upstream, method, at, held }
    }

    pub(super) fn opened(&self, task: &str) -> Fact {
        Fact::Opened { request: self.request, task: self::task(task), at: self.at }
    }

    pub(super) fn settled(&self, cost: i64) -> Fact {
        Fact::Settled { request: self.request, cost: Money::from_nanos(cost), assumed: false, at: self.at }
    }

    pub(super) fn voided(&self) -> Fact {
        Fact::Voided { request: self.request, at: self.at }
    }

    pub(super) fn unknown(&self) -> Fact {
        Fact::Unknown { request: self.request, at: self.at }
    }

    /// The row of it in the book.
    pub(super) fn row(&self, task: Option<&str>, state: HoldState) -> HoldRow {
        let Self { request, key, team, upstream, method, at, held } = self.clone();
        HoldRow { request, key, team, upstream, method, at, held, settled: None, task: task.map(self::task), state }
    }
}

/// A counter of money or tasks over a UTC day.
pub(super) fn daily(scope: Scope, unit: Unit, at: &str) -> Counter {
    Counter { scope, unit, period: Period::Day, zone: Zone::utc(), window: Period::Day.window(&Zone::utc(), instant(at)) }
}

/// Money of the team today.
pub(super) fn team_today() -> Counter {
    daily(Scope::Team(name("research")), Unit::Money, TODAY)
}

/// Money of key 1 today.
pub(super) fn key_today() -> Counter {
    daily(Scope::Key(key(1)), Unit::Money, TODAY)
}

pub(super) fn holder(account: &str) -> Holder {
    Holder { instance: GATE.to_owned(), account: name(account) }
}

pub(super) fn key(number: u8) -> KeyId {
    KeyId::from_bytes([number; 16])
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(super) fn task(text: &str) -> TaskId {
    TaskId::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(super) fn instant(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap_or_else(|| panic!("{text} is no instant"))
}

/// The answer; a store that does not answer obeys no law.
pub(super) fn done<T>(answer: Result<T, StoreError>) -> T {
    answer.unwrap_or_else(|error| panic!("the store did not do it: {error}"))
}
