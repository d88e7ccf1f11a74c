//! Which limits does a hold count in? Every cap and limit of open tasks of its key, its team and its account, whether it was
//! reserved under it or not: a limit that is set later, or comes back, has forgotten nothing.

use hashbrown::HashMap;
use smallvec::SmallVec;
use tollgate_model::{KeyId, Name, Scope, Timestamp};

use crate::hold::Terms;
use crate::port::Unit;
use crate::slot::{Cap, Kind, LimitIx, Slot};
use crate::state::{State, in_scope};

/// The limits of each scope, by their places.
#[derive(Default)]
pub(super) struct Scopes {
    keys: HashMap<KeyId, Places>,
    teams: HashMap<Name, Places>,
    account: Places,
}

type Places = SmallVec<[LimitIx; 6]>;

/// What a hold's change means for a cap, in the cap's unit.
#[derive(Clone, Copy)]
pub(super) enum Move {
    /// Taken.
    Reserved,
    /// Told to the book from now on.
    Sent,
    /// Dropped, and nothing was sent.
    Unsent,
    /// This much money returns, and the task perhaps.
    Returned { money: i64, task: bool },
}

/// What becomes of a hold's place among the open tasks.
#[derive(Clone, Copy)]
pub(super) enum Permit {
    Taken,
    /// When its task ended: what was not sent, and what nobody knows the end of, tells nothing of how long one takes.
    Returned {
        ended: Option<Timestamp>,
    },
}

impl Scopes {
    pub(super) fn add(&mut self, scope: &Scope, ix: LimitIx) {
        match scope {
            Scope::Key(key) => self.keys.entry(*key).or_default().push(ix),
            Scope::Team(team) => self.teams.entry(team.clone()).or_default().push(ix),
            Scope::Upstream(_) => self.account.push(ix),
        }
    }

    fn of(&self, terms: &Terms) -> impl Iterator<Item = LimitIx> {
        let team = terms.team.as_ref().and_then(|team| self.teams.get(team));
        let own = self.keys.get(&terms.key).into_iter().chain(team);
        own.flatten().chain(&self.account).copied()
    }
}

/// Tells every cap that the hold counts in, and with a permit every limit of open tasks: taken, or given back.
pub(super) fn tell(slots: &mut [Slot], scopes: &Scopes, latest: Timestamp, terms: &Terms, moved: Option<Move>, permit: Option<Permit>) {
    for ix in scopes.of(terms) {
        match (slots.get_mut(ix.0 as usize).map(|slot| &mut slot.kind), moved, permit) {
            (Some(Kind::Cap(cap)), Some(moved), _) => {
                cap.roll(latest);
                // a window that has rolled on holds nothing of it
                if cap.window.contains(terms.at) {
                    cap.moved(terms, moved);
                } else if cap.rolling.is_some() {
                    cap.moved_before(terms, moved);
                }
            }
            (Some(Kind::Concurrency { open, .. }), _, Some(Permit::Taken)) => *open = open.saturating_add(1),
            (Some(Kind::Concurrency { open, stay, .. }), _, Some(Permit::Returned { ended })) => {
                *open = open.saturating_sub(1);
                if let Some(at) = ended {
                    stay.ended(terms.at, at);
                }
            }
            _ => {}
        }
    }
}

impl State {
    pub(super) fn tell(&mut self, terms: &Terms, moved: Option<Move>, permit: Option<Permit>) {
        tell(&mut self.slots, &self.scopes, self.latest, terms, moved, permit);
    }

    /// What a limit that is new here counts already: open tasks, and what is reserved and not told to the book yet.
    pub(super) fn begin(&self, scope: &Scope, kind: &mut Kind) {
        let holds = || self.holds.values().filter(|hold| in_scope(&hold.terms, scope));
        match kind {
            // at a start there are many limits and holds, and none that is not sent
            Kind::Cap(_) if self.unsent == 0 => {}
            Kind::Cap(cap) => {
                let counted = cap.window.counted(cap.period);
                for hold in holds().filter(|hold| !hold.sent && counted.contains(hold.terms.at)) {
                    let amount = cap.amount(&hold.terms);
                    if cap.window.contains(hold.terms.at) {
                        cap.unsent = cap.unsent.saturating_add(amount);
                    } else {
                        cap.owes(cap.period.window(&cap.zone, hold.terms.at), amount);
                    }
                }
            }
            Kind::Concurrency { open, .. } => {
                *open = u32::try_from(holds().filter(|hold| hold.permit).count()).unwrap_or(u32::MAX);
            }
            Kind::Rate(_) => {}
        }
    }
}

impl Cap {
    fn amount(&self, terms: &Terms) -> i64 {
        match self.unit {
            Unit::Money => terms.cost.nanos(),
            Unit::Tasks => 1,
        }
    }

    /// In a bucket that is over: less counts of it now than the book has told, and less is to be reserved. Of one that the book has
    /// not told of, only what is no fact yet is counted.
    fn moved_before(&mut self, terms: &Terms, moved: Move) {
        let (amount, of_unknown) = match (moved, self.unit) {
            (Move::Reserved, _) => return,
            (Move::Sent | Move::Unsent, _) => (self.amount(terms), true),
            (Move::Returned { money, .. }, Unit::Money) => (money, false),
            (Move::Returned { task, .. }, Unit::Tasks) => (i64::from(task), false),
        };
        let of_known = !matches!(moved, Move::Sent);
        if let Some(rolling) = &mut self.rolling {
            rolling.moved(terms.at, amount, of_known, of_unknown);
        }
        // what costs more than its hold is taken from this slice
        if of_known && amount < 0 {
            self.ceiling = self.ceiling.saturating_add(amount).max(self.used);
        }
    }

    /// A window that the book has told about is counted in `used`. Until then it is noted what the book will not have told: what
    /// is reserved and no fact yet, and what happened behind the last facts that were cut.
    fn moved(&mut self, terms: &Terms, moved: Move) {
        let amount = self.amount(terms);
        let add = |sum: &mut i64, amount: i64| *sum = sum.saturating_add(amount);
        match (moved, self.known) {
            (Move::Reserved, true) => add(&mut self.used, amount),
            (Move::Reserved, false) => add(&mut self.unsent, amount),
            (Move::Sent, true) => {}
            (Move::Sent, false) => {
                add(&mut self.unsent, -amount);
                add(&mut self.uncut, amount);
            }
            (Move::Unsent, true) => add(&mut self.used, -amount),
            (Move::Unsent, false) => add(&mut self.unsent, -amount),
            (Move::Returned { money, task }, known) => {
                let returned = match self.unit {
                    Unit::Money => money,
                    Unit::Tasks => i64::from(task),
                };
                if known {
                    add(&mut self.used, -returned);
                } else {
                    add(&mut self.uncut, -returned);
                    // the book lowers no ceiling under what it knows as used: it may keep one for what returns now
                    self.lent = i64::MAX;
                }
            }
        }
    }
}
