//! What happens next? One step of a history, drawn from the seed and the step's number alone.

use std::time::Duration;

use tollgate_model::TaskId;

use super::death::Death;
use super::ledger::{Entry, Stand};
use super::purchase::short;
use super::random::Random;
use super::scenario::Buyer;
use super::weather::Mood;
use super::world::World;
use crate::port::Fact;

impl World {
    /// Does it, and says what it was.
    pub(super) async fn step(&mut self, random: &mut Random) -> Result<String, String> {
        let millis = random.pick(&[0, 0, 1, 5, 40, 200, 700, 1_100]).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        if self.process.is_none() && !random.one_in(4) {
            self.open().await?;
            return Ok("a process starts".to_owned());
        }
        let said = match random.below(100) {
            0..=27 => {
                let said: Vec<String> = (0..=random.below(4)).map(|_| self.order(random)).collect();
                said.join("; ")
            }
            28..=61 => {
                let said: Vec<String> = (0..=random.below(5)).map(|_| self.move_on(random)).collect();
                said.join("; ")
            }
            62..=69 => self.poll(random),
            70..=72 => self.late_polls(random).await,
            73..=76 => self.look_after_lanes(random),
            77..=79 => self.change_weather(random),
            80..=84 => self.change_rules(random),
            85..=87 => self.step_clock(random),
            88..=90 => self.ask_and_go(random).await,
            91..=93 => self.ask_for_tasks(random).await?,
            94..=95 => {
                self.die(Death::Process, random).await;
                "SIGKILL".to_owned()
            }
            96 => {
                self.die(Death::Machine, random).await;
                "the plug is pulled".to_owned()
            }
            97 => {
                self.stop().await?;
                "an orderly end".to_owned()
            }
            _ => {
                self.calm(random).await?;
                "all is quiet".to_owned()
            }
        };
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        Ok(said)
    }

    /// An owner fetches an answer, and fetches it again.
    fn poll(&mut self, random: &mut Random) -> String {
        let desk = self.desk.lock();
        let open = desk.ledger.entries.iter().filter(|(_, entry)| entry.stand == Stand::Opened);
        let open: Vec<_> = open.filter_map(|(request, entry)| Some((*request, entry.task?, entry.held, entry.buyer.clone()))).collect();
        drop(desk);
        let Some((request, task, held, buyer)) = random.pick(&open) else { return "no task to ask for".to_owned() };
        let (ending, stand) = Self::ending(random, held);
        let now = self.clock.now();
        let Some(account) = self.process.as_ref().and_then(|process| process.accounts.get(&buyer.account).cloned()) else {
            return "nobody is there".to_owned();
        };
        let owned = account.task(buyer.key, task).is_some_and(|owned| owned.request == request && owned.open);
        if !owned {
            self.desk.lock().wrong.push(format!("the open task of {} is not its owner's", short(request)));
        }
        let closed = account.end(task, ending, now);
        let fact = match stand {
            Stand::Settled(cost) => Fact::Settled { request, cost: tollgate_model::Money::from_nanos(cost), assumed: false, at: now.wall },
            _ => Fact::Voided { request, at: now.wall },
        };
        let lane = self.lane(random.below(2));
        let number = lane.append(fact);
        lane.done(number);
        self.closed(request, stand, closed.is_some_and(|closed| closed.request == request && closed.voided == (stand == Stand::Voided)));
        if account.end(task, ending, now).is_some() {
            self.desk.lock().wrong.push(format!("{} was ended twice", short(request)));
        }
        format!("{} ends as {stand:?}", short(request))
    }

    /// The gate asks for what nobody has fetched; sometimes much later.
    async fn late_polls(&mut self, random: &mut Random) -> String {
        let wait = random.pick(&[0, 31_000, 601_000, 1_300_000]).unwrap_or(0);
        tokio::time::advance(Duration::from_millis(wait)).await;
        let now = self.clock.now();
        let mono = now.mono.nanos();
        let accounts = self.process.as_ref().map(|process| process.accounts.clone()).unwrap_or_default();
        let mut asked = 0;
        for (name, account) in accounts {
            let mut given: Vec<TaskId> = account.overdue(now, usize::MAX);
            given.sort_unstable();
            let mut desk = self.desk.lock();
            desk.tell(&name, mono, now.wall);
            for entry in desk.ledger.entries.values_mut().filter(|entry| entry.buyer.account == name) {
                if entry.stand == Stand::Unknown && entry.permit.is_some_and(|until| until <= mono) {
                    entry.permit = None;
                }
            }
            let due = desk
                .ledger
                .entries
                .iter()
                .filter(|(_, entry)| entry.buyer.account == name && entry.stand == Stand::Opened && entry.due <= mono);
            let due: Vec<_> = due.filter_map(|(request, entry)| Some((*request, entry.task?, entry.held))).collect();
            let mut expected: Vec<TaskId> = due.iter().map(|(_, task, _)| *task).collect();
            expected.sort_unstable();
            if given != expected {
                desk.wrong.push(format!("{} tasks are overdue at {name}, and {} were given", expected.len(), given.len()));
            }
            drop(desk);
            asked += due.len();
            for (request, task, held) in due {
                let (ending, stand) = Self::ending(random, held);
                let closed = account.end(task, ending, now);
                self.closed(request, stand, closed.is_some_and(|closed| closed.request == request));
            }
        }
        format!("{wait} ms later {asked} overdue tasks are asked for")
    }

    fn look_after_lanes(&mut self, random: &mut Random) -> String {
        let worker = random.below(2);
        let lane = self.lane(worker);
        lane.flush();
        if random.one_in(2) {
            lane.sync();
            return format!("lane {worker} is on the disk");
        }
        format!("lane {worker} is written")
    }

    fn change_weather(&mut self, random: &mut Random) -> String {
        let mood = random.pick(&[Mood::Fair, Mood::Fair, Mood::Slow, Mood::Rough, Mood::Rough, Mood::Down]).unwrap_or(Mood::Fair);
        self.weather.set(mood);
        format!("the book is {mood:?}")
    }

    fn change_rules(&mut self, random: &mut Random) -> String {
        let mut desk = self.desk.lock();
        let Some(place) = desk.scenario.change(random, self.clock.now().wall) else { return "no rule changes".to_owned() };
        let changed = (desk.life, self.clock.now().mono.nanos());
        desk.changed.insert(place, changed);
        let said = desk.scenario.rules.get(place).map(|rule| {
            let state = if rule.on { "is" } else { "was" };
            let raise = rule.limit.raise.map_or_else(String::new, |raise| format!(", {:?} until {}", raise.amount, raise.until));
            format!("a limit of {} {state} {}{raise}", rule.limit.scope, rule.limit.kind)
        });
        drop(desk);
        self.attach();
        said.unwrap_or_default()
    }

    /// To shortly before or behind a midnight or the end of a raise; a little back; far back.
    fn step_clock(&mut self, random: &mut Random) -> String {
        let now = self.clock.now().wall;
        let desk = self.desk.lock();
        let ends = desk.scenario.rules.iter().filter_map(|rule| super::ledger::cap_of(rule, now)).map(|(_, _, window)| window.end);
        let raises = desk.scenario.rules.iter().filter_map(|rule| rule.limit.raise).map(|raise| raise.until);
        let next = ends.chain(raises).filter(|end| *end > now && end.millis() < i64::MAX).min();
        drop(desk);
        let millis = match random.below(6) {
            0 => -1_500,
            1 => -90_000,
            2 => 1_000,
            _ => next.map_or(86_400_000, |end| end.millis() - now.millis()) + random.pick(&[-1_000, -30, -1, 0, 1, 500]).unwrap_or(0),
        };
        self.clock.step(millis);
        format!("the clock steps by {millis} ms to {}", self.clock.now().wall)
    }

    /// Somebody asks for usage or limits, and does not wait for the answer.
    async fn ask_and_go(&mut self, random: &mut Random) -> String {
        let Some(process) = &self.process else { return "nobody is there".to_owned() };
        let patience = Duration::from_millis(random.pick(&[0, 0, 3, 50]).unwrap_or(0));
        if random.one_in(2) {
            let gone = tokio::time::timeout(patience, process.books.usage("2026-01-01", "2027-12-31")).await.is_err();
            return if gone { "somebody asked for usage and went away" } else { "somebody asked for usage" }.to_owned();
        }
        let asked = random.pick(&self.desk.lock().scenario.buyers).map(|buyer| buyer.account);
        if let Some(account) = asked.and_then(|name| process.accounts.get(&name)) {
            let limits: Vec<_> = process.orders.iter().flatten().map(|(_, limit)| *limit).collect();
            self.desk.lock().tell(account.name(), 0, self.clock.now().wall);
            let _ = tokio::time::timeout(patience, process.books.view(account, &limits)).await;
        }
        "somebody asked for limits".to_owned()
    }

    /// A task is its newest buyer's, and nobody else's.
    async fn ask_for_tasks(&mut self, random: &mut Random) -> Result<String, String> {
        let Some(process) = &self.process else { return Ok("nobody is there".to_owned()) };
        let Some((task, owner, stand)) = self.some_task(random) else { return Ok("no task to ask for".to_owned()) };
        let Some(account) = process.accounts.get(&owner.account) else { return Ok(String::new()) };
        let buyers = self.desk.lock().scenario.buyers.clone();
        for buyer in buyers.iter().filter(|buyer| buyer.account == owner.account) {
            let told = process.books.owner(account, buyer.key, task).await;
            match (told, stand) {
                (Ok(Some(_)), _) if buyer.key != owner.key => return Err(format!("the task {} is told to another key", task.as_str())),
                (Ok(Some(_)), Stand::Unknown) => return Err(format!("the task {} is nobody's, and is told", task.as_str())),
                (Ok(None), Stand::Opened | Stand::Settled(_) | Stand::Voided) if buyer.key == owner.key => {
                    return Err(format!("the task {} is kept from its owner", task.as_str()));
                }
                (Ok(_) | Err(_), _) => {}
            }
        }
        Ok(format!("everybody asks for the task {}", task.as_str()))
    }

    /// A task that was named, its newest buyer, and where that purchase stands. The book takes the newest purchase for the newest
    /// task: where a provider gave an id again to an older purchase that took longer, it is asked nothing.
    fn some_task(&self, random: &mut Random) -> Option<(TaskId, Buyer, Stand)> {
        let desk = self.desk.lock();
        let tasks: Vec<_> = desk.ledger.entries.values().filter_map(|entry| Some((entry.task?, entry.buyer.account.clone()))).collect();
        let (task, account) = random.pick(&tasks)?;
        let same = |entry: &&Entry| entry.task == Some(task) && entry.buyer.account == account;
        let newest = desk.ledger.entries.values().rev().find(same)?;
        let last = desk.ledger.entries.values().filter(same).map(|entry| entry.turn).max();
        (last == Some(newest.turn)).then_some(())?;
        Some((task, newest.buyer.clone(), newest.stand))
    }
}
