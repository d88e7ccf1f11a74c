//! Where does one limit stand? A cap with its leased ceiling, a rate, or a count of open holds.

mod full;
mod rolling;
mod slice;
mod stay;

use tollgate_model::{Amount, Limit, LimitKind, Money, Mono, Now, Period, Raise, Scope, Timestamp, Window, Zone};

use crate::gcra::Gcra;
use crate::port::{Counter, Unit};
pub(crate) use full::Together;
use rolling::Rolling;
use stay::Stay;

/// A limit's place in its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LimitIx(pub(crate) u32);

/// One limit's state.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) scope: Scope,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Cap(Cap),
    Rate(Gcra),
    Concurrency { most: u32, open: u32, stay: Stay },
}

/// A cap in its present window. `used` counts held, settled and unknown of this account; it may rise to `ceiling`, which the
/// book has made durable; `elsewhere` is what other holders have reserved.
#[derive(Debug)]
pub(crate) struct Cap {
    pub(crate) unit: Unit,
    pub(crate) period: Period,
    pub(crate) zone: Zone,
    /// In force: the cap itself, or more of it for a while.
    pub(crate) most: i64,
    base: i64,
    pub(crate) raised_until: Option<Timestamp>,
    pub(crate) window: Window,
    pub(crate) used: i64,
    pub(crate) ceiling: i64,
    pub(crate) elsewhere: i64,
    /// Of that, what other accounts of this gate do not have: other gates, and buckets that are over.
    pub(crate) abroad: i64,
    /// Rounds in which somebody waited here and what others had left was too little.
    pub(crate) passed_over: u32,
    /// Of a rolling period.
    pub(crate) rolling: Option<Box<Rolling>>,
    /// What the book reserves for this account, at most and at least: more than `ceiling` while it has not been told of a lower one
    /// or its answer was lost; before it was asked, perhaps what a dead process had leased.
    pub(crate) lent: i64,
    pub(crate) covered: i64,
    /// Of which edition of the teams' limits the slice is (`State::edition`); only teams' caps are shared by accounts.
    pub(crate) edition: u64,
    /// Whether the book has told what was used in this window.
    pub(crate) known: bool,
    /// What waiting calls need beyond the ceiling; asked for by the clerk at its next round.
    pub(crate) wanted: i64,
    /// Somebody wants to know where it stands, and not to spend: nothing is leased for that, which others could be refused for.
    pub(crate) asked: bool,
    /// The largest single amount seen: the least slice.
    pub(crate) least: i64,
    /// Use since `pace_from`: how much two seconds need.
    pub(crate) pace: i64,
    pub(crate) pace_from: Mono,
    pub(crate) last_used: Mono,
    /// While the book has not told: what is reserved and no fact yet, and what facts behind the last cut change.
    pub(crate) unsent: i64,
    pub(crate) uncut: i64,
    /// What all accounts were last found to have used together.
    pub(crate) census: Option<Together>,
}

/// Whether a limit lets an amount pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passes {
    Yes,
    /// The book must be asked first.
    Cold,
    /// Reached; milliseconds until it may free.
    Reached(Option<u64>),
}

impl Slot {
    pub(crate) fn new(limit: &Limit, now: Now, clean: bool) -> Self {
        let kind = match &limit.kind {
            LimitKind::Cap { amount, period, zone } => Kind::Cap(Cap::new(*amount, *period, zone.clone(), now)),
            LimitKind::Rate(rate) => Kind::Rate(Gcra::new(*rate, now.mono, clean)),
            LimitKind::Concurrency(most) => Kind::Concurrency { most: *most, open: 0, stay: Stay::default() },
        };
        let mut slot = Self { scope: limit.scope.clone(), kind };
        slot.set(limit, now);
        slot
    }

    /// Puts another amount in force; says whether what other accounts have leased of it must be asked for again.
    pub(crate) fn set(&mut self, limit: &Limit, now: Now) -> bool {
        match (&mut self.kind, &limit.kind) {
            (Kind::Cap(cap), LimitKind::Cap { amount, .. }) => {
                let before = cap.most;
                cap.put_in_force(amount.units(), limit.raise.filter(|raise| now.wall < raise.until));
                let is_lower = cap.most < before;
                // a slice of the amount before is no promise that the earlier buckets, and what others have leased since, leave room
                // for it now: the book is asked again
                let room = cap.most.saturating_sub(cap.elsewhere).saturating_sub(cap.passed());
                cap.ceiling = if is_lower { 0 } else { cap.ceiling.min(room) };
                return matches!(self.scope, Scope::Team(_)) && (is_lower || cap.is_overdrawn());
            }
            (Kind::Rate(gcra), LimitKind::Rate(rate)) => gcra.set(*rate, now.mono),
            (Kind::Concurrency { most, .. }, LimitKind::Concurrency(wanted)) => *most = *wanted,
            // `State::bind` finds a slot by what it is, so the kinds agree
            _ => {}
        }
        false
    }
}

impl Cap {
    fn new(amount: Amount, period: Period, zone: Zone, now: Now) -> Self {
        let window = period.window(&zone, now.wall);
        Self {
            unit: amount.into(),
            period,
            zone,
            most: amount.units(),
            base: amount.units(),
            raised_until: None,
            window,
            used: 0,
            ceiling: 0,
            elsewhere: 0,
            abroad: 0,
            passed_over: 0,
            rolling: period.rolls_over().map(|_| Box::default()),
            lent: i64::MAX,
            covered: 0,
            edition: 0,
            known: false,
            wanted: 0,
            asked: false,
            least: 0,
            pace: 0,
            pace_from: now.mono,
            last_used: now.mono,
            unsent: 0,
            uncut: 0,
            census: None,
        }
    }

    /// Puts an amount in force, or more of it for a while.
    fn put_in_force(&mut self, base: i64, raise: Option<Raise>) {
        let raise = raise.filter(|raise| raise.amount.units() > base);
        (self.base, self.raised_until) = (base, raise.map(|raise| raise.until));
        self.most = raise.map_or(base, |raise| raise.amount.units());
    }

    /// Moves on to the window of `at`, never back: a clock that steps back over midnight does not open the day again.
    pub(crate) fn roll(&mut self, at: Timestamp) {
        if self.raised_until.is_some_and(|until| at >= until) {
            (self.most, self.raised_until) = (self.base, None);
            // leased under more: the book is asked what is left of less
            self.ceiling = 0;
        }
        if at >= self.window.end {
            self.close();
            self.window = self.period.window(&self.zone, at);
            self.used = 0;
            self.ceiling = 0;
            (self.elsewhere, self.abroad) = (0, 0);
            self.lent = i64::MAX;
            self.covered = 0;
            self.known = false;
            (self.wanted, self.asked) = (0, false);
            self.unsent = 0;
            self.uncut = 0;
            self.census = None;
        }
    }

    /// Whether `amount` more may be used now.
    pub(crate) fn passes(&self, amount: i64, at: Timestamp, now: Mono) -> Passes {
        if !self.known {
            return Passes::Cold;
        }
        let after = self.used.saturating_add(amount);
        if after.saturating_add(self.passed()) > self.most {
            if self.is_told(now) { Passes::Reached(self.frees_in(at)) } else { Passes::Cold }
        } else if after > self.ceiling {
            Passes::Cold
        } else {
            Passes::Yes
        }
    }

    /// Whether other holders' reservations leave no room although this account's own use would.
    pub(crate) fn blocked_elsewhere(&self, amount: i64) -> bool {
        let others = self.elsewhere.saturating_add(self.passed());
        self.known && self.elsewhere > 0 && self.used.saturating_add(others).saturating_add(amount) > self.most
    }

    /// Whether it can be said what was admitted in earlier buckets.
    pub(crate) fn is_told(&self, now: Mono) -> bool {
        self.known && self.rolling.as_ref().is_none_or(|rolling| rolling.is_fresh(now))
    }

    /// The limit in force, as it is written.
    pub(crate) fn in_force(&self) -> LimitKind {
        let amount = match self.unit {
            Unit::Money => Amount::Money(Money::from_nanos(self.most)),
            Unit::Tasks => Amount::Tasks(self.most),
        };
        LimitKind::Cap { amount, period: self.period, zone: self.zone.clone() }
    }

    pub(crate) fn counter(&self, scope: &Scope) -> Counter {
        Counter { scope: scope.clone(), unit: self.unit, period: self.period, zone: self.zone.clone(), window: self.window }
    }
}
