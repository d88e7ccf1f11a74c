//! What does a counter start from that was not seen before? From what is in the book, by instance and account.

use tollgate_books::{Counter, Unit};
use tollgate_model::{Period, Scope};

use super::counter::Identities;
use crate::column::plain;
use crate::failure::Failure;
use crate::session::Session;

/// Makes a counter; nobody posts meanwhile.
pub(super) async fn make(session: &Session, counter: &Counter) -> Result<i64, Failure> {
    let sql = "INSERT INTO tollgate.counters (scope, unit, period, zone, starts, ends)
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[]) RETURNING id";
    let made = session.row(sql, &Identities::of(&[counter]).values()).await?.ok_or(Failure::InTheWay)?;
    let id: i64 = plain(&made, 0)?;
    let (start, end) = (counter.window.start.millis(), counter.window.end.millis());
    let column = match &counter.scope {
        Scope::Key(_) => "key",
        Scope::Team(_) => "team",
        Scope::Upstream(_) => "upstream",
    };
    let sql = sum(counter, column);
    match &counter.scope {
        Scope::Key(key) => session.execute(&sql, &[&id, &key.as_bytes().as_slice(), &start, &end]).await?,
        Scope::Team(name) | Scope::Upstream(name) => session.execute(&sql, &[&id, &name.as_str(), &start, &end]).await?,
    };
    Ok(id)
}

/// What the holds in the book weigh, as the statement that writes it. A sum of bigints is a numeric: it never overflows.
fn sum(counter: &Counter, column: &str) -> String {
    // the sums of days are kept for ever, the holds are not
    let total = counter.period == Period::Total;
    let weight = match (total, counter.unit) {
        (true, Unit::Money) => "settled::numeric + held + unknown",
        (true, Unit::Tasks) => "tasks",
        (false, Unit::Money) => "coalesce(settled, held)",
        // a correction is no task
        (false, Unit::Tasks) => "(state <> 'adjusted')::int",
    };
    let from = if total { "usage WHERE $3::bigint < $4::bigint" } else { "holds WHERE state <> 'voided' AND at >= $3 AND at < $4" };
    format!(
        "INSERT INTO tollgate.shares (counter, instance, account, posted, stranded, ceiling, died)
         SELECT $1, instance, upstream, least(sum({weight}), 9223372036854775807)::bigint, 0, 0, false
         FROM tollgate.{from} AND {column} = $2 GROUP BY instance, upstream ORDER BY instance, upstream"
    )
}
