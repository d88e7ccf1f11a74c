//! What does the gate know after a start? The book, plus what the journal says that the book does not have yet.

use std::collections::{HashMap, HashSet};

use tollgate_model::fault::{self, Point};
use tollgate_model::{Name, RequestId, TaskId};

use crate::adjust::Adjustment;
use crate::clerk::STEP;
use crate::hold::{Rates, Terms};
use crate::port::{Fact, HoldRow, HoldState, Opened, Store, StoreError};
use crate::state::{Open, State};

/// What opening found.
#[derive(Debug)]
pub struct Recovered {
    /// Whether the machine died: open slices were counted as spent.
    pub machine_died: bool,
    /// Facts of the journal that the book did not have.
    pub replayed: usize,
    /// Sent before the end of the last process without an outcome, or with the id of another open task: unknown from now on. Each
    /// wants its `outcome` line; the book is told with the clerk's first post.
    pub unknown: Vec<HoldRow>,
    /// Holds open or unknown, all told.
    pub(crate) unsettled: Vec<HoldRow>,
}

/// Brings the book up to the journal, and turns every hold that was sent without an outcome into an unknown one.
pub(crate) async fn recover(
    store: &dyn Store,
    opened: &Opened,
    lines: impl IntoIterator<Item = (String, u64, Fact)>,
) -> Result<Recovered, StoreError> {
    let mut upto: HashMap<String, u64> = HashMap::new();
    let mut facts = Vec::new();
    for (lane, number, fact) in lines {
        if number > opened.replay_from.get(&lane).copied().unwrap_or(0) {
            let seen = upto.entry(lane).or_default();
            *seen = (*seen).max(number);
            facts.push(fact);
        }
    }
    // lanes are read one after the other; what belongs to one request may stand in two of them
    facts.sort_by_key(rank);
    let replayed = facts.len();
    fault::at(Point::RestartOpened);
    // in steps, as the clerk does: a post has a deadline, and a book that stood still for long lacks many
    let mut steps = facts.chunks(STEP).peekable();
    while let Some(step) = steps.next() {
        let upto = if steps.peek().is_none() { std::mem::take(&mut upto) } else { HashMap::new() };
        store.post(opened.fence, step.to_vec(), upto, Vec::new()).await?;
    }
    fault::at(Point::RestartReplayed);
    let mut unsettled = store.unsettled().await?;
    let unknown = give_up(&mut unsettled);
    Ok(Recovered { machine_died: opened.machine_died, replayed, unknown, unsettled })
}

fn give_up(unsettled: &mut [HoldRow]) -> Vec<HoldRow> {
    let twice = twice(unsettled);
    // two open tasks with one id are nobody's, in a new process too
    let is_owned = |row: &HoldRow| row.task.is_some_and(|task| twice.is_empty() || !twice.contains(&(row.upstream.clone(), task)));
    let mut unknown = Vec::new();
    for row in unsettled.iter_mut().filter(|row| row.state == HoldState::Open && !is_owned(row)) {
        row.state = HoldState::Unknown;
        unknown.push(row.clone());
    }
    unknown
}

/// The ids that two open tasks have: none, mostly, out of a million.
fn twice(unsettled: &[HoldRow]) -> HashSet<(Name, TaskId)> {
    let mut seen = hashbrown::HashSet::with_capacity(unsettled.len());
    let open = unsettled.iter().filter(|row| row.state == HoldState::Open);
    let tasks = open.filter_map(|row| row.task.map(|task| (&row.upstream, task)));
    tasks.filter(|task| !seen.insert(*task)).map(|(upstream, task)| (upstream.clone(), task)).collect()
}

/// A request's facts in the order in which they can happen, requests by their time.
fn rank(fact: &Fact) -> (RequestId, u8) {
    match fact {
        Fact::Held { request, .. } => (*request, 0),
        Fact::Opened { request, .. } => (*request, 1),
        Fact::Unknown { request, .. } => (*request, 2),
        Fact::Voided { request, .. } => (*request, 3),
        Fact::Settled { request, .. } => (*request, 4),
        Fact::Adjusted(Adjustment { request, .. }) => (*request, 5),
    }
}

/// Puts a hold of the book's back into memory, with its task.
pub(crate) fn restore(state: &mut State, row: HoldRow, deadline_ms: u64) {
    let terms = Terms {
        request: row.request,
        key: row.key,
        team: row.team,
        method: row.method.into(),
        cost: row.held,
        at: row.at,
        rates: Rates::new(),
    };
    let unknown = row.state == HoldState::Unknown;
    state.restore(Open { terms, sent: true, task: row.task, unknown, permit: true });
    if let (Some(task), false) = (row.task, unknown) {
        state.restore_task(task, row.request, row.key, deadline_ms);
    }
}
