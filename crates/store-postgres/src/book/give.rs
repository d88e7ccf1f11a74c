//! What comes back? Ceilings are lowered; what is used or was lost with a machine stays reserved.

use tollgate_books::{Counter, Holder};

use super::counter::{Identities, identities};
use crate::failure::Failure;
use crate::session::Session;

/// What a share counts as used once what was lost with its machine is counted. As SQL.
macro_rules! used {
    () => {
        "greatest(s.posted::numeric + s.stranded, CASE WHEN s.died THEN s.ceiling ELSE -9223372036854775808 END)"
    };
}

const LOWER: &str = concat!(
    "WITH given AS (SELECT c.id, h.instance, h.account, min(h.ceiling) AS ceiling FROM ",
    identities!(),
    " JOIN unnest($7::text[], $8::text[], $9::bigint[]) WITH ORDINALITY AS h (instance, account, ceiling, place) ON h.place = u.place
     WHERE c.id IS NOT NULL GROUP BY c.id, h.instance, h.account),
     own AS (SELECT s.counter, s.instance, s.account, least(s.ceiling, given.ceiling) AS ceiling, least(",
    used!(),
    " - s.posted, 9223372036854775807)::bigint AS stranded FROM tollgate.shares s JOIN given
     ON (s.counter, s.instance, s.account) = (given.id, given.instance, given.account)
     ORDER BY s.counter, s.instance, s.account FOR NO KEY UPDATE OF s)
     UPDATE tollgate.shares s SET ceiling = own.ceiling, stranded = own.stranded, died = false FROM own
     WHERE (s.counter, s.instance, s.account) = (own.counter, own.instance, own.account)"
);

/// Lowers ceilings to the values given.
pub(super) async fn lower(session: &Session, given: &[(Counter, Holder, i64)]) -> Result<(), Failure> {
    if given.is_empty() {
        return Ok(());
    }
    let counters: Vec<&Counter> = given.iter().map(|(counter, _, _)| counter).collect();
    let identities = Identities::of(&counters);
    let [scopes, units, periods, zones, starts, ends] = identities.values();
    let instances: Vec<&str> = given.iter().map(|(_, holder, _)| holder.instance.as_str()).collect();
    let accounts: Vec<&str> = given.iter().map(|(_, holder, _)| holder.account.as_str()).collect();
    let ceilings: Vec<i64> = given.iter().map(|(_, _, ceiling)| *ceiling).collect();
    session.execute(LOWER, &[scopes, units, periods, zones, starts, ends, &instances, &accounts, &ceilings]).await?;
    Ok(())
}
