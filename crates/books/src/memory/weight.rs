//! Where does a hold count, and what does it weigh?

use tollgate_model::Scope;

use crate::port::{Counter, HoldRow, HoldState, Unit};

/// Whether a hold stands in a counter: same scope, admitted in the window.
pub(super) fn counts(counter: &Counter, row: &HoldRow) -> bool {
    let scoped = match &counter.scope {
        Scope::Key(key) => row.key == *key,
        Scope::Team(team) => row.team.as_ref() == Some(team),
        Scope::Upstream(upstream) => row.upstream == *upstream,
    };
    scoped && counter.window.contains(row.at)
}

/// What a hold weighs: its cost once settled, its worst case before, nothing once voided.
pub(super) fn weight(unit: Unit, row: &HoldRow) -> i64 {
    match (unit, row.state) {
        (_, HoldState::Voided) | (Unit::Tasks, HoldState::Adjusted) => 0,
        (Unit::Tasks, _) => 1,
        (Unit::Money, _) => row.settled.unwrap_or(row.held).nanos(),
    }
}
