//! How far may a holder's use rise? The sum of all ceilings of all gates never passes the cap.

use std::collections::{BTreeMap, HashMap};

use tollgate_books::{Counter, Fence, Holder, Lease, LeaseWant, frees_at};

use super::counter::{self, Share, Shares};
use super::passed::{self, Passed};
use super::{opener, written};
use crate::epoch::Memory;
use crate::failure::Failure;
use crate::session::Session;

/// Raises ceilings, all wants or none.
pub(crate) async fn lease(session: &mut Session, memory: &Memory, fence: Fence, wants: Vec<LeaseWant>) -> Result<Vec<Lease>, Failure> {
    let done = written(session, memory, async |session| {
        let instance = opener(session, fence).await?;
        Ok((instance, grant_all(session, &wants).await?))
    });
    done.await
}

async fn grant_all(session: &Session, wants: &[LeaseWant]) -> Result<Vec<Lease>, Failure> {
    let mut places: HashMap<&Counter, usize> = HashMap::new();
    let mut counters: Vec<&Counter> = Vec::new();
    for want in wants {
        places.entry(&want.counter).or_insert_with(|| {
            counters.push(&want.counter);
            counters.len() - 1
        });
    }
    let ids = counter::find_or_make(session, &counters).await?;
    passed::lock(session, &counters).await?;
    let mut shares = counter::lock(session, &ids).await?;
    let mut granted: BTreeMap<(i64, &Holder), Share> = BTreeMap::new();
    let mut leases = Vec::new();
    for want in wants {
        let id = places.get(&want.counter).and_then(|place| ids.get(*place)).ok_or(Failure::InTheWay)?;
        // forgotten between the two looks: a window of long ago
        let of_counter = shares.get_mut(id).ok_or(Failure::InTheWay)?;
        if want.counter.period.rolls_over().is_some() {
            // another want of this call may have leased of another bucket
            counter::put(session, &std::mem::take(&mut granted)).await?;
        }
        let (lease, share) = grant(of_counter, want, passed::passed(session, &want.counter).await?);
        granted.insert((*id, &want.holder), share);
        leases.push(lease);
    }
    counter::put(session, &granted).await?;
    Ok(leases)
}

fn grant(shares: &mut Shares, want: &LeaseWant, passed: Passed) -> (Lease, Share) {
    let Passed { minutes, unspent } = passed;
    let others = || shares.iter().filter(|(holder, _)| **holder != want.holder);
    let elsewhere = others().fold(unspent, |sum, (_, share)| sum.saturating_add(share.reserved()));
    let own = others().filter(|(holder, _)| holder.instance == want.holder.instance);
    let beside = own.fold(0, |sum: i64, (_, share)| sum.saturating_add(share.reserved()));
    let passed = minutes.iter().fold(0, |sum: i64, (_, amount)| sum.saturating_add(*amount));
    let share = shares.entry(want.holder.clone()).or_default();
    share.strand();
    let used = want.used.unwrap_or(share.used());
    // without memory of the last lease nothing of it is being spent any more
    let before = if want.used.is_some() { share.ceiling } else { 0 };
    let wished = used.saturating_add(want.slice).max(before);
    let room = want.cap.saturating_sub(elsewhere).saturating_sub(passed);
    share.ceiling = wished.min(room).max(used);
    let short = used.saturating_add(want.least).saturating_sub(room);
    let frees_at = frees_at(want.counter.period, short, minutes);
    (Lease { used, ceiling: share.ceiling, elsewhere, beside, passed, frees_at }, *share)
}
