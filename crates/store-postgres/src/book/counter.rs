//! How does a counted total stand in its tables?

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::types::ToSql;
use tollgate_books::{Counter, Holder};

use super::seed;
use crate::column::{parsed, plain, scope_words, unit_word};
use crate::failure::Failure;
use crate::session::Session;

/// Posts hold it together, whoever makes a counter alone: it starts from every fact that is in the book, and each later one finds it.
const MAKING: &str = "5207431826940151077";

/// One holder's part of a counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    /// The sum of its posted holds in the window.
    posted: i64,
    /// Lost with a machine: counted as used.
    stranded: i64,
    pub(super) ceiling: i64,
    /// The machine died; what was lost is counted at the next lease, when the journal has been replayed.
    died: bool,
}

impl Share {
    pub(super) const fn used(&self) -> i64 {
        self.posted.saturating_add(self.stranded)
    }

    pub(super) fn reserved(&self) -> i64 {
        self.ceiling.max(self.used())
    }

    /// What was lost with the machine counts as used.
    pub(super) fn strand(&mut self) {
        if self.died {
            self.stranded = self.stranded.saturating_add(self.ceiling.saturating_sub(self.used()).max(0));
            self.died = false;
        }
    }
}

/// Holder → its part.
pub(super) type Shares = BTreeMap<Holder, Share>;

/// What tells counters apart, column by column.
pub(super) struct Identities {
    scopes: Vec<String>,
    units: Vec<&'static str>,
    periods: Vec<&'static str>,
    zones: Vec<String>,
    starts: Vec<i64>,
    ends: Vec<i64>,
}

impl Identities {
    pub(super) fn of(counters: &[&Counter]) -> Self {
        Self {
            scopes: counters.iter().map(|counter| scope_words(&counter.scope)).collect(),
            units: counters.iter().map(|counter| unit_word(counter.unit)).collect(),
            periods: counters.iter().map(|counter| counter.period.as_str()).collect(),
            zones: counters.iter().map(|counter| counter.zone.name().to_owned()).collect(),
            starts: counters.iter().map(|counter| counter.window.start.millis()).collect(),
            ends: counters.iter().map(|counter| counter.window.end.millis()).collect(),
        }
    }

    /// The values of `identities!`.
    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 6] {
        [&self.scopes, &self.units, &self.periods, &self.zones, &self.starts, &self.ends]
    }
}

/// The identities given as `$1` to `$6`, numbered, with the counters' rows where there are any. As SQL.
macro_rules! identities {
    () => {
        "unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[]) WITH ORDINALITY
         AS u (scope, unit, period, zone, starts, ends, place) LEFT JOIN tollgate.counters c
         ON (c.scope, c.unit, c.period, c.zone, c.starts, c.ends) = (u.scope, u.unit, u.period, u.zone, u.starts, u.ends)"
    };
}
pub(super) use identities;

/// From here on no counter is made until this transaction ends.
pub(super) async fn none_is_made(session: &Session) -> Result<(), Failure> {
    session.query(&format!("SELECT pg_advisory_xact_lock_shared({MAKING})"), &[]).await.map(|_| ())
}

/// The counters' rows, made where there are none from what is in the book; each counter named once.
pub(super) async fn find_or_make(session: &Session, counters: &[&Counter]) -> Result<Vec<i64>, Failure> {
    let found = find(session, counters).await?;
    if found.iter().all(Option::is_some) {
        return Ok(found.into_iter().flatten().collect());
    }
    // before any row is locked: whoever holds a row never waits for this
    session.query(&format!("SELECT pg_advisory_xact_lock({MAKING})"), &[]).await?;
    let mut ids = Vec::new();
    for (counter, found) in counters.iter().zip(find(session, counters).await?) {
        ids.push(match found {
            Some(id) => id,
            None => seed::make(session, counter).await?,
        });
    }
    Ok(ids)
}

async fn find(session: &Session, counters: &[&Counter]) -> Result<Vec<Option<i64>>, Failure> {
    let sql = concat!("SELECT c.id FROM ", identities!(), " ORDER BY u.place");
    let rows = session.query(sql, &Identities::of(counters).values()).await?;
    rows.iter().map(|row| plain(row, 0)).collect()
}

/// Every holder's part of these counters; until this transaction ends nobody else leases of them.
pub(super) async fn lock(session: &Session, ids: &[i64]) -> Result<HashMap<i64, Shares>, Failure> {
    let sql = "SELECT id FROM tollgate.counters WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
    let mut shares: HashMap<i64, Shares> = HashMap::new();
    for row in session.query(sql, &[&ids]).await? {
        shares.insert(plain(&row, 0)?, Shares::new());
    }
    // asked after the rows are ours: what another lease has just written is seen
    let sql = "SELECT counter, instance, account, posted, stranded, ceiling, died FROM tollgate.shares WHERE counter = ANY($1)";
    for row in session.query(sql, &[&ids]).await? {
        let holder = Holder { instance: plain(&row, 1)?, account: parsed(&row, 2, "upstream's name")? };
        let share = Share { posted: plain(&row, 3)?, stranded: plain(&row, 4)?, ceiling: plain(&row, 5)?, died: plain(&row, 6)? };
        shares.entry(plain(&row, 0)?).or_default().insert(holder, share);
    }
    Ok(shares)
}

/// Writes how far holders may go, in one order for all gates. What is posted is not written: it may have risen meanwhile.
pub(super) async fn put(session: &Session, shares: &BTreeMap<(i64, &Holder), Share>) -> Result<(), Failure> {
    if shares.is_empty() {
        return Ok(());
    }
    let counters: Vec<i64> = shares.keys().map(|(counter, _)| *counter).collect();
    let instances: Vec<&str> = shares.keys().map(|(_, holder)| holder.instance.as_str()).collect();
    let accounts: Vec<&str> = shares.keys().map(|(_, holder)| holder.account.as_str()).collect();
    let stranded: Vec<i64> = shares.values().map(|share| share.stranded).collect();
    let ceilings: Vec<i64> = shares.values().map(|share| share.ceiling).collect();
    let sql = "INSERT INTO tollgate.shares (counter, instance, account, posted, stranded, ceiling, died)
               SELECT counter, instance, account, 0, stranded, ceiling, false
               FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY
               AS u (counter, instance, account, stranded, ceiling, place) ORDER BY place ON CONFLICT (counter, instance, account)
               DO UPDATE SET stranded = excluded.stranded, ceiling = excluded.ceiling, died = false";
    session.execute(sql, &[&counters, &instances, &accounts, &stranded, &ceilings]).await?;
    Ok(())
}
