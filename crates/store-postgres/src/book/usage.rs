//! How much was used on a day? Sums by key, account, method, day, team and instance, kept with every post and never pruned.

use std::collections::BTreeMap;

use tokio_postgres::Row;
use tollgate_books::{HoldRow, HoldState, Spent, UsageRow};
use tollgate_model::{KeyId, Money, Name, RequestId, Timestamp};

use crate::column::{instant, key, parsed, parsed_if_any, plain};
use crate::failure::Failure;
use crate::session::Session;

/// Two numbers' sum as SQL, inside the range of a bigint.
macro_rules! sum {
    ($a:literal, $b:literal) => {
        concat!("least(greatest(", $a, "::numeric + ", $b, ", -9223372036854775808), 9223372036854775807)::bigint")
    };
}
pub(super) use sum;

/// What is summed together. In the order of the table's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    key: KeyId,
    upstream: Name,
    method: String,
    day: String,
    /// `''` is none.
    team: String,
    instance: String,
}

/// Tasks, and nano-dollars; or a change of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) tasks: i64,
    settled: i64,
    held: i64,
    unknown: i64,
    excess: i64,
    /// Milliseconds.
    busy: i64,
}

/// The changes of one post.
#[derive(Default)]
pub(super) struct Usage(BTreeMap<Group, (RequestId, Sums)>);

impl Group {
    pub(super) fn of(instance: &str, row: &HoldRow) -> Self {
        Self {
            key: row.key,
            upstream: row.upstream.clone(),
            method: row.method.clone(),
            day: row.at.to_string().chars().take(10).collect(),
            team: row.team.as_ref().map_or("", Name::as_str).to_owned(),
            instance: instance.to_owned(),
        }
    }
}

impl Sums {
    /// What one hold adds to the sums: its cost once settled, its worst case before, nothing once voided; a correction its money.
    pub(super) fn of(row: &HoldRow) -> Self {
        let held = row.held.nanos();
        match row.state {
            HoldState::Voided => Self::default(),
            HoldState::Adjusted => Self { settled: row.settled.map_or(0, Money::nanos), ..Self::default() },
            HoldState::Open => Self { tasks: 1, held, ..Self::default() },
            HoldState::Unknown => Self { tasks: 1, unknown: held, ..Self::default() },
            HoldState::Settled => {
                let settled = row.settled.map_or(0, Money::nanos);
                Self { tasks: 1, settled, excess: settled.saturating_sub(held).max(0), ..Self::default() }
            }
        }
    }

    const fn plus(&self, other: &Self) -> Self {
        Self {
            tasks: self.tasks.saturating_add(other.tasks),
            settled: self.settled.saturating_add(other.settled),
            held: self.held.saturating_add(other.held),
            unknown: self.unknown.saturating_add(other.unknown),
            excess: self.excess.saturating_add(other.excess),
            busy: self.busy.saturating_add(other.busy),
        }
    }

    pub(super) const fn minus(&self, other: &Self) -> Self {
        Self {
            tasks: self.tasks.saturating_sub(other.tasks),
            settled: self.settled.saturating_sub(other.settled),
            held: self.held.saturating_sub(other.held),
            unknown: self.unknown.saturating_sub(other.unknown),
            excess: self.excess.saturating_sub(other.excess),
            busy: self.busy.saturating_sub(other.busy),
        }
    }

    /// The same, of a task that has kept a thread at work for so many milliseconds.
    pub(super) const fn busy_for(self, busy: i64) -> Self {
        Self { busy, ..self }
    }

    /// What counts against a cap in money.
    pub(super) const fn weight(&self) -> i64 {
        self.settled.saturating_add(self.held).saturating_add(self.unknown)
    }
}

impl Usage {
    pub(super) fn add(&mut self, group: Group, request: RequestId, change: &Sums) {
        let (first, sums) = self.0.entry(group).or_insert((request, Sums::default()));
        *first = request.min(*first);
        *sums = sums.plus(change);
    }

    /// Adds the changes to the table's sums.
    pub(super) async fn write(&self, session: &Session) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let text = |of: fn(&Group) -> &str| self.0.keys().map(of).collect::<Vec<&str>>();
        let number = |of: fn(&Sums) -> i64| self.0.values().map(|(_, sums)| of(sums)).collect::<Vec<i64>>();
        let keys: Vec<&[u8]> = self.0.keys().map(|group| group.key.as_bytes().as_slice()).collect();
        let firsts: Vec<&[u8]> = self.0.values().map(|(first, _)| first.as_bytes().as_slice()).collect();
        let (upstreams, methods) = (text(|group| group.upstream.as_str()), text(|group| &group.method));
        let (days, teams, instances) = (text(|group| &group.day), text(|group| &group.team), text(|group| &group.instance));
        let (tasks, settled, held) = (number(|sums| sums.tasks), number(|sums| sums.settled), number(|sums| sums.held));
        let (unknown, excess, busy) = (number(|sums| sums.unknown), number(|sums| sums.excess), number(|sums| sums.busy));
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 13] =
            [&keys, &upstreams, &methods, &days, &teams, &instances, &firsts, &tasks, &settled, &held, &unknown, &excess, &busy];
        session.execute(ADD, &values).await?;
        Ok(())
    }
}

const ADD: &str = concat!(
    "INSERT INTO tollgate.usage (key, upstream, method, day, team, instance, first, tasks, settled, held, unknown, excess, busy)
     SELECT u.key, u.upstream, u.method, u.day, u.team, u.instance, u.first, u.tasks, u.settled, u.held, u.unknown, u.excess, u.busy
     FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bigint[], $9::bigint[],
     $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[]) WITH ORDINALITY
     AS u (key, upstream, method, day, team, instance, first, tasks, settled, held, unknown, excess, busy, place) ORDER BY place
     ON CONFLICT (key, upstream, method, day, team, instance) DO UPDATE SET first = least(usage.first, excluded.first), tasks = ",
    sum!("usage.tasks", "excluded.tasks"),
    ", settled = ",
    sum!("usage.settled", "excluded.settled"),
    ", held = ",
    sum!("usage.held", "excluded.held"),
    ", unknown = ",
    sum!("usage.unknown", "excluded.unknown"),
    ", excess = ",
    sum!("usage.excess", "excluded.excess"),
    ", busy = ",
    sum!("usage.busy", "excluded.busy")
);

/// The sums of the days from `since` to `until`; a key that changed its team on a day has one row, of its first team.
pub(crate) async fn usage(session: &Session, since: &str, until: &str) -> Result<Vec<UsageRow>, Failure> {
    let sql = "SELECT key, upstream, method, day, (array_agg(team ORDER BY first))[1],
               least(sum(tasks), 9223372036854775807)::bigint, least(sum(settled), 9223372036854775807)::bigint,
               least(sum(held), 9223372036854775807)::bigint, least(sum(unknown), 9223372036854775807)::bigint,
               least(sum(excess), 9223372036854775807)::bigint, least(sum(busy), 9223372036854775807)::bigint
               FROM tollgate.usage WHERE day BETWEEN $1 AND $2 AND (tasks > 0 OR settled <> 0) GROUP BY key, upstream, method, day
               ORDER BY key, upstream COLLATE \"C\", method COLLATE \"C\", day";
    session.query(sql, &[&since, &until]).await?.iter().map(read).collect()
}

/// What a key has settled in the minutes from an instant to another.
pub(crate) async fn spent(session: &Session, key: KeyId, from: Timestamp, to: Timestamp) -> Result<Vec<Spent>, Failure> {
    let sql = "SELECT at / 60000 * 60000, upstream, method, team, least(sum(settled), 9223372036854775807)::bigint
               FROM tollgate.holds WHERE key = $1 AND at >= $2 AND at < $3 AND state IN ('settled', 'adjusted')
               GROUP BY 1, 2, 3, 4 HAVING sum(settled) > 0
               ORDER BY 1, upstream COLLATE \"C\", method COLLATE \"C\", team COLLATE \"C\" NULLS FIRST";
    let rows = session.query(sql, &[&key.as_bytes().as_slice(), &from.millis(), &to.millis()]).await?;
    let read = |row: &Row| {
        Ok(Spent {
            at: instant(row, 0)?,
            upstream: parsed(row, 1, "upstream's name")?,
            method: plain(row, 2)?,
            team: parsed_if_any(row, 3, "team's name")?,
            settled: Money::from_nanos(plain(row, 4)?),
        })
    };
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<UsageRow, Failure> {
    let money = |at| plain(row, at).map(Money::from_nanos);
    let team: &str = plain(row, 4)?;
    Ok(UsageRow {
        key: key(row, 0)?,
        team: if team.is_empty() { None } else { Some(parsed(row, 4, "team's name")?) },
        upstream: parsed(row, 1, "upstream's name")?,
        method: plain(row, 2)?,
        day: plain(row, 3)?,
        tasks: plain(row, 5)?,
        settled: money(6)?,
        held: money(7)?,
        unknown: money(8)?,
        excess: money(9)?,
        busy_ms: plain(row, 10)?,
    })
}
