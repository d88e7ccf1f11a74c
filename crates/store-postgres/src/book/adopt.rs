//! Who asks after the holds of a gate that is gone? Whoever notices first. They count for whoever took them, as before.

use tollgate_books::{Adopting, Fence, HoldRow};
use tollgate_model::Name;

use super::{hold, opener, written};
use crate::epoch::Memory;
use crate::failure::Failure;
use crate::session::Session;

/// Says that this gate is at work, takes over what gates that have not said so for long have left unsettled, and tells what this one
/// looks after.
pub(crate) async fn adopt(session: &mut Session, memory: &Memory, fence: Fence, adopting: &Adopting) -> Result<Vec<HoldRow>, Failure> {
    let done = written(session, memory, async |session| {
        let instance = opener(session, fence).await?;
        let accounts: Vec<&str> = adopting.accounts.iter().map(Name::as_str).collect();
        let (gone, most) = (i64::try_from(adopting.gone_ms).unwrap_or(i64::MAX), i64::try_from(adopting.most).unwrap_or(i64::MAX));
        session.execute(TAKE, &[&instance, &accounts, &most, &gone]).await?;
        let rows = session.query(TOLD, &[&instance, &accounts, &most]).await?;
        session.execute("UPDATE tollgate.instances SET present = clock_timestamp() WHERE name = $1", &[&instance]).await?;
        Ok((instance, rows.iter().map(hold::read).collect::<Result<_, _>>()?))
    });
    done.await
}

/// A gate of a version that does not say so is never gone. Silence counts only where this gate was heard meanwhile: behind an outage, or a
/// step of the server's clock, the others have yet to tell what they did. What another gate takes at this moment is passed over, and a gate that is being opened too:
/// nobody waits.
const TAKE: &str = "WITH gone AS (SELECT name FROM tollgate.instances
     WHERE name <> $1 AND greatest(present, seen) < clock_timestamp() - $4::bigint * interval '1 millisecond' AND present IS NOT NULL
     AND EXISTS (SELECT FROM tollgate.instances me WHERE me.name = $1 AND me.present > clock_timestamp() - interval '1 minute')
     FOR SHARE SKIP LOCKED),
     left_open AS (SELECT request FROM tollgate.holds WHERE state IN ('open', 'unknown') AND upstream = ANY($2)
     AND (instance IN (SELECT name FROM gone) AND adopter IS NULL OR adopter IN (SELECT name FROM gone))
     ORDER BY request LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
     UPDATE tollgate.holds h SET adopter = $1 FROM left_open WHERE h.request = left_open.request";

/// What is open first: of what is unknown there may be ever more.
const TOLD: &str = concat!(
    hold::select!(),
    " WHERE adopter = $1 AND state IN ('open', 'unknown') AND upstream = ANY($2) ORDER BY state, request LIMIT $3"
);
