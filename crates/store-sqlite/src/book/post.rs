//! What has happened? Facts move holds on; what they change in counters and usage is added up and written once.

use std::collections::HashMap;

use rusqlite::{Connection, params};
use tollgate_books::{Adjustment, Counter, Fact, Fence, HoldRow, HoldState, Holder};
use tollgate_model::{Money, RequestId, Timestamp};

use super::counter;
use super::passed;
use super::prune;
use super::rows::Holds;
use super::tally::Tally;
use crate::column::count;
use crate::failure::Failure;

/// Applies facts, notes the lanes' marks, lowers ceilings.
pub(crate) fn post(
    conn: &Connection,
    fence: Fence,
    facts: Vec<Fact>,
    upto: HashMap<String, u64>,
    give_back: &[(Counter, Holder, i64)],
) -> Result<(), Failure> {
    let instance = super::opener(conn, fence)?;
    let mut holds = Holds::of(conn)?;
    let (mut newest, told) = (None, facts.len());
    for fact in facts {
        newest = newest.max(Some(at(&fact)));
        apply(&mut holds, fact)?;
    }
    let mut tally = Tally::new(conn);
    holds.write(|row, change| tally.add(row, change))?;
    tally.write(&instance)?;
    for (lane, number) in upto {
        mark(conn, &lane, number)?;
    }
    for (counter, holder, ceiling) in give_back {
        lower(conn, counter, holder, *ceiling)?;
    }
    newest.map_or(Ok(()), |now| prune::prune(conn, now, told))
}

fn apply(holds: &mut Holds<'_>, fact: Fact) -> Result<(), Failure> {
    match fact {
        Fact::Held { request, key, team, upstream, method, at, held } => {
            holds.insert(HoldRow { request, key, team, upstream, method, at, held, settled: None, task: None, state: HoldState::Open })
        }
        Fact::Opened { request, task, .. } => {
            // the first name stays
            holds.find(request)?.map_or(Ok(()), |hold| {
                hold.task.get_or_insert(task);
                Ok(())
            })
        }
        Fact::Settled { request, cost, at, .. } => holds.settle(request, cost, at),
        Fact::Voided { request, .. } => change(holds, request, HoldState::Voided),
        Fact::Unknown { request, .. } => change(holds, request, HoldState::Unknown),
        Fact::Adjusted(Adjustment { request, key, team, upstream, method, at, amount }) => {
            let (held, settled, state) = (Money::ZERO, Some(amount), HoldState::Adjusted);
            holds.insert(HoldRow { request, key, team, upstream, method, at, held, settled, task: None, state })
        }
    }
}

/// Moves a hold on; a settled or voided one stays as it is, and an unknown one is not opened again.
fn change(holds: &mut Holds<'_>, request: RequestId, state: HoldState) -> Result<(), Failure> {
    let Some(hold) = holds.find(request)? else { return Ok(()) };
    match (hold.state, state) {
        (HoldState::Open, _) | (HoldState::Unknown, HoldState::Settled | HoldState::Voided) => {
            hold.state = state;
        }
        (HoldState::Unknown | HoldState::Settled | HoldState::Voided | HoldState::Adjusted, _) => {}
    }
    Ok(())
}

const fn at(fact: &Fact) -> Timestamp {
    match fact {
        Fact::Held { at, .. } | Fact::Opened { at, .. } | Fact::Settled { at, .. } | Fact::Voided { at, .. } | Fact::Unknown { at, .. } => {
            *at
        }
        Fact::Adjusted(adjustment) => adjustment.at,
    }
}

fn mark(conn: &Connection, lane: &str, number: u64) -> Result<(), Failure> {
    let sql = "INSERT INTO lanes (name, upto) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET upto = max(upto, ?2)";
    conn.prepare_cached(sql)?.execute(params![lane, count(number)])?;
    Ok(())
}

fn lower(conn: &Connection, counter: &Counter, holder: &Holder, ceiling: i64) -> Result<(), Failure> {
    let Some(id) = counter::find(conn, counter)? else { return Ok(()) };
    let (instance, account) = (&holder.instance, holder.account.as_str());
    let Some(mut share) = counter::share(conn, id, instance, account)? else { return Ok(()) };
    share.strand();
    share.ceiling = share.ceiling.min(ceiling);
    counter::put(conn, id, instance, account, &share)?;
    if ceiling == 0 { passed::forget(conn, counter, id) } else { Ok(()) }
}
