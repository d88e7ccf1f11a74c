//! What counts of a rolling period beside its present bucket? What was admitted in the minutes before, and what is leased there.

use rusqlite::{Connection, ToSql, params};
use tollgate_books::{Counter, Unit};
use tollgate_model::{Period, Scope};

use super::sums::minute;
use crate::column::{scope, unit};
use crate::failure::Failure;

/// Of the buckets before the present one that still count.
#[derive(Default)]
pub(super) struct Passed {
    /// What was admitted in each minute, oldest first.
    pub(super) minutes: Vec<(i64, i64)>,
    /// What is leased and not spent.
    pub(super) unspent: i64,
}

/// Nothing of a period that does not roll.
pub(super) fn passed(conn: &Connection, counter: &Counter) -> Result<Passed, Failure> {
    if counter.period.rolls_over().is_none() {
        return Ok(Passed::default());
    }
    Ok(Passed { minutes: minutes(conn, counter)?, unspent: unspent(conn, counter)? })
}

fn minutes(conn: &Connection, counter: &Counter) -> Result<Vec<(i64, i64)>, Failure> {
    let (sql, whose): (&str, &dyn ToSql) = match (&counter.scope, counter.unit) {
        (Scope::Key(key), Unit::Money) => {
            ("SELECT minute, settled, held, unknown FROM sums WHERE key = ? AND minute >= ? AND minute < ? ORDER BY minute", key.as_bytes())
        }
        (Scope::Key(key), Unit::Tasks) => {
            ("SELECT minute, tasks, 0, 0 FROM sums WHERE key = ? AND minute >= ? AND minute < ? ORDER BY minute", key.as_bytes())
        }
        (Scope::Team(_) | Scope::Upstream(_), Unit::Money) => (
            "SELECT minute, money, 0, 0 FROM totals WHERE scope = ? AND minute >= ? AND minute < ? ORDER BY minute",
            &scope(&counter.scope),
        ),
        (Scope::Team(_) | Scope::Upstream(_), Unit::Tasks) => (
            "SELECT minute, tasks, 0, 0 FROM totals WHERE scope = ? AND minute >= ? AND minute < ? ORDER BY minute",
            &scope(&counter.scope),
        ),
    };
    let counted = counter.window.counted(counter.period);
    let mut rows = conn.prepare_cached(sql)?;
    let rows = rows.query_map(params![whose, minute(counted.start), minute(counter.window.start)], |row| {
        let parts: [i64; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
        Ok((row.get(0)?, parts.into_iter().fold(0, i64::saturating_add)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn unspent(conn: &Connection, counter: &Counter) -> Result<i64, Failure> {
    let sql = "SELECT s.ceiling, s.posted, s.stranded FROM counters c JOIN shares s ON s.counter = c.id
               WHERE c.scope = ? AND c.unit = ? AND c.period = ? AND c.zone = ? AND c.starts >= ? AND c.starts < ?";
    let (counted, zone) = (counter.window.counted(counter.period), counter.zone.name().to_owned());
    let identity = params![
        scope(&counter.scope),
        unit(counter.unit),
        counter.period.as_str(),
        zone,
        counted.start.millis(),
        counter.window.start.millis()
    ];
    let mut rows = conn.prepare_cached(sql)?;
    let mut rows = rows.query_map(identity, |row| {
        let (ceiling, posted, stranded): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(ceiling.max(posted.saturating_add(stranded)).saturating_sub(posted))
    })?;
    rows.try_fold(0_i64, |sum, unspent| Ok(sum.saturating_add(unspent?)))
}

/// Forgets a bucket that is over and of which nothing is reserved beside what was posted: `sums` has that.
pub(super) fn forget(conn: &Connection, counter: &Counter, id: i64) -> Result<(), Failure> {
    if counter.period.rolls_over().is_none() {
        return Ok(());
    }
    let sql = "DELETE FROM counters WHERE id = ?1
               AND NOT EXISTS (SELECT 1 FROM shares WHERE counter = ?1 AND (ceiling > posted OR stranded > 0 OR died = 1))";
    conn.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

/// A process has ended, its machine lives: what it leased of buckets that are over is free once its journal is replayed, and the
/// present bucket is leased anew.
pub(super) fn release(conn: &Connection, instance: &str) -> Result<(), Failure> {
    let rolling = [Period::Hour.as_str(), Period::Rolling.as_str()];
    let sql =
        "UPDATE shares SET ceiling = 0 WHERE instance = ? AND died = 0 AND counter IN (SELECT id FROM counters WHERE period IN (?, ?))";
    conn.prepare_cached(sql)?.execute(params![instance, rolling[0], rolling[1]])?;
    Ok(())
}
