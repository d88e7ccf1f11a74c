//! What counts of a rolling period beside its present bucket? What was admitted in the minutes before, and what is leased in other
//! buckets: also in later ones, for gates' clocks differ.

use std::collections::BTreeMap;

use tollgate_books::{Counter, Unit};
use tollgate_model::Timestamp;

use super::usage::sum;
use crate::column::{plain, scope_words, unit_word};
use crate::failure::Failure;
use crate::session::Session;

pub(super) const MINUTE_MS: i64 = 60_000;

/// The minute in which an instant falls.
pub(super) const fn minute(at: Timestamp) -> i64 {
    at.millis().div_euclid(MINUTE_MS)
}

/// Of the other buckets that count.
#[derive(Default)]
pub(super) struct Passed {
    /// What was admitted in each minute, oldest first.
    pub(super) minutes: Vec<(i64, i64)>,
    /// What is leased and not spent.
    pub(super) unspent: i64,
}

/// Until this transaction ends nobody else leases of any bucket of these counters' rolling periods.
pub(super) async fn lock(session: &Session, counters: &[&Counter]) -> Result<(), Failure> {
    let rolling = counters.iter().filter(|counter| counter.period.rolls_over().is_some());
    let words = |counter: &&&Counter| {
        let Counter { scope, unit, period, zone, .. } = counter;
        format!("{} {} {} {}", scope_words(scope), unit_word(*unit), period.as_str(), zone.name())
    };
    let names: Vec<String> = rolling.map(|counter| words(&counter)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let sql = "SELECT pg_advisory_xact_lock(o.name)
               FROM (SELECT DISTINCT hashtextextended(n, 6070471238841455170) AS name FROM unnest($1::text[]) n ORDER BY 1) o";
    session.query(sql, &[&names]).await.map(|_| ())
}

/// Nothing of a period that does not roll.
pub(super) async fn passed(session: &Session, counter: &Counter) -> Result<Passed, Failure> {
    if counter.period.rolls_over().is_none() {
        return Ok(Passed::default());
    }
    // in this order: what is posted in between is counted twice, not never
    let unspent = unspent(session, counter).await?;
    Ok(Passed { minutes: minutes(session, counter).await?, unspent })
}

async fn minutes(session: &Session, counter: &Counter) -> Result<Vec<(i64, i64)>, Failure> {
    let sql = match counter.unit {
        Unit::Money => "SELECT minute, money FROM tollgate.minutes WHERE scope = $1 AND minute >= $2 AND minute < $3 ORDER BY minute",
        Unit::Tasks => "SELECT minute, tasks FROM tollgate.minutes WHERE scope = $1 AND minute >= $2 AND minute < $3 ORDER BY minute",
    };
    let counted = counter.window.counted(counter.period);
    let rows = session.query(sql, &[&scope_words(&counter.scope), &minute(counted.start), &minute(counter.window.start)]).await?;
    rows.iter().map(|row| Ok((plain(row, 0)?, plain(row, 1)?))).collect()
}

async fn unspent(session: &Session, counter: &Counter) -> Result<i64, Failure> {
    let sql = "SELECT least(coalesce(sum(greatest(s.ceiling, s.posted::numeric + s.stranded)
                   - CASE WHEN c.starts < $6 THEN s.posted ELSE 0 END), 0), 9223372036854775807)::bigint
               FROM tollgate.counters c JOIN tollgate.shares s ON s.counter = c.id
               WHERE c.scope = $1 AND c.unit = $2 AND c.period = $3 AND c.zone = $4 AND c.starts >= $5 AND c.starts <> $6";
    let counted = counter.window.counted(counter.period);
    let (scope, unit, period, zone) = (scope_words(&counter.scope), unit_word(counter.unit), counter.period.as_str(), counter.zone.name());
    let row = session.row(sql, &[&scope, &unit, &period, &zone, &counted.start.millis(), &counter.window.start.millis()]).await?;
    row.map_or(Ok(0), |row| plain(&row, 0))
}

/// Adds to what was admitted in minutes, in one order for all gates.
pub(super) async fn add(session: &Session, changes: &BTreeMap<(&str, i64), (i64, i64)>) -> Result<(), Failure> {
    if changes.is_empty() {
        return Ok(());
    }
    let (scopes, minutes): (Vec<&str>, Vec<i64>) = changes.keys().copied().unzip();
    let (tasks, money): (Vec<i64>, Vec<i64>) = changes.values().copied().unzip();
    let sql = concat!(
        "INSERT INTO tollgate.minutes (scope, minute, tasks, money)
         SELECT u.scope, u.minute, u.tasks, u.money FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
         AS u (scope, minute, tasks, money, place) ORDER BY place ON CONFLICT (scope, minute) DO UPDATE SET tasks = ",
        sum!("minutes.tasks", "excluded.tasks"),
        ", money = ",
        sum!("minutes.money", "excluded.money")
    );
    session.execute(sql, &[&scopes, &minutes, &tasks, &money]).await?;
    Ok(())
}

/// A process has ended, its machine lives: what it leased of buckets that are over is free once its journal is replayed, and the
/// present bucket is leased anew.
pub(super) async fn release(session: &Session, instance: &str) -> Result<(), Failure> {
    let sql = "UPDATE tollgate.shares s SET ceiling = 0 FROM (SELECT s.counter, s.account FROM tollgate.shares s
               JOIN tollgate.counters c ON c.id = s.counter WHERE s.instance = $1 AND NOT s.died AND c.period IN ('24h', 'hour')
               ORDER BY s.counter, s.account FOR NO KEY UPDATE OF s) own
               WHERE (s.counter, s.instance, s.account) = (own.counter, $1, own.account)";
    session.execute(sql, &[&instance]).await?;
    Ok(())
}
