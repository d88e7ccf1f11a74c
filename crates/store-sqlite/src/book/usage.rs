//! How much was used on a day? Told from the sums of its minutes, by key, account and method.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use tollgate_books::stock::DayRow;
use tollgate_books::{Spent, UsageRow};
use tollgate_model::{KeyId, Money, RequestId, Timestamp};

use super::sums::{self, DAY, Group, Sums, day, minute, minute_after};
use crate::failure::Failure;

/// The sums of the days from `since` to `until`; a key that changed its team on a day has one row, of its first team.
pub(crate) fn usage(conn: &Connection, since: &str, until: &str) -> Result<Vec<UsageRow>, Failure> {
    let sql = concat!(
        sums::select!(),
        " WHERE minute >= unixepoch(?1) / 60 AND minute < unixepoch(?2) / 60 + 1440 AND (tasks > 0 OR settled <> 0)
         ORDER BY key, upstream, method, minute / 1440, first"
    );
    let mut rows = conn.prepare_cached(sql)?;
    let mut groups: Vec<(Group, Sums)> = Vec::new();
    for found in rows.query_map([since, until], sums::row)? {
        let (group, _, sums) = found?;
        match groups.last_mut() {
            Some((last, so_far)) if is_told_with(last, &group) => *so_far = so_far.plus(&sums),
            _ => groups.push((group, sums)),
        }
    }
    Ok(groups.into_iter().map(|(group, sums)| row(group, &sums)).collect())
}

/// What a key has settled in the minutes from an instant to another, or in the longer spans to which they were folded.
pub(crate) fn spent(conn: &Connection, key: KeyId, from: Timestamp, to: Timestamp) -> Result<Vec<Spent>, Failure> {
    let sql =
        concat!(sums::select!(), " WHERE key = ? AND minute >= ? AND minute < ? AND settled > 0 ORDER BY minute, upstream, method, team");
    let mut rows = conn.prepare_cached(sql)?;
    let rows = rows.query_map(params![key.as_bytes(), minute(from), minute_after(to)], sums::row)?;
    let told = rows.map(|row| {
        let (Group { minute, upstream, method, team, .. }, _, sums) = row?;
        Ok(Spent { at: sums::begins(minute), team, upstream, method, settled: Money::from_nanos(sums.settled) })
    });
    told.collect()
}

/// Every day's sums, of each team by themselves.
pub(crate) fn days(conn: &Connection) -> Result<Vec<DayRow>, Failure> {
    let mut rows = conn.prepare(sums::select!())?;
    let mut days: BTreeMap<Group, (RequestId, Sums)> = BTreeMap::new();
    for found in rows.query_map([], sums::row)? {
        let (group, first, sums) = found?;
        let day = Group { minute: group.minute.div_euclid(DAY) * DAY, ..group };
        let (oldest, so_far) = days.entry(day).or_insert((first, Sums::default()));
        *oldest = first.min(*oldest);
        *so_far = so_far.plus(&sums);
    }
    let row = |(Group { key, minute, upstream, method, team }, (first, sums)): (Group, (RequestId, Sums))| {
        let Sums { tasks, settled, held, unknown, excess, busy } = sums;
        let (upstream, team) = (upstream.to_string(), team.map_or_else(String::new, |team| team.to_string()));
        DayRow { key, upstream, method, day: day(minute), team, first, tasks, settled, held, unknown, excess, busy }
    };
    Ok(days.into_iter().map(row).collect())
}

fn is_told_with(one: &Group, other: &Group) -> bool {
    let of = |group: &Group| (group.key, group.minute.div_euclid(DAY));
    of(one) == of(other) && one.upstream == other.upstream && one.method == other.method
}

fn row(group: Group, sums: &Sums) -> UsageRow {
    let Group { key, minute, upstream, method, team } = group;
    UsageRow {
        key,
        team,
        upstream,
        method,
        day: day(minute),
        tasks: sums.tasks,
        settled: Money::from_nanos(sums.settled),
        held: Money::from_nanos(sums.held),
        unknown: Money::from_nanos(sums.unknown),
        excess: Money::from_nanos(sums.excess),
        busy_ms: sums.busy,
    }
}
