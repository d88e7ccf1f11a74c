//! What has happened? Facts move holds on; what they change in counters and usage is added up and written once.

use std::collections::HashMap;

use tollgate_books::{Adjustment, Counter, Fact, Fence, HoldRow, HoldState, Holder, busy_ms};
use tollgate_model::{Money, RequestId, Timestamp};

use super::hold::Holds;
use super::tally::Tally;
use super::{counter, give, opener, prune, written};
use crate::column::count;
use crate::epoch::Memory;
use crate::failure::Failure;
use crate::session::Session;

/// What is told in one post.
pub(crate) struct Post {
    pub(crate) facts: Vec<Fact>,
    pub(crate) upto: HashMap<String, u64>,
    pub(crate) give_back: Vec<(Counter, Holder, i64)>,
}

/// Applies facts, notes the lanes' marks, lowers ceilings.
pub(crate) async fn post(session: &mut Session, memory: &Memory, fence: Fence, post: Post) -> Result<(), Failure> {
    let done = written(session, memory, async |session| {
        let instance = opener(session, fence).await?;
        let Post { facts, upto, give_back } = post;
        if !facts.is_empty() {
            apply_all(session, &instance, facts).await?;
        }
        mark(session, &instance, &upto).await?;
        give::lower(session, &give_back).await?;
        Ok((instance, ()))
    });
    done.await
}

async fn apply_all(session: &Session, instance: &str, facts: Vec<Fact>) -> Result<(), Failure> {
    // from here on no counter is made that would not see these facts
    counter::none_is_made(session).await?;
    let mut holds = Holds::fetch(session, facts.iter().map(request)).await?;
    let mut tally = Tally::default();
    let (newest, told) = (facts.iter().map(at).max(), facts.len());
    for fact in facts {
        apply(&mut holds, &mut tally, instance, fact);
    }
    holds.write(session).await?;
    tally.write(session).await?;
    match newest {
        Some(now) => prune::prune(session, now, told).await,
        None => Ok(()),
    }
}

fn apply(holds: &mut Holds, tally: &mut Tally, instance: &str, fact: Fact) {
    match fact {
        Fact::Held { request, key, team, upstream, method, at, held } => {
            let row = HoldRow { request, key, team, upstream, method, at, held, settled: None, task: None, state: HoldState::Open };
            if holds.insert(&row, instance) {
                tally.add(instance, None, &row, 0);
            }
        }
        Fact::Opened { request, task, .. } => holds.open(request, task),
        Fact::Settled { request, cost, at, .. } => change(holds, tally, request, HoldState::Settled, Some((cost, at))),
        Fact::Voided { request, .. } => change(holds, tally, request, HoldState::Voided, None),
        Fact::Unknown { request, .. } => change(holds, tally, request, HoldState::Unknown, None),
        Fact::Adjusted(Adjustment { request, key, team, upstream, method, at, amount }) => {
            let (held, settled, state) = (Money::ZERO, Some(amount), HoldState::Adjusted);
            let row = HoldRow { request, key, team, upstream, method, at, held, settled, task: None, state };
            if holds.insert(&row, instance) {
                tally.add(instance, None, &row, 0);
            }
        }
    }
}

/// Moves a hold on; a settled or voided one stays as it is, and an unknown one is not opened again. It counts for whoever took it.
fn change(holds: &mut Holds, tally: &mut Tally, request: RequestId, state: HoldState, settled: Option<(Money, Timestamp)>) {
    let Some(touched) = holds.find(request) else { return };
    let moves = match (touched.row.state, state) {
        (HoldState::Open, _) | (HoldState::Unknown, HoldState::Settled | HoldState::Voided) => true,
        (HoldState::Unknown | HoldState::Settled | HoldState::Voided | HoldState::Adjusted, _) => false,
    };
    if moves {
        let after = HoldRow { state, settled: settled.map(|(cost, _)| cost), ..touched.row.clone() };
        let busy = settled.map_or(0, |(_, at)| busy_ms(after.at, at));
        tally.add(&touched.instance, Some(&touched.row), &after, busy);
        holds.change(after);
    }
}

const fn request(fact: &Fact) -> RequestId {
    match fact {
        Fact::Held { request, .. }
        | Fact::Opened { request, .. }
        | Fact::Settled { request, .. }
        | Fact::Voided { request, .. }
        | Fact::Unknown { request, .. }
        | Fact::Adjusted(Adjustment { request, .. }) => *request,
    }
}

const fn at(fact: &Fact) -> Timestamp {
    match fact {
        Fact::Held { at, .. } | Fact::Opened { at, .. } | Fact::Settled { at, .. } | Fact::Voided { at, .. } | Fact::Unknown { at, .. } => {
            *at
        }
        Fact::Adjusted(adjustment) => adjustment.at,
    }
}

async fn mark(session: &Session, instance: &str, upto: &HashMap<String, u64>) -> Result<(), Failure> {
    if upto.is_empty() {
        return Ok(());
    }
    let (lanes, numbers): (Vec<&str>, Vec<i64>) = upto.iter().map(|(lane, number)| (lane.as_str(), count(*number))).unzip();
    let sql =
        "INSERT INTO tollgate.lanes (instance, name, upto) SELECT $1, name, upto FROM unnest($2::text[], $3::bigint[]) AS l (name, upto)
               ORDER BY name ON CONFLICT (instance, name) DO UPDATE SET upto = greatest(lanes.upto, excluded.upto)";
    session.execute(sql, &[&instance, &lanes, &numbers]).await?;
    Ok(())
}
