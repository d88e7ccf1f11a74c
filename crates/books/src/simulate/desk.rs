//! Was that admission right? The ledger with its purchases at hand, asked at every admission before anything else happens.

use std::collections::BTreeMap;

use tollgate_model::{Denial, LimitKind, Name, RequestId, Timestamp};

use super::Figures;
use super::ledger::{Entry, Ledger, Stand, cap_of};
use super::purchase::{Purchase, Stage, short};
use super::scenario::{Buyer, Scenario, in_scope};
use crate::hold::Hold;

const MINUTE_NS: u64 = 60_000_000_000;

/// What all tasks of a history share.
pub(super) struct Desk {
    pub(super) scenario: Scenario,
    pub(super) ledger: Ledger,
    pub(super) hands: Vec<Purchase>,
    pub(super) wrong: Vec<String>,
    pub(super) figures: Figures,
    /// The latest instant of the process's own clock that each account was told.
    pub(super) seen: BTreeMap<Name, u64>,
    /// When each rule was last changed, in which life.
    pub(super) changed: BTreeMap<usize, (u32, u64)>,
    pub(super) life: u32,
    /// The latest wall clock that any account was told.
    pub(super) latest: Timestamp,
}

/// A wish as it was made.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) request: RequestId,
    /// The wall clock when it came.
    pub(super) came: Timestamp,
    pub(super) buyer: Buyer,
    pub(super) method: &'static str,
    pub(super) held: i64,
    pub(super) rules: Vec<usize>,
    pub(super) life: u32,
}

/// A clock that stands further back than this is in doubt.
const STEP_BACK_MS: i64 = 2_000;

impl Desk {
    pub(super) fn new(scenario: Scenario) -> Self {
        let ledger = Ledger { entries: BTreeMap::new() };
        let (seen, changed) = (BTreeMap::new(), BTreeMap::new());
        let latest = scenario.begins;
        Self { scenario, ledger, hands: Vec::new(), wrong: Vec::new(), figures: Figures::ZERO, seen, changed, life: 0, latest }
    }

    pub(super) fn tell(&mut self, account: &Name, mono: u64, wall: Timestamp) {
        let seen = self.seen.entry(account.clone()).or_default();
        *seen = (*seen).max(mono);
        self.latest = self.latest.max(wall);
    }

    /// A hold was given: it is entered, and every limit that it stands under is summed.
    pub(super) fn admitted(&mut self, order: Order, hold: Hold, mono: u64, latest: Timestamp) {
        let Order { request, came, buyer, method, held, rules, life } = order;
        let capped = rules.iter().filter_map(|place| self.scenario.rules.get(*place)).any(|rule| cap_of(rule, came).is_some());
        if capped && latest.millis() - came.millis() > STEP_BACK_MS {
            self.wrong.push(format!("{} was let pass at {came}, and it had been {latest}", short(request)));
        }
        let entry = Entry {
            buyer,
            method,
            at: hold.at(),
            mono,
            life,
            held,
            rules,
            stand: Stand::Reserved,
            before: None,
            charged: 0,
            named: None,
            task: None,
            turn: 0,
            permit: Some(u64::MAX),
            withheld: false,
            twin: false,
            due: u64::MAX,
        };
        self.ledger.entries.insert(request, entry.clone());
        self.hands.push(Purchase { request, lane: usize::from(request.as_bytes()[15] % 2), stage: Stage::Reserved(hold) });
        self.figures.admitted += 1;
        self.figures.raised += u64::from(entry.rules.iter().any(|place| self.is_beyond(*place, &entry)));
        for place in &entry.rules {
            if let Some(wrong) = self.over(*place, &entry) {
                self.wrong.push(wrong);
            }
        }
    }

    /// Whether a cap has let pass what only its raise allows.
    fn is_beyond(&self, place: usize, entry: &Entry) -> bool {
        let Some(rule) = self.scenario.rules.get(place) else { return false };
        let (LimitKind::Cap { amount, .. }, Some((unit, _, window))) = (&rule.limit.kind, cap_of(rule, entry.at)) else { return false };
        self.ledger.sum(&rule.limit.scope, unit, window, None) > amount.units()
    }

    /// The sentence about a limit that lets more pass than it may.
    fn over(&self, place: usize, entry: &Entry) -> Option<String> {
        let rule = self.scenario.rules.get(place)?;
        let scope = &rule.limit.scope;
        match &rule.limit.kind {
            LimitKind::Cap { .. } => {
                let (unit, most, window) = cap_of(rule, entry.at)?;
                let (known, lost) = (self.ledger.sum(scope, unit, window, None), self.ledger.lost(place, unit, window));
                let slack = if lost > 0 { self.ledger.beside(scope, unit, window) } else { 0 };
                let sum = known + lost;
                (sum > most + slack)
                    .then(|| format!("over a cap: {scope} {} has {sum} {unit:?} in its window after {}", rule.limit.kind, entry.held))
            }
            LimitKind::Concurrency(most) => {
                let open = self.ledger.open(scope, &entry.buyer.account, true);
                (open > *most).then(|| format!("over a limit of open tasks: {scope} may have {most} and has {open}"))
            }
            LimitKind::Rate(rate) => {
                let (life, changed) = self.changed.get(&place).copied().unwrap_or_default();
                let from = entry.mono.saturating_sub(MINUTE_NS - 1);
                if life == entry.life && changed >= from {
                    return None;
                }
                let concerns = |other: &&Entry| {
                    let same = other.life == entry.life && other.buyer.account == entry.buyer.account;
                    same && other.mono >= from && other.rules.contains(&place) && in_scope(scope, &other.buyer)
                };
                let count = self.ledger.entries.values().filter(concerns);
                // what was dropped unsent has given back what it took, and no more than that
                let sent = count.filter(|other| other.stand != Stand::Gone).count();
                let most = (rate.per_minute + rate.burst - 1) as usize;
                (sent > most).then(|| format!("over a rate: {scope} {rate} let {sent} pass in a minute"))
            }
        }
    }

    pub(super) fn denied(&mut self, denial: &Denial) {
        *self.figures.denied.entry(denial.code.as_str()).or_default() += 1;
    }
}
