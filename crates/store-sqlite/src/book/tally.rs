//! What do a post's facts change in counters and sums? Added up in memory, so that each row is written once a post.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use rusqlite::Connection;
use tollgate_books::HoldRow;
use tollgate_model::{Name, RequestId, Scope, Timestamp};

use super::sums::{self, Group, Sums};
use super::{counter, totals};
use crate::column;
use crate::failure::Failure;

/// The sums of one post.
pub(super) struct Tally<'a> {
    conn: &'a Connection,
    counters: HashMap<Scope, Vec<Known>>,
    shares: BTreeMap<(i64, Name), i64>,
    sums: BTreeMap<Group, (RequestId, Sums)>,
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
        Self { conn, counters: HashMap::new(), shares: BTreeMap::new(), sums: BTreeMap::new() }
    }

    /// A hold changed, or is new.
    pub(super) fn add(&mut self, row: &HoldRow, change: &Sums) -> Result<(), Failure> {
        self.count(Scope::Key(row.key), row, change)?;
        if let Some(team) = &row.team {
            self.count(Scope::Team(team.clone()), row, change)?;
        }
        self.count(Scope::Upstream(row.upstream.clone()), row, change)?;
        let (first, sums) = self.sums.entry(Group::of(row)).or_insert((row.request, Sums::default()));
        *first = row.request.min(*first);
        *sums = sums.plus(change);
        Ok(())
    }

    fn count(&mut self, scope: Scope, row: &HoldRow, change: &Sums) -> Result<(), Failure> {
        let counters = match self.counters.entry(scope) {
            Entry::Occupied(counters) => counters.into_mut(),
            Entry::Vacant(place) => {
                let known = known(self.conn, &column::scope(place.key()))?;
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
            counter::post(self.conn, id, instance, account.as_str(), delta)?;
        }
        let mut scopes: BTreeMap<(String, i64, &Name), Sums> = BTreeMap::new();
        for (group, (first, change)) in &self.sums {
            sums::add(self.conn, group, *first, change)?;
            let team = group.team.clone().map(Scope::Team);
            for scope in team.into_iter().chain([Scope::Upstream(group.upstream.clone())]) {
                let total = scopes.entry((column::scope(&scope), group.minute, &group.upstream)).or_default();
                *total = total.plus(change);
            }
        }
        scopes.iter().try_for_each(|((scope, minute, upstream), change)| totals::add(self.conn, scope, *minute, upstream, change))
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
