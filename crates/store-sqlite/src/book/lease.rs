//! How far may a holder's use rise? The sum of all ceilings never passes the cap.

use rusqlite::Connection;
use tollgate_books::{Fence, Lease, LeaseWant, frees_at};

use super::counter::{self, Share};
use super::passed::{self, Passed};
use crate::failure::Failure;

/// Raises ceilings, all wants or none.
pub(crate) fn lease(conn: &Connection, fence: Fence, wants: &[LeaseWant]) -> Result<Vec<Lease>, Failure> {
    super::opener(conn, fence)?;
    wants.iter().map(|want| grant(conn, want)).collect()
}

fn grant(conn: &Connection, want: &LeaseWant) -> Result<Lease, Failure> {
    let id = counter::find_or_seed(conn, &want.counter, &want.holder.instance)?;
    let (mut elsewhere, mut beside) = (0_i64, 0_i64);
    let mut share = Share::default();
    for (holder, found) in counter::shares(conn, id)? {
        if holder == want.holder {
            share = found;
        } else {
            elsewhere = elsewhere.saturating_add(found.reserved());
            if holder.instance == want.holder.instance {
                beside = beside.saturating_add(found.reserved());
            }
        }
    }
    let Passed { minutes, unspent } = passed::passed(conn, &want.counter)?;
    elsewhere = elsewhere.saturating_add(unspent);
    let passed = minutes.iter().fold(0, |sum: i64, (_, amount)| sum.saturating_add(*amount));
    share.strand();
    let used = want.used.unwrap_or(share.used());
    // without memory of the last lease nothing of it is being spent any more
    let before = if want.used.is_some() { share.ceiling } else { 0 };
    let wished = used.saturating_add(want.slice).max(before);
    let room = want.cap.saturating_sub(elsewhere).saturating_sub(passed);
    share.ceiling = wished.min(room).max(used);
    counter::put(conn, id, &want.holder.instance, want.holder.account.as_str(), &share)?;
    let short = used.saturating_add(want.least).saturating_sub(room);
    let frees_at = frees_at(want.counter.period, short, minutes);
    Ok(Lease { used, ceiling: share.ceiling, elsewhere, beside, passed, frees_at })
}
