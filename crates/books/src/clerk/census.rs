//! Is a cap that several accounts share reached, or does what is left of it only lie in their slices?

use std::sync::Arc;

use parking_lot::MutexGuard;
use tollgate_model::{Denial, Now, Scope};

use super::Books;
use crate::account::{Account, Wish};
use crate::state::State;

/// What all accounts together say of a wish that one of them cannot grant from its slices.
pub(super) enum Census {
    /// Refused: so much was used of a cap at this instant.
    Full(Denial),
    /// Other gates have what is missing, as the book has told.
    Abroad,
    /// There is room, or some account must ask the book first: another round will tell.
    Room,
}

impl Books {
    /// Asks all accounts at one instant: they are locked together, in the order of their names, and nobody else locks two.
    pub(super) fn census(&self, account: &Arc<Account>, wish: &Wish<'_>, now: Now) -> Census {
        let accounts = self.accounts();
        let mut states: Vec<(bool, MutexGuard<'_, State>)> =
            accounts.iter().map(|one| (Arc::ptr_eq(one, account), one.state.lock())).collect();
        // one account's clock is every account's: in an earlier window nothing can be said of this one
        let latest = states.iter().map(|(_, state)| state.latest).max().unwrap_or_default();
        for (_, state) in &mut states {
            state.latest = latest;
        }
        let (mut is_abroad, mut is_unknown) = (false, false);
        let all = own(&mut states).map(|own| own.blocked(wish, now)).unwrap_or_default();
        for blocked in all {
            // what is a key's or an account's is spent at one account
            let is_shared = matches!(blocked.counter.scope, Scope::Team(_));
            let others = states.iter_mut().filter(|(is_own, _)| is_shared && !is_own);
            let told: Vec<Option<i64>> = others.map(|(_, state)| state.used_of(&blocked.limit, &blocked.counter)).collect();
            let used = told.iter().flatten().fold(blocked.used, |sum, used| sum.saturating_add(*used));
            let is_known = !told.contains(&None);
            let wished = used.saturating_add(blocked.more);
            if wished > blocked.most {
                // the next to wish for it need not ask all accounts again; nothing says when a figure of one account alone is old
                if let Some(own) = own(&mut states).filter(|_| is_shared && is_known) {
                    own.counted(blocked.ix, used);
                }
                return Census::Full(blocked.denial);
            }
            is_unknown |= !is_known;
            is_abroad |= wished.saturating_add(blocked.abroad) > blocked.most;
        }
        if is_abroad && !is_unknown { Census::Abroad } else { Census::Room }
    }
}

fn own<'s>(states: &'s mut [(bool, MutexGuard<'_, State>)]) -> Option<&'s mut State> {
    states.iter_mut().find(|(is_own, _)| *is_own).map(|(_, own)| &mut **own)
}
