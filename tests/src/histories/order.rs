//! Is there an order in which a plain counter would have given these answers?

use std::collections::HashSet;
use std::fmt;

/// What the caps begin with, in units.
pub(super) const BEGIN_KEY: i64 = 5;
pub(super) const BEGIN_TEAM: i64 = 7;

/// A step, and between which ticks it was taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) begun: u64,
    pub(super) ended: u64,
    pub(super) what: What,
}

/// What was done, and what was answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Reserve {
        place: usize,
        units: i64,
        admitted: bool,
    },
    Return {
        place: usize,
        units: i64,
    },
    /// Of a key, or of the team at one key's account.
    Change {
        place: usize,
        of_team: bool,
        units: i64,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:>3}–{:<3} {:?}", self.begun, self.ended, self.what)
    }
}

/// The sums: each key's own, the team's, and the caps. An account holds the team's cap itself, as it was told of it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Counter {
    used: [i64; 2],
    key_caps: [i64; 2],
    team_caps: [i64; 2],
}

impl Counter {
    /// The sums behind a step; none if it would have been answered otherwise.
    fn after(&self, what: What) -> Option<Self> {
        let mut next = self.clone();
        match what {
            What::Reserve { place, units, admitted } => {
                let team: i64 = self.used.iter().sum();
                let (of_key, of_team) = (*self.key_caps.get(place)?, *self.team_caps.get(place)?);
                let has_room = self.used.get(place)? + units <= of_key && team + units <= of_team;
                if admitted != has_room {
                    return None;
                }
                *next.used.get_mut(place)? += if admitted { units } else { 0 };
            }
            What::Return { place, units } => *next.used.get_mut(place)? -= units,
            What::Change { place, of_team: true, units } => *next.team_caps.get_mut(place)? = units,
            What::Change { place, of_team: false, units } => *next.key_caps.get_mut(place)? = units,
        }
        Some(next)
    }
}

/// Whether an order that keeps to the ticks explains every answer (Wing and Gong 1993, with the states already tried, as Lowe 2017).
pub(super) fn explains(steps: &[Step]) -> bool {
    let begin = Counter { used: [0; 2], key_caps: [BEGIN_KEY; 2], team_caps: [BEGIN_TEAM; 2] };
    search(steps, 0, &begin, &mut HashSet::new())
}

fn search(steps: &[Step], taken: u64, counter: &Counter, tried: &mut HashSet<(u64, Counter)>) -> bool {
    let open = || steps.iter().enumerate().filter(|(place, _)| taken & (1 << place) == 0);
    // whoever began before any of the others had ended may have been first
    let Some(bound) = open().map(|(_, step)| step.ended).min() else { return true };
    if !tried.insert((taken, counter.clone())) {
        return false;
    }
    open().filter(|(_, step)| step.begun <= bound).any(|(place, step)| {
        let after = counter.after(step.what);
        after.is_some_and(|after| search(steps, taken | (1 << place), &after, tried))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(begun: u64, ended: u64, what: What) -> Step {
        Step { begun, ended, what }
    }

    const fn buy(place: usize, units: i64, admitted: bool) -> What {
        What::Reserve { place, units, admitted }
    }

    #[test]
    fn what_a_counter_would_not_have_said_is_found() {
        // five units of a key: six are one too many, whatever the order
        assert!(!explains(&[step(0, 3, buy(0, 3, true)), step(1, 2, buy(0, 3, true))]));
        // seven of a team, over both accounts
        assert!(!explains(&[step(0, 3, buy(0, 4, true)), step(1, 2, buy(1, 4, true))]));
        // a refusal with room to spare
        assert!(!explains(&[step(0, 1, buy(0, 3, false))]));
        // what had returned before the step began counts no more
        let late = [step(0, 1, buy(0, 5, true)), step(2, 3, What::Return { place: 0, units: 5 }), step(4, 5, buy(0, 1, false))];
        assert!(!explains(&late));
    }

    #[test]
    fn what_overlaps_may_have_happened_in_either_order() {
        let back = What::Return { place: 0, units: 5 };
        for admitted in [false, true] {
            assert!(explains(&[step(0, 1, buy(0, 5, true)), step(2, 5, back), step(3, 4, buy(0, 1, admitted))]));
        }
        let lower = What::Change { place: 0, of_team: true, units: 1 };
        for admitted in [false, true] {
            assert!(explains(&[step(0, 3, lower), step(1, 2, buy(0, 2, admitted))]));
        }
    }
}
