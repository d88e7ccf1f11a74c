//! What is in the database, by count and sum? Asked of a copy before it is kept.

use tollgate_books::stock::Measure;

use crate::column::plain;
use crate::failure::Failure;
use crate::session::Session;

const NO_META: Failure = Failure::Unreadable { what: "store" };

/// Whether nobody's keys, use or leases are in it.
pub(crate) async fn is_empty(session: &Session) -> Result<bool, Failure> {
    let tables = ["instances", "lanes", "holds", "counters", "minutes", "shares", "usage", "teams", "keys", "secrets"];
    let nothing: Vec<String> = tables.iter().map(|table| format!("NOT EXISTS (SELECT FROM tollgate.{table})")).collect();
    let sql = format!(
        "SELECT generation = 0 AND epoch = 0 AND behind IS NULL AND pepper IS NULL AND mark IS NULL AND {} FROM tollgate.meta",
        nothing.join(" AND ")
    );
    plain(&session.row(&sql, &[]).await?.ok_or(NO_META)?, 0)
}

/// What there is of something.
pub(crate) async fn weigh(session: &Session, measure: Measure) -> Result<i128, Failure> {
    let (what, of) = measured(measure);
    // a sum of bigints is a numeric: it never overflows
    let sql = format!("SELECT coalesce(sum({what}::bigint), 0)::text FROM {of}");
    let row = session.row(&sql, &[]).await?.ok_or(NO_META)?;
    plain::<&str>(&row, 0)?.parse().map_err(|_| Failure::Unreadable { what: "sum" })
}

/// What is summed, of which rows. As SQL.
const fn measured(measure: Measure) -> (&'static str, &'static str) {
    match measure {
        Measure::Keys => ("1", "tollgate.keys"),
        Measure::Revoked => ("1", "tollgate.keys WHERE revoked IS NOT NULL"),
        Measure::Versions => ("version", "(SELECT version FROM tollgate.keys UNION ALL SELECT version FROM tollgate.teams) AS all_of_them"),
        Measure::Secrets => ("1", "tollgate.secrets"),
        Measure::Teams => ("1", "tollgate.teams"),
        Measure::Holds => ("1", "tollgate.holds"),
        Measure::Open => ("1", "tollgate.holds WHERE state = 'open'"),
        Measure::Unknown => ("1", "tollgate.holds WHERE state = 'unknown'"),
        Measure::Owned => ("1", "tollgate.holds WHERE task IS NOT NULL"),
        Measure::Held => ("held", "tollgate.holds"),
        Measure::Settled => ("settled", "tollgate.holds"),
        Measure::UsedTasks => ("tasks", "tollgate.usage"),
        Measure::UsedSettled => ("settled", "tollgate.usage"),
        Measure::UsedHeld => ("held", "tollgate.usage"),
        Measure::UsedUnknown => ("unknown", "tollgate.usage"),
        Measure::UsedExcess => ("excess", "tollgate.usage"),
        Measure::Busy => ("busy", "tollgate.usage"),
        Measure::Counters => ("1", "tollgate.counters"),
        Measure::Shares => ("1", "tollgate.shares"),
        Measure::Posted => ("posted", "tollgate.shares"),
        Measure::Stranded => ("stranded", "tollgate.shares"),
        Measure::Ceilings => ("ceiling", "tollgate.shares"),
        Measure::Died => ("1", "tollgate.shares WHERE died"),
        Measure::Minutes => ("1", "tollgate.minutes"),
        Measure::MinuteTasks => ("tasks", "tollgate.minutes"),
        Measure::MinuteMoney => ("money", "tollgate.minutes"),
        Measure::Lanes => ("1", "tollgate.lanes"),
        Measure::Lines => ("upto", "tollgate.lanes"),
    }
}
