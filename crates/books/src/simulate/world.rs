//! Where does a history take place? One process after another over one book and one journal, on a clock that is set.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tollgate_model::{Limit, Name, RequestId, Timestamp};

use super::clock::Clock;
use super::death::Death;
use super::desk::{Desk, Order};
use super::journal::Lane;
use super::ledger::Stand;
use super::purchase::UNKNOWN_PERMIT_NS;
use super::random::Random;
use super::scenario::{METHODS, Scenario};
use super::weather::{Told, Weather, hear};
use crate::account::{Account, Wish};
use crate::clerk::Books;
use crate::port::{Fact, StoreError};
use crate::slot::LimitIx;

/// Everything, over all lives of the process.
pub(super) struct World {
    pub(super) desk: Arc<Mutex<Desk>>,
    pub(super) weather: Arc<Weather>,
    pub(super) clock: Arc<Clock>,
    pub(super) process: Option<Process>,
    pub(super) first: Lane,
    pub(super) second: Lane,
    pub(super) recovery: Lane,
    next: u16,
    pub(super) boot: u32,
    pub(super) died: Option<Death>,
}

/// One life.
pub(super) struct Process {
    pub(super) books: Arc<Books>,
    pub(super) accounts: BTreeMap<Name, Arc<Account>>,
    /// Of each buyer, the rules that its key was last attached under.
    pub(super) orders: Vec<Vec<(usize, LimitIx)>>,
    pub(super) work: JoinSet<()>,
    /// The time of the journal's last line at the start: before it nothing paid is let through (`gateway/src/room/time.rs`).
    pub(super) floor: Timestamp,
    pub(super) clerk: JoinSet<Result<(), StoreError>>,
    pub(super) stop: oneshot::Sender<()>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let scenario = Scenario::of(seed);
        let clock = Clock::begin(scenario.begins);
        Self {
            desk: Arc::new(Mutex::new(Desk::new(scenario))),
            weather: Weather::new(seed),
            clock: Arc::new(clock),
            process: None,
            first: Lane::new("w0"),
            second: Lane::new("w1"),
            recovery: Lane::new("recovery"),
            next: 0,
            boot: 0,
            died: None,
        }
    }

    pub(super) fn lane(&mut self, worker: usize) -> &mut Lane {
        if worker == 0 { &mut self.first } else { &mut self.second }
    }

    /// Starts a process, as the house does: the journal is read back, the book is brought up to it, every limit is bound.
    pub(super) async fn open(&mut self) -> Result<(), String> {
        self.clock.restart();
        let lines: Vec<(String, u64, Fact)> = self.lanes().into_iter().flat_map(Lane::read).collect();
        let known = self.weather.book().marks();
        let (mut all, mut behind) = (self.weather.told(), self.weather.told());
        for (lane, number, fact) in &lines {
            hear(&mut all, fact);
            if known.get(lane).is_none_or(|mark| number > mark) {
                hear(&mut behind, fact);
            }
        }
        let given_up = self.recover(&all, &behind)?;
        let floor = lines.iter().map(|(_, _, fact)| at(fact)).max().unwrap_or_default();
        let clock = self.clock.clone();
        let boot = format!("boot-{}", self.boot);
        let opened = Books::open(self.weather.clone(), "gate", &boot, true, lines, Arc::new(move || clock.now())).await;
        let Ok((books, clerk, recovered)) = opened else { return Ok(()) };
        let mut unknown: Vec<RequestId> = recovered.unknown.iter().map(|row| row.request).collect();
        unknown.sort_unstable();
        if unknown != given_up {
            return Err(format!("{} holds were given up at the start, not {}", unknown.len(), given_up.len()));
        }
        for lane in [&mut self.first, &mut self.second, &mut self.recovery] {
            lane.go_on(known.get(lane.name).copied().unwrap_or(0), books.lane(lane.name));
        }
        for row in &recovered.unknown {
            let number = self.recovery.append(Fact::Unknown { request: row.request, at: self.clock.now().wall });
            self.recovery.flush();
            self.recovery.done(number);
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let mut clerks = JoinSet::new();
        clerks.spawn(clerk.run(async { drop(stopped.await) }));
        let (accounts, work, orders) = (self.accounts(&books), JoinSet::new(), Vec::new());
        self.process = Some(Process { books, accounts, orders, work, floor, clerk: clerks, stop });
        self.attach();
        Ok(())
    }

    /// Whether no machine has died in this history.
    pub(super) const fn machine_lives(&self) -> bool {
        self.boot == 0
    }

    /// Whether a line says that nobody knows the outcome of a purchase.
    pub(super) fn is_written_unknown(&self, request: RequestId) -> bool {
        let says = |lane: &Lane| lane.read().any(|(_, _, fact)| matches!(fact, Fact::Unknown { request: other, .. } if other == request));
        self.lanes().into_iter().any(says)
    }

    fn lanes(&self) -> [&Lane; 3] {
        [&self.first, &self.second, &self.recovery]
    }

    /// What the ledger knows after a death. Only a dead machine may have lost what was sent (I-3).
    fn recover(&self, all: &Told, behind: &Told) -> Result<Vec<RequestId>, String> {
        let mut desk = self.desk.lock();
        let lost = |desk: &Desk| desk.ledger.entries.values().filter(|entry| entry.stand == Stand::Lost).count();
        let before = lost(&desk);
        let given_up = desk.ledger.recover(all, behind);
        if self.died != Some(Death::Machine) && lost(&desk) > before {
            return Err("a purchase that was sent left no trace, and the machine lives".to_owned());
        }
        Ok(given_up)
    }

    /// The accounts with what the book has open for them.
    fn accounts(&self, books: &Books) -> BTreeMap<Name, Arc<Account>> {
        let mut desk = self.desk.lock();
        desk.life += 1;
        desk.seen.clear();
        let now = self.clock.now().mono.nanos();
        let due = now + desk.scenario.deadline_ms * 1_000_000;
        for entry in desk.ledger.entries.values_mut() {
            entry.permit = match entry.stand {
                Stand::Sent | Stand::Opened => Some(u64::MAX),
                Stand::Unknown => Some(now + UNKNOWN_PERMIT_NS),
                Stand::Reserved | Stand::Settled(_) | Stand::Voided | Stand::Gone | Stand::Lost => None,
            };
            entry.due = due;
        }
        let Desk { scenario, .. } = &*desk;
        scenario.accounts.iter().map(|name| (name.clone(), books.account(name, scenario.deadline_ms))).collect()
    }

    /// Binds every rule in force where its buyers buy, as the registry does with each change.
    pub(super) fn attach(&mut self) {
        let now = self.clock.now();
        let Some(process) = &mut self.process else { return };
        let mut desk = self.desk.lock();
        for account in process.accounts.keys() {
            desk.tell(account, 0, now.wall);
        }
        let scenario = &desk.scenario;
        let bind = |account: &Name, limit: &Limit| process.accounts.get(account).map(|account| account.bind(limit, now));
        let of = |buyer| {
            let rules = scenario.of_buyer(buyer);
            let limit = |place: usize| scenario.rules.get(place).and_then(|rule| bind(&buyer.account, &rule.limit));
            rules.into_iter().filter_map(|place| Some((place, limit(place)?))).collect()
        };
        process.orders = scenario.buyers.iter().map(of).collect();
    }

    /// A request arrives; it waits for its slice on its own.
    pub(super) fn order(&mut self, random: &mut Random) -> String {
        let Some(process) = &mut self.process else { return "nobody is there".to_owned() };
        let now = self.clock.now();
        let desk = self.desk.lock();
        let buyer = random.below(desk.scenario.buyers.len());
        let Some((method, held)) = random.pick(&METHODS) else { return String::new() };
        let (Some(rules), Some(who)) = (process.orders.get(buyer).cloned(), desk.scenario.buyers.get(buyer).cloned()) else {
            return String::new();
        };
        let life = desk.life;
        drop(desk);
        if now.wall < process.floor {
            return "the clock stands before the journal's last line".to_owned();
        }
        let Some(account) = process.accounts.get(&who.account).cloned() else { return String::new() };
        self.next += 1;
        let [high, low] = self.next.to_be_bytes();
        let request = RequestId::new(now.wall, [0, 0, 0, 0, 0, 0, 0, 0, high, low]);
        let (places, limits): (Vec<usize>, Vec<LimitIx>) = rules.into_iter().unzip();
        let order = Order { request, came: now.wall, buyer: who.clone(), method, held, rules: places, life };
        let (desk, books, clock) = (self.desk.clone(), process.books.clone(), self.clock.clone());
        process.work.spawn(async move {
            let team = order.buyer.team.clone();
            let cost = tollgate_model::Money::from_nanos(held);
            let key = order.buyer.key;
            let wish = Wish { request, key, team: team.as_ref(), method, cost, limits: &limits, observe_rate: false };
            desk.lock().tell(account.name(), now.mono.nanos(), now.wall);
            let given = books.reserve(&account, &wish, now).await;
            let latest = account.state.lock().latest;
            let mut desk = desk.lock();
            match given {
                Ok(hold) => desk.admitted(order, hold, clock.now().mono.nanos(), latest),
                Err(denial) => desk.denied(&denial),
            }
        });
        format!("buyer {buyer} wants a {method} one, #{}", self.next)
    }
}

/// The instant of a fact.
fn at(fact: &Fact) -> Timestamp {
    match fact {
        Fact::Held { at, .. } | Fact::Opened { at, .. } | Fact::Settled { at, .. } | Fact::Voided { at, .. } | Fact::Unknown { at, .. } => {
            *at
        }
        Fact::Adjusted(adjustment) => adjustment.at,
    }
}
