//! Is everything as it must be? After each step what memory counts; when all is quiet the book, and every last cent.

use std::collections::BTreeMap;
use std::time::Duration;

use tollgate_model::{DenialCode, LimitKind, Money, Name, RequestId, Scope, Timestamp};

use super::desk::Desk;
use super::ledger::{Stand, cap_of};
use super::purchase::short;
use super::random::Random;
use super::scenario::{Buyer, METHODS};
use super::weather::Mood;
use super::world::World;
use crate::account::Wish;
use crate::port::{Counter, HoldState, Unit};
use crate::slot::{Kind, LimitIx, Slot};

impl World {
    /// What memory counts, against the ledger.
    pub(super) fn check(&self) -> Result<(), String> {
        let desk = self.desk.lock();
        if let Some(wrong) = desk.wrong.first() {
            return Err(wrong.clone());
        }
        for entry in desk.ledger.entries.values() {
            if entry.stand != Stand::Lost && entry.charged > entry.weight(Unit::Money) {
                return Err(format!("the provider took {} of a purchase that counts as {:?}", entry.charged, entry.stand));
            }
        }
        let Some(process) = &self.process else { return Ok(()) };
        for (name, account) in &process.accounts {
            for slot in &account.state.lock().slots {
                self.check_slot(&desk, name, slot)?;
            }
            for scope in desk.scenario.rules.iter().map(|rule| &rule.limit.scope) {
                let (open, expected) = (account.open_holds(scope), desk.ledger.open(scope, name, false));
                if !matches!(scope, Scope::Upstream(other) if other != name) && open != expected {
                    return Err(format!("{name} tells of {open} open tasks of {scope}, and there are {expected}"));
                }
            }
        }
        Ok(())
    }

    /// A cap that the book has told about, and a limit of open tasks, count neither more nor less than there is.
    fn check_slot(&self, desk: &Desk, name: &Name, slot: &Slot) -> Result<(), String> {
        let scope = &slot.scope;
        match &slot.kind {
            Kind::Cap(cap) if cap.known => {
                let counter = cap.counter(scope);
                let sum = desk.ledger.sum(scope, cap.unit, cap.window, Some(name));
                let (used, expected) = (cap.used, sum + self.weather.book().lost(&counter, Some(name)));
                if used != expected {
                    let (unit, period) = (cap.unit, cap.period.as_str());
                    return Err(format!("{name} counts {used} {unit:?} of {scope} in the {period}, and it is {expected}"));
                }
            }
            Kind::Concurrency { open, .. } => {
                let expected = desk.ledger.open(scope, name, true);
                if *open != expected {
                    return Err(format!("{name} counts {open} open tasks of {scope}, and there are {expected}"));
                }
            }
            Kind::Cap(_) | Kind::Rate(_) => {}
        }
        Ok(())
    }

    /// All is quiet: the book answers, nobody waits. Then the book is the ledger, and what is free can be spent.
    pub(super) async fn calm(&mut self, random: &mut Random) -> Result<(), String> {
        self.weather.set(Mood::Fair);
        if self.process.is_none() {
            self.open().await?;
        }
        let floor = self.process.as_ref().map_or(Timestamp::default(), |process| process.floor);
        let behind = self.desk.lock().latest.max(floor).millis() - self.clock.now().wall.millis();
        self.clock.step(behind.max(0));
        for _ in 0..40 {
            let Some(process) = &mut self.process else { return Err("no process".to_owned()) };
            while process.work.try_join_next().is_some() {}
            if process.work.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        // a call that began while the book was slow has ended
        tokio::time::sleep(Duration::from_secs(1)).await;
        // whoever asks at once must not be refused for what somebody else has leased and not spent
        if random.one_in(2) {
            tokio::time::sleep(Duration::from_secs(8)).await;
        }
        self.check()?;
        self.compare_with_book().await?;
        let buyers = self.desk.lock().scenario.buyers.len();
        for buyer in 0..buyers {
            self.spend_the_rest(buyer).await?;
        }
        self.desk.lock().figures.calms += 1;
        self.check()
    }

    async fn compare_with_book(&self) -> Result<(), String> {
        let Some(process) = &self.process else { return Ok(()) };
        let rows = process.books.usage("2026-01-01", "2027-12-31").await.map_err(|error| format!("the book: {error}"))?;
        let mut told = BTreeMap::new();
        for row in rows {
            let sums = [row.tasks, row.settled.nanos(), row.held.nanos(), row.unknown.nanos(), row.excess.nanos()];
            told.insert((row.key.to_string(), row.upstream.to_string(), row.method, row.day), sums);
        }
        let desk = self.desk.lock();
        let expected = desk.ledger.usage();
        for (group, sums) in &expected {
            let found = told.get(group).copied().unwrap_or_default();
            if found != *sums {
                return Err(format!("usage of {group:?} is {found:?} in the book, and {sums:?} in the ledger"));
            }
        }
        if let Some((group, sums)) = told.iter().find(|(group, _)| !expected.contains_key(*group)) {
            return Err(format!("usage of {group:?} is {sums:?} in the book, and nobody bought it"));
        }
        for (request, entry) in &desk.ledger.entries {
            // a dead machine may have lost the line; the twin of an open task is known as such by the book alone
            if self.machine_lives() && entry.stand == Stand::Unknown && !entry.twin && !self.is_written_unknown(*request) {
                return Err(format!("{} is unknown, and no line says so", short(*request)));
            }
        }
        for row in self.weather.book().holds() {
            let stand = desk.ledger.entries.get(&row.request).map(|entry| entry.stand);
            let agree = match (row.state, stand) {
                (HoldState::Open, Some(Stand::Sent | Stand::Opened))
                | (HoldState::Unknown, Some(Stand::Unknown))
                | (HoldState::Voided, Some(Stand::Voided | Stand::Gone)) => true,
                (HoldState::Settled, Some(Stand::Settled(cost))) => row.settled.map(Money::nanos) == Some(cost),
                (HoldState::Open | HoldState::Unknown | HoldState::Settled | HoldState::Voided | HoldState::Adjusted, _) => false,
            };
            if !agree {
                return Err(format!("a hold is {:?} in the book, and {stand:?} in the ledger", row.state));
            }
        }
        Ok(())
    }

    /// What is left of the tightest cap can be spent to the last nano-dollar, and not one more.
    async fn spend_the_rest(&mut self, buyer: usize) -> Result<(), String> {
        let Some(orders) = self.process.as_ref().and_then(|process| process.orders.get(buyer).cloned()) else { return Ok(()) };
        tokio::time::sleep(self.until_even(&orders)).await;
        let Some((who, money, tasks)) = self.rest(buyer, &orders) else { return Ok(()) };
        let limits: Vec<LimitIx> = orders.iter().map(|(_, limit)| *limit).collect();
        let most = money.unwrap_or(METHODS[0].1);
        let room = tasks.is_none_or(|tasks| tasks > 0);
        if most > 0 && room {
            self.probe(&who, &limits, most, true).await?;
        }
        if money.is_some() || !room {
            self.probe(&who, &limits, most.max(0) + 1, false).await?;
        }
        Ok(())
    }

    /// Until neither the end of a window nor a rate stands between two looks.
    fn until_even(&self, orders: &[(usize, LimitIx)]) -> Duration {
        let desk = self.desk.lock();
        let now = self.clock.now().wall;
        let rules = || orders.iter().filter_map(|(place, _)| desk.scenario.rules.get(*place));
        let raises = rules().filter_map(|rule| rule.limit.raise).map(|raise| raise.until).filter(|until| *until > now);
        let ends = rules().filter_map(|rule| cap_of(rule, now)).map(|(_, _, window)| window.end).chain(raises);
        let near = ends.into_iter().any(|end| end.millis() - now.millis() < 3_000);
        let rate = rules().any(|rule| matches!(rule.limit.kind, LimitKind::Rate(_)));
        Duration::from_secs(if rate { 90 } else { 4 * u64::from(near) })
    }

    /// A buyer, and what is left to it in money and in tasks; nothing where no task more may be open.
    fn rest(&self, buyer: usize, orders: &[(usize, LimitIx)]) -> Option<(Buyer, Option<i64>, Option<i64>)> {
        let desk = self.desk.lock();
        let who = desk.scenario.buyers.get(buyer)?.clone();
        let full = orders.iter().any(|(place, _)| is_full(&desk, *place, &who.account));
        let (money, tasks) = self.free(&desk, orders);
        (!full).then_some((who, money, tasks))
    }

    /// What is left of the money caps and of the task caps, each the tightest.
    fn free(&self, desk: &Desk, orders: &[(usize, LimitIx)]) -> (Option<i64>, Option<i64>) {
        let now = self.clock.now().wall;
        let book = self.weather.book();
        let (mut money, mut tasks): (Option<i64>, Option<i64>) = (None, None);
        for rule in orders.iter().filter_map(|(place, _)| desk.scenario.rules.get(*place)) {
            let (Some((unit, most, window)), LimitKind::Cap { period, zone, .. }) = (cap_of(rule, now), &rule.limit.kind) else { continue };
            let scope = rule.limit.scope.clone();
            let counter = Counter { scope, unit, period: *period, zone: zone.clone(), window: period.window(zone, now) };
            let left = most - desk.ledger.sum(&rule.limit.scope, unit, window, None) - book.lost_of_all(&counter);
            let tightest = if unit == Unit::Money { &mut money } else { &mut tasks };
            *tightest = Some(tightest.map_or(left, |known| known.min(left)));
        }
        (money, tasks)
    }

    async fn probe(&mut self, who: &Buyer, limits: &[LimitIx], held: i64, admitted: bool) -> Result<(), String> {
        let Some(process) = &self.process else { return Ok(()) };
        let Some(account) = process.accounts.get(&who.account) else { return Ok(()) };
        let now = self.clock.now();
        self.desk.lock().tell(&who.account, now.mono.nanos(), now.wall);
        let request = RequestId::new(now.wall, [0xFF; 10]);
        let cost = Money::from_nanos(held);
        let wish = Wish { request, key: who.key, team: who.team.as_ref(), method: "probe", cost, limits, observe_rate: false };
        match (process.books.reserve(account, &wish, now).await, admitted) {
            (Ok(_), true) => Ok(()),
            (Err(denial), false) if denial.code == DenialCode::CapReached => Ok(()),
            (Ok(_), false) => Err(format!("{} of {} let {held} pass, which is more than is left", who.account, Scope::Key(who.key))),
            (Err(denial), _) => {
                let reason = &denial.reason;
                Err(format!(
                    "{} of {} refused {held}, admitted: {admitted}: {} ({reason})",
                    who.account,
                    Scope::Key(who.key),
                    denial.code.as_str()
                ))
            }
        }
    }
}

/// Whether a rule lets no more tasks be open.
fn is_full(desk: &Desk, place: usize, account: &Name) -> bool {
    let Some(rule) = desk.scenario.rules.get(place) else { return false };
    matches!(rule.limit.kind, LimitKind::Concurrency(most) if desk.ledger.open(&rule.limit.scope, account, true) >= most)
}
