//! What do a post's facts change in counters and usage? Added up in memory, so that a counter is written once a post.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::Connection;
use tollgate_books::{HoldRow, HoldState};
use tollgate_model::{Name, RequestId, Scope, Timestamp};

use super::counter;
use super::usage::{self, Group, Sums};
use crate::column;
use crate::failure::Failure;

/// The sums of one post.
pub(super) struct Tally<'a> {
    conn: &'a Connection,
    counters: HashMap<String, Vec<Known>>,
    shares: HashMap<(i64, Name), i64>,
    usage: HashMap<Group, (RequestId, Sums)>,
}

/// A counter of a scope.
#[derive(Clone, Copy)]
struct Known {
    id: i64,
    counts_money: bool,
    starts: Timestamp,
    ends: Timestamp,
}

impl<'a> Tally<'a> {
    pub(super) fn new(conn: &'a Connection) -> Self {
        Self { conn, counters: HashMap::new(), shares: HashMap::new(), usage: HashMap::new() }
    }

    /// A hold changed, or is new.
    pub(super) fn add(&mut self, before: Option<&HoldRow>, after: &HoldRow) -> Result<(), Failure> {
        let (was, is) = (before.map_or(Sums::default(), Sums::of), Sums::of(after));
        let change = is.minus(&was);
        self.count(&Scope::Key(after.key), after, &change)?;
        if let Some(team) = &after.team {
            self.count(&Scope::Team(team.clone()), after, &change)?;
        }
        self.count(&Scope::Upstream(after.upstream.clone()), after, &change)?;
        let (first, sums) = self.usage.entry(Group::of(after)).or_insert((after.request, Sums::default()));
        *first = after.request.min(*first);
        *sums = sums.plus(&change);
        Ok(())
    }

    fn count(&mut self, scope: &Scope, row: &HoldRow, change: &Sums) -> Result<(), Failure> {
        let name = column::scope(scope);
        let counters = match self.counters.entry(name) {
            Entry::Occupied(counters) => counters.into_mut(),
            Entry::Vacant(place) => {
                let known = known(self.conn, place.key())?;
                place.insert(known)
            }
        };
        for counter in counters.iter().filter(|counter| counter.starts <= row.at && row.at < counter.ends) {
            let delta = if counter.counts_money { change.weight() } else { change.tasks };
            let sum = self.shares.entry((counter.id, row.upstream.clone())).or_default();
            *sum = sum.saturating_add(delta);
        }
        Ok(())
    }

    /// Writes the sums. What no holder has leased counts for the instance that posts it: nothing spent is left out.
    pub(super) fn write(self, instance: &str) -> Result<(), Failure> {
        for ((id, account), delta) in self.shares {
            let mut share = counter::share(self.conn, id, instance, account.as_str())?.unwrap_or_default();
            share.posted = share.posted.saturating_add(delta);
            counter::put(self.conn, id, instance, account.as_str(), &share)?;
        }
        self.usage.into_iter().try_for_each(|(group, (first, sums))| usage::add(self.conn, &group, first, &sums))
    }
}

fn known(conn: &Connection, scope: &str) -> Result<Vec<Known>, Failure> {
    let mut rows = conn.prepare_cached("SELECT id, unit = 'money', starts, ends FROM counters WHERE scope = ?")?;
    let known = rows.query_map([scope], |row| {
        let bound = |at| row.get(at).map(Timestamp::from_millis);
        Ok(Known { id: row.get(0)?, counts_money: row.get(1)?, starts: bound(2)?, ends: bound(3)? })
    })?;
    Ok(known.collect::<Result<_, _>>()?)
}

impl Sums {
    /// What one hold adds to the sums: its cost once settled, its worst case before, nothing once voided.
    pub(super) fn of(row: &HoldRow) -> Self {
        let held = row.held.nanos();
        match row.state {
            HoldState::Voided => Self::default(),
            HoldState::Open => Self { tasks: 1, held, ..Self::default() },
            HoldState::Unknown => Self { tasks: 1, unknown: held, ..Self::default() },
            HoldState::Settled => {
                let settled = row.settled.map_or(0, tollgate_model::Money::nanos);
                Self { tasks: 1, settled, excess: settled.saturating_sub(held).max(0), ..Self::default() }
            }
        }
    }
}
