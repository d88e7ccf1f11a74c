//! What must be true, by plain sums? Every purchase in the order of its admission, what is held of it, what it cost, and what
//! the provider really took.

use std::collections::BTreeMap;

use tollgate_model::{Amount, LimitKind, Name, RequestId, Scope, TaskId, Timestamp, Window};

use super::scenario::{Buyer, Rule, in_scope};
use super::weather::{End, Heard, Told};
use crate::port::Unit;

/// One purchase.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) buyer: Buyer,
    pub(super) method: &'static str,
    /// The admission instant, on the wall and on the process's own clock.
    pub(super) at: Timestamp,
    pub(super) mono: u64,
    /// Which life of the process admitted it.
    pub(super) life: u32,
    pub(super) held: i64,
    /// The rules that it was admitted under.
    pub(super) rules: Vec<usize>,
    pub(super) stand: Stand,
    /// Where it stood before a death took the line that said so; it counts for more since.
    pub(super) before: Option<Stand>,
    /// What the provider took, whether we know it or not.
    pub(super) charged: i64,
    /// The id that the provider gave, and whether the books were told of it.
    pub(super) named: Option<TaskId>,
    pub(super) task: Option<TaskId>,
    /// The how-manieth task it was; the last, if the books were told only after a death.
    pub(super) turn: u64,
    /// Until when it counts among open tasks, on the process's own clock; for ever unless it is unknown.
    pub(super) permit: Option<u64>,
    /// Another open task has its id: nobody's until its deadline.
    pub(super) withheld: bool,
    /// It once was withheld.
    pub(super) twin: bool,
    /// When the gate itself asks for its task.
    pub(super) due: u64,
}

/// Where a purchase stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// Reserved, nothing sent.
    Reserved,
    /// Sent, no answer yet.
    Sent,
    /// A task was named.
    Opened,
    /// Nobody knows.
    Unknown,
    /// Paid for.
    Settled(i64),
    /// Returned on the provider's word.
    Voided,
    /// Dropped before anything was sent.
    Gone,
    /// Sent, and no trace of it survived the machine.
    Lost,
}

/// All purchases.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) entries: BTreeMap<RequestId, Entry>,
}

impl Entry {
    /// What it weighs in a total.
    pub(super) fn weight(&self, unit: Unit) -> i64 {
        match (self.stand, unit) {
            (Stand::Voided | Stand::Gone, _) => 0,
            (Stand::Lost, Unit::Tasks) => i64::from(self.charged > 0),
            (Stand::Lost, Unit::Money) => self.charged,
            (_, Unit::Tasks) => 1,
            (Stand::Settled(cost), Unit::Money) => cost,
            (Stand::Reserved | Stand::Sent | Stand::Opened | Stand::Unknown, Unit::Money) => self.held,
        }
    }

    /// Whether it is sent and not ended, as far as anybody knows.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.stand, Stand::Sent | Stand::Opened | Stand::Unknown)
    }
}

/// A cap's numbers: how much at this instant, raised or not, and over which instants.
pub(super) fn cap_of(rule: &Rule, at: Timestamp) -> Option<(Unit, i64, Window)> {
    match &rule.limit.kind {
        LimitKind::Cap { amount, period, zone } => {
            let unit = if matches!(amount, Amount::Money(_)) { Unit::Money } else { Unit::Tasks };
            let raise = rule.limit.raise.filter(|raise| at < raise.until).map_or(0, |raise| raise.amount.units());
            Some((unit, amount.units().max(raise), period.window(zone, at).counted(*period)))
        }
        LimitKind::Rate(_) | LimitKind::Concurrency(_) => None,
    }
}

impl Ledger {
    /// The sum of what a scope's purchases weigh in a window, what was lost with a machine left out.
    pub(super) fn sum(&self, scope: &Scope, unit: Unit, window: Window, account: Option<&Name>) -> i64 {
        let concerns = |entry: &&Entry| {
            entry.stand != Stand::Lost
                && in_scope(scope, &entry.buyer)
                && window.contains(entry.at)
                && account.is_none_or(|account| entry.buyer.account == *account)
        };
        self.entries.values().filter(concerns).map(|entry| entry.weight(unit)).sum()
    }

    /// What the provider took of purchases that were admitted under this rule and lost with a machine.
    pub(super) fn lost(&self, rule: usize, unit: Unit, window: Window) -> i64 {
        let concerns = |entry: &&Entry| entry.stand == Stand::Lost && window.contains(entry.at) && entry.rules.contains(&rule);
        self.entries.values().filter(concerns).map(|entry| entry.weight(unit)).sum()
    }

    /// What stands in a dead machine's slice without having been spent from it: prices beyond their holds, and what had returned.
    pub(super) fn beside(&self, scope: &Scope, unit: Unit, window: Window) -> i64 {
        let concerns = |entry: &&Entry| in_scope(scope, &entry.buyer) && window.contains(entry.at);
        let beside = |entry: &Entry| match (entry.before, entry.stand, unit) {
            (Some(stand), _, _) => (entry.weight(unit) - Entry { stand, ..entry.clone() }.weight(unit)).max(0),
            (None, Stand::Settled(cost), Unit::Money) => (cost - entry.held).max(0),
            (None, _, _) => 0,
        };
        self.entries.values().filter(concerns).map(beside).sum()
    }

    /// Open tasks of a scope at an account; those only reserved are counted by the limit, not by who asks.
    pub(super) fn open(&self, scope: &Scope, account: &Name, reserved: bool) -> u32 {
        let counts = |entry: &&Entry| {
            let open = entry.is_open() && entry.permit.is_some() || reserved && entry.stand == Stand::Reserved;
            open && entry.buyer.account == *account && in_scope(scope, &entry.buyer)
        };
        u32::try_from(self.entries.values().filter(counts).count()).unwrap_or(u32::MAX)
    }

    /// A process has died: what is known of each purchase is what the book or a surviving line says. What was dropped behind its
    /// intent is known as such by a line that may be lost; its intent counts only if the book's marks are not past it.
    pub(super) fn recover(&mut self, all: &Told, behind: &Told) -> Vec<RequestId> {
        let mut given_up = Vec::new();
        for (request, entry) in &mut self.entries {
            let was = entry.stand;
            let told = if was == Stand::Gone { behind } else { all };
            let heard = told.get(request).copied().unwrap_or_default();
            entry.stand = match (was, heard) {
                (Stand::Lost, _) => was,
                (Stand::Reserved | Stand::Gone, Heard { held: false, .. }) => Stand::Gone,
                (_, Heard { held: false, .. }) => Stand::Lost,
                (_, Heard { end: Some(End::Settled(cost)), .. }) => Stand::Settled(cost),
                (_, Heard { end: Some(End::Voided), .. }) => Stand::Voided,
                (_, Heard { end: Some(End::Unknown), .. }) => Stand::Unknown,
                (_, Heard { opened: true, .. }) => Stand::Opened,
                (_, Heard { opened: false, .. }) => {
                    given_up.push(*request);
                    Stand::Unknown
                }
            };
            if matches!(was, Stand::Gone | Stand::Voided | Stand::Settled(_)) && entry.stand != was {
                entry.before = entry.before.or(Some(was));
            }
            entry.task = entry.named.filter(|_| heard.opened);
            if entry.task.is_some() && entry.turn == 0 {
                entry.turn = u64::MAX;
            }
            entry.withheld = false;
            // what the provider took beyond what was held is forgotten with its answer
            entry.charged = match entry.stand {
                Stand::Settled(cost) => cost,
                Stand::Voided | Stand::Gone => 0,
                Stand::Reserved | Stand::Sent | Stand::Opened | Stand::Unknown | Stand::Lost => entry.charged.min(entry.held),
            };
        }
        given_up.extend(self.withhold_twins());
        given_up.sort_unstable();
        given_up
    }

    /// Two open tasks of an account under one id are nobody's.
    fn withhold_twins(&mut self) -> Vec<RequestId> {
        let open = |entry: &Entry| (entry.stand == Stand::Opened).then(|| (entry.buyer.account.clone(), entry.task));
        let mut seen = BTreeMap::new();
        for place in self.entries.values().filter_map(open) {
            *seen.entry(place).or_insert(0) += 1;
        }
        let mut twins = Vec::new();
        for (request, entry) in &mut self.entries {
            if open(entry).is_some_and(|place| seen.get(&place).is_some_and(|count| *count > 1)) {
                entry.stand = Stand::Unknown;
                twins.push(*request);
            }
        }
        twins
    }

    /// Usage as the book tells it: tasks, settled, held, unknown, excess, by key, account, method and UTC day.
    pub(super) fn usage(&self) -> BTreeMap<(String, String, String, String), [i64; 5]> {
        let mut usage = BTreeMap::new();
        for entry in self.entries.values() {
            let held = entry.held;
            let sums = match entry.stand {
                Stand::Reserved | Stand::Voided | Stand::Gone | Stand::Lost => continue,
                Stand::Sent | Stand::Opened => [1, 0, held, 0, 0],
                Stand::Unknown => [1, 0, 0, held, 0],
                Stand::Settled(cost) => [1, cost, 0, 0, (cost - held).max(0)],
            };
            let day = entry.at.to_string().chars().take(10).collect();
            let group = (entry.buyer.key.to_string(), entry.buyer.account.to_string(), entry.method.to_owned(), day);
            let row: &mut [i64; 5] = usage.entry(group).or_default();
            for (sum, more) in row.iter_mut().zip(sums) {
                *sum += more;
            }
        }
        usage
    }
}
