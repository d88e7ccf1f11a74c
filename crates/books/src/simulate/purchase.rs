//! What may happen to a purchase next? One room of the corridor at a time, so that a death may fall between any two.

use tollgate_model::{Money, Now, RequestId, TaskId};

use super::ledger::{Entry, Stand};
use super::random::Random;
use super::world::World;
use crate::hold::{Hold, Sent};
use crate::port::Fact;
use crate::task::Ending;

/// A purchase between its reservation and its provider's answer.
pub(super) struct Purchase {
    pub(super) request: RequestId,
    /// Which worker has it.
    pub(super) lane: usize,
    pub(super) stage: Stage,
}

pub(super) enum Stage {
    /// Held, nothing written.
    Reserved(Hold),
    /// The intent lies in the lane's buffer.
    Written(Hold, u64),
    /// The intent is with the operating system: it may be sent.
    Durable(Hold, u64),
    /// On its way.
    Sent(Sent),
    /// The outcome is written, and the books do not know it.
    Answered(Sent, Answer, u64),
}

/// What the provider said to a submission.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Opened(TaskId),
    Paid(i64),
    Refused,
    Lost,
}

/// Longest that an unknown hold counts among open tasks, as the books have it.
pub(super) const UNKNOWN_PERMIT_NS: u64 = 600_000_000_000;

/// What was done, and where the purchase stands then; nowhere when it has ended.
pub(super) type Moved = (&'static str, Option<Stage>);

impl World {
    /// Moves one purchase on; says what was done.
    pub(super) fn move_on(&mut self, random: &mut Random) -> String {
        let mut desk = self.desk.lock();
        if desk.hands.is_empty() {
            return "nobody is on the way".to_owned();
        }
        let place = random.below(desk.hands.len());
        let Purchase { request, lane, stage } = desk.hands.remove(place);
        drop(desk);
        let (said, next) = match stage {
            Stage::Reserved(hold) => self.intend(random, request, lane, hold),
            Stage::Written(hold, number) => self.make_durable(random, (request, lane), hold, number),
            Stage::Durable(hold, number) => self.send(random, (request, lane), hold, number),
            Stage::Sent(sent) => self.answer(random, request, lane, sent),
            Stage::Answered(sent, answer, number) => self.told((request, lane), sent, answer, number),
        };
        if let Some(stage) = next {
            self.desk.lock().hands.push(Purchase { request, lane, stage });
        }
        format!("{said} {}", short(request))
    }

    fn entry<T>(&self, request: RequestId, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        self.desk.lock().ledger.entries.get_mut(&request).map(change)
    }

    /// Nothing was sent, and everything has returned.
    pub(super) fn gone(&self, request: RequestId) {
        self.entry(request, |entry| entry.stand = Stand::Gone);
    }

    fn intend(&mut self, random: &mut Random, request: RequestId, lane: usize, hold: Hold) -> Moved {
        if random.one_in(8) {
            drop(hold);
            self.gone(request);
            return ("dropped before its intent", None);
        }
        let Some(entry) = self.entry(request, |entry| entry.clone()) else { return ("a purchase of nobody", None) };
        let fact = Fact::Held {
            request,
            key: entry.buyer.key,
            team: entry.buyer.team,
            upstream: entry.buyer.account,
            method: entry.method.to_owned(),
            at: hold.at(),
            held: Money::from_nanos(entry.held),
        };
        let number = self.lane(lane).append(fact);
        ("intent of", Some(Stage::Written(hold, number)))
    }

    fn make_durable(&mut self, random: &mut Random, (request, lane): (RequestId, usize), hold: Hold, number: u64) -> Moved {
        if random.one_in(10) {
            // the lane fails: the hold returns, and the outcome says so when it can be written again
            drop(hold);
            let at = self.clock.now().wall;
            let lane = self.lane(lane);
            lane.done(number);
            let outcome = lane.append(Fact::Voided { request, at });
            lane.done(outcome);
            self.gone(request);
            return ("no room in the journal for", None);
        }
        self.lane(lane).flush();
        ("durable is", Some(Stage::Durable(hold, number)))
    }

    fn send(&mut self, random: &mut Random, (request, lane): (RequestId, usize), hold: Hold, number: u64) -> Moved {
        let sent = hold.send();
        self.lane(lane).done(number);
        // a provider may take its price as soon as it has read the request
        let early = random.one_in(2);
        self.entry(request, |entry| {
            entry.stand = Stand::Sent;
            entry.charged = if early { entry.held } else { 0 };
        });
        ("sent", Some(Stage::Sent(sent)))
    }

    fn answer(&mut self, random: &mut Random, request: RequestId, lane: usize, sent: Sent) -> Moved {
        let at = self.clock.now().wall;
        let Some(held) = self.entry(request, |entry| entry.held) else { return ("an answer for nobody", None) };
        match random.below(12) {
            0 | 1 => {
                let number = self.lane(lane).append(Fact::Unknown { request, at });
                self.lane(lane).flush();
                ("lost", Some(Stage::Answered(sent, Answer::Lost, number)))
            }
            2 => {
                let number = self.lane(lane).append(Fact::Voided { request, at });
                self.lane(lane).flush();
                self.entry(request, |entry| entry.charged = 0);
                ("refused by the provider", Some(Stage::Answered(sent, Answer::Refused, number)))
            }
            3 | 4 => {
                let cost = price(random, held);
                let number = self.lane(lane).append(Fact::Settled { request, cost: Money::from_nanos(cost), assumed: false, at });
                self.lane(lane).flush();
                self.entry(request, |entry| entry.charged = cost.min(held));
                ("answered at once", Some(Stage::Answered(sent, Answer::Paid(cost), number)))
            }
            _ => {
                let task = self.task_id(random, request);
                let number = self.lane(lane).append(Fact::Opened { request, task, at });
                self.lane(lane).flush();
                self.entry(request, |entry| entry.named = Some(task));
                ("a task for", Some(Stage::Answered(sent, Answer::Opened(task), number)))
            }
        }
    }

    pub(super) fn told(&mut self, (request, lane): (RequestId, usize), sent: Sent, answer: Answer, number: u64) -> Moved {
        let now = self.clock.now();
        let said = match answer {
            Answer::Lost => {
                sent.unknown();
                self.became_unknown(request);
                "unknown is"
            }
            Answer::Refused => {
                let closed = sent.void(now);
                self.closed(request, Stand::Voided, closed.is_some());
                "returned"
            }
            Answer::Paid(cost) => {
                let closed = sent.settle(Money::from_nanos(cost), now);
                self.closed(request, Stand::Settled(cost), closed.is_some_and(|closed| closed.settled.nanos() == cost));
                "paid"
            }
            Answer::Opened(task) => {
                let twice = sent.opened(task, now, self.desk.lock().scenario.deadline_ms).is_err();
                self.opened(request, task, now, twice);
                "opened"
            }
        };
        self.lane(lane).done(number);
        (said, None)
    }

    fn opened(&mut self, request: RequestId, task: TaskId, now: Now, twice: bool) {
        let mut desk = self.desk.lock();
        let Some(account) = desk.ledger.entries.get(&request).map(|entry| entry.buyer.account.clone()) else { return };
        desk.tell(&account, now.mono.nanos(), now.wall);
        let due = now.mono.nanos() + desk.scenario.deadline_ms * 1_000_000;
        let same =
            |entry: &Entry| entry.buyer.account == account && entry.task == Some(task) && (entry.stand == Stand::Opened || entry.withheld);
        let mut both_open = false;
        for entry in desk.ledger.entries.values_mut().filter(|entry| same(entry)) {
            if entry.due > now.mono.nanos() {
                entry.permit = if entry.withheld { entry.permit } else { Some(now.mono.nanos() + UNKNOWN_PERMIT_NS) };
                entry.stand = Stand::Unknown;
                (entry.withheld, entry.twin) = (true, true);
                both_open = true;
            } else if entry.stand == Stand::Opened {
                // nobody can ask for it any more: it is taken to have cost what was held
                entry.stand = Stand::Settled(entry.held);
                entry.permit = None;
            }
        }
        if twice != both_open {
            let said = if twice { "" } else { " not" };
            desk.wrong.push(format!("the id {} of an open task was given again, and that was{said} said", task.as_str()));
        }
        desk.figures.tasks += 1;
        let turn = desk.figures.tasks;
        if let Some(entry) = desk.ledger.entries.get_mut(&request) {
            entry.turn = turn;
            entry.stand = if both_open { Stand::Unknown } else { Stand::Opened };
            entry.permit = Some(if both_open { now.mono.nanos() + UNKNOWN_PERMIT_NS } else { u64::MAX });
            entry.task = Some(task);
            // the first of the two has the deadline
            (entry.withheld, entry.twin) = (false, both_open);
            entry.due = due;
        }
    }

    pub(super) fn became_unknown(&mut self, request: RequestId) {
        let mut desk = self.desk.lock();
        let Some(account) = desk.ledger.entries.get(&request).map(|entry| entry.buyer.account.clone()) else { return };
        let seen = desk.seen.get(&account).copied().unwrap_or_default();
        if let Some(entry) = desk.ledger.entries.get_mut(&request) {
            entry.stand = Stand::Unknown;
            entry.permit = Some(seen + UNKNOWN_PERMIT_NS);
        }
        desk.figures.unknown += 1;
    }

    /// A hold has ended; `once` is whether the books said so.
    pub(super) fn closed(&mut self, request: RequestId, stand: Stand, once: bool) {
        let mut desk = self.desk.lock();
        let Some(entry) = desk.ledger.entries.get_mut(&request) else { return };
        entry.stand = stand;
        entry.permit = None;
        entry.charged = if let Stand::Settled(cost) = stand { cost } else { 0 };
        desk.figures.closed += 1;
        if !once {
            desk.wrong.push(format!("{} ended otherwise than the provider said", short(request)));
        }
    }

    /// Mostly a new id; sometimes one that was used before.
    fn task_id(&mut self, random: &mut Random, request: RequestId) -> TaskId {
        let desk = self.desk.lock();
        let account = desk.ledger.entries.get(&request).map(|entry| entry.buyer.account.clone());
        let ended = !random.one_in(4);
        let used = |entry: &&Entry| {
            Some(&entry.buyer.account) == account.as_ref() && (!ended || matches!(entry.stand, Stand::Settled(_) | Stand::Voided))
        };
        let old: Vec<TaskId> = desk.ledger.entries.values().filter(used).filter_map(|entry| entry.task).collect();
        let again = random.one_in(12).then(|| random.pick(&old)).flatten();
        let bytes = request.as_bytes();
        again.or_else(|| TaskId::parse(format!("{}", u64::from(bytes[15]) + u64::from(bytes[14]) * 256).as_bytes()).ok()).unwrap_or_else(
            || {
                // ids are digits: they parse
                unreachable!("a number is no id")
            },
        )
    }

    /// How a task ended, and what the provider took.
    pub(super) fn ending(random: &mut Random, held: i64) -> (Ending, Stand) {
        match random.below(6) {
            0 => (Ending::Refunded, Stand::Voided),
            1 => (Ending::Charged, Stand::Settled(held)),
            2 => (Ending::Answered(None), Stand::Settled(held)),
            3 => (Ending::Assumed, Stand::Settled(held)),
            _ => {
                let cost = price(random, held);
                (Ending::Answered(Some(Money::from_nanos(cost))), Stand::Settled(cost))
            }
        }
    }
}

/// What the provider takes: mostly no more than was held.
fn price(random: &mut Random, held: i64) -> i64 {
    match random.below(12) {
        0 => held + 1 + i64::try_from(random.below(5_000)).unwrap_or(0),
        1 => 0,
        2..=5 => held,
        _ => held - i64::try_from(random.below(usize::try_from(held).unwrap_or(0))).unwrap_or(0),
    }
}

/// Enough of an id to tell it from the others of a history.
pub(super) fn short(request: RequestId) -> String {
    let bytes = request.as_bytes();
    format!("#{}", u16::from_be_bytes([bytes[14], bytes[15]]))
}
