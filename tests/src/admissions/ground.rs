//! Who buys of what? A thousand keys of fifty teams at two accounts, with caps of every period, a third of them small.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use tempfile::TempDir;
use tollgate_books::{Account, Books, Clerk, LimitIx, Wish};
use tollgate_model::{KeyId, Limit, LimitKind, Money, Mono, Name, Now, RequestId, Scope, Timestamp};
use tollgate_store_sqlite::SqliteStore;

use super::DEADLINE_MS;
use super::witness::{Asked, Witness};
use crate::process::instant;

/// Keys.
pub(super) const KEYS: u32 = 1_000;
/// Teams: every other key's, and some of them with a small cap at both accounts.
const TEAMS: u32 = 50;
/// A Monday noon, in the middle of a month.
const BEGIN: &str = "2026-11-09T12:00:20Z";

/// The books, their clock, and who buys.
pub(super) struct Ground {
    pub(super) books: Arc<Books>,
    buyers: Vec<Buyer>,
    witnesses: Vec<Arc<Witness>>,
    clock: Arc<Clock>,
    next: AtomicU64,
    _folder: TempDir,
}

/// The wall stands where it is set; monotonic time goes on.
struct Clock {
    began: Instant,
    wall: AtomicI64,
}

impl Clock {
    fn now(&self) -> Now {
        let mono = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Now { wall: Timestamp::from_millis(self.wall.load(Ordering::SeqCst)), mono: Mono::from_nanos(mono) }
    }
}

/// A key, as a caller uses it.
pub(super) struct Buyer {
    pub(super) account: Arc<Account>,
    pub(super) cost: Money,
    key: KeyId,
    team: Option<Name>,
    limits: Vec<LimitIx>,
    caps: Vec<Arc<Witness>>,
    texts: Vec<String>,
}

impl fmt::Debug for Buyer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} {:?} at {} each, {}", self.texts, self.team, self.cost, self.account.name())
    }
}

impl Ground {
    pub(super) async fn open() -> Result<(Self, Clerk)> {
        let folder = TempDir::new()?;
        let wall = Timestamp::parse_rfc3339(BEGIN).context("no instant")?;
        let clock = Arc::new(Clock { began: instant(), wall: AtomicI64::new(wall.millis()) });
        let store = SqliteStore::open(&folder.path().join("tollgate.db"))?;
        store.be_patient(true);
        let read = clock.clone();
        let (books, clerk, _) = Books::open(store, "gate", "boot", true, Vec::new(), Arc::new(move || read.now())).await?;
        let mut ground = Self { books, buyers: Vec::new(), witnesses: Vec::new(), clock, next: AtomicU64::new(1), _folder: folder };
        ground.settle_in()?;
        Ok((ground, clerk))
    }

    fn settle_in(&mut self) -> Result<()> {
        let accounts = [self.books.account(&Name::parse("p")?, DEADLINE_MS), self.books.account(&Name::parse("q")?, DEADLINE_MS)];
        let mut teams = Vec::new();
        for number in 0..TEAMS {
            let name = Name::parse(&format!("team-{number}"))?;
            let text = team_cap(number);
            let (witness, kind) = cap(&text)?;
            let limit = Limit::new(Scope::Team(name.clone()), kind);
            let places = accounts.each_ref().map(|account| account.bind(&limit, self.clock.now()));
            self.witnesses.push(witness.clone());
            teams.push((name, text, witness, places));
        }
        for number in 0..KEYS {
            let place = (number / 3 % 2) as usize;
            let account = accounts.get(place).context("two accounts")?.clone();
            let key = KeyId::from_bytes(u128::from(number).to_be_bytes());
            let (mut limits, mut caps, mut texts) = (Vec::new(), Vec::new(), key_caps(number));
            for text in &texts {
                let (witness, kind) = cap(text)?;
                limits.push(account.bind(&Limit::new(Scope::Key(key), kind), self.clock.now()));
                self.witnesses.push(witness.clone());
                caps.push(witness);
            }
            let team = teams.get((number / 2 % TEAMS) as usize).filter(|_| number % 2 == 0);
            if let Some((_, text, witness, places)) = team {
                limits.push(*places.get(place).context("two accounts")?);
                caps.push(witness.clone());
                texts.push(text.clone());
            }
            let cost = Money::from_nanos(i64::from(3 - number % 3) * 30_000_000);
            let team = team.map(|(name, ..)| name.clone());
            self.buyers.push(Buyer { account, cost, key, team, limits, caps, texts });
        }
        Ok(())
    }

    pub(super) fn buyer(&self, chance: u64) -> &Buyer {
        let place = usize::try_from(chance % u64::from(KEYS)).unwrap_or(0);
        self.buyers.get(place).unwrap_or_else(|| unreachable!("there are {KEYS} keys"))
    }

    pub(super) fn now(&self) -> Now {
        self.clock.now()
    }

    /// The clock goes on to so many minutes behind the start; nobody is at work.
    pub(super) fn stand_at(&self, minutes: i64) {
        let begin = Timestamp::parse_rfc3339(BEGIN).unwrap_or_default();
        let at = begin.plus_millis(minutes * 60_000);
        self.clock.wall.store(at.millis(), Ordering::SeqCst);
        for witness in &self.witnesses {
            witness.stand_at(at);
        }
    }

    pub(super) fn request(&self) -> RequestId {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.task().to_be_bytes());
        RequestId::new(self.now().wall, random)
    }

    /// A number that nobody has had.
    pub(super) fn task(&self) -> u64 {
        self.next.fetch_add(1, Ordering::SeqCst)
    }

    /// The most that stood over any cap.
    pub(super) fn over(&self) -> i64 {
        self.witnesses.iter().map(|witness| witness.over().max(0)).max().unwrap_or(0)
    }

    /// How far the book's sums are from what was kept, over all keys.
    pub(super) async fn astray(&self) -> Result<i64> {
        let mut sums: std::collections::HashMap<KeyId, i64> = std::collections::HashMap::new();
        for row in self.books.usage("2026-01-01", "2027-12-31").await? {
            *sums.entry(row.key).or_default() += row.settled.nanos() + row.held.nanos() + row.unknown.nanos();
        }
        let told = |buyer: &Buyer| {
            let own = buyer.caps.iter().find(|witness| !witness.counts_tasks).map_or(0, |witness| witness.all());
            (sums.get(&buyer.key).copied().unwrap_or(0) - own).abs()
        };
        Ok(self.buyers.iter().map(told).sum())
    }
}

impl Buyer {
    pub(super) fn wish(&self, request: RequestId) -> Wish<'_> {
        Wish { request, key: self.key, team: self.team.as_ref(), method: "m", cost: self.cost, limits: &self.limits, observe_rate: false }
    }

    pub(super) fn asks(&self) -> Asked<'_> {
        Asked::begin(self.caps.iter().map(|witness| &**witness), self.cost.nanos())
    }
}

/// The first is in money and the key's own. A third of the keys is soon at its cap, a third later, a third never.
fn key_caps(number: u32) -> Vec<String> {
    let period = ["hour", "24h", "day", "week", "month", "total"].get((number / 3 % 6) as usize).copied().unwrap_or("day");
    let amount = match number % 3 {
        0 => 1 + number % 7,
        1 => 20,
        _ => 1_000_000,
    };
    let mut caps = vec![format!("{amount}/{period}")];
    if number.is_multiple_of(5) {
        caps.push("150 tasks/day".to_owned());
    }
    if number.is_multiple_of(7) {
        // never near: the witness need not know this zone's months
        caps.push("1000000/month Asia/Tokyo".to_owned());
    }
    caps
}

fn team_cap(number: u32) -> String {
    let period = ["day", "hour", "month", "24h", "total"].get((number % 5) as usize).copied().unwrap_or("day");
    let amount = if number.is_multiple_of(3) { 25 } else { 1_000_000 };
    format!("{amount}/{period}")
}

fn cap(text: &str) -> Result<(Arc<Witness>, LimitKind)> {
    let kind = match text.split_once(" tasks") {
        Some((count, rest)) => LimitKind::parse_tasks(&format!("{count}{rest}"))?,
        None => LimitKind::parse_cap(text)?,
    };
    let LimitKind::Cap { amount, period, .. } = &kind else { anyhow::bail!("`{text}` is no cap") };
    Ok((Arc::new(Witness::new(amount.units(), *period, text.contains("tasks"))), kind))
}
