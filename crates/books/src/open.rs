//! What does the gate know after a start? The book, plus what the journal says that the book does not have yet.

use std::collections::HashMap;

use tollgate_model::fault::{self, Point};
use tollgate_model::{Name, RequestId};

use crate::adjust::Adjustment;
use crate::clerk::STEP;
use crate::port::{Fact, HoldRow, Opened, Store, StoreError};
use crate::restored::Restored;

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
}

/// Holds that are read at once: those before them are taken up meanwhile, so that two processors share a start.
const CHUNK: usize = 4_096;

/// Brings the book up to the journal, and turns every hold that was sent without an outcome into an unknown one.
pub(crate) async fn recover(
    store: &dyn Store,
    opened: &Opened,
    lines: impl IntoIterator<Item = (String, u64, Fact)>,
) -> Result<(Recovered, HashMap<Name, Restored>), StoreError> {
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
    let (restored, unknown) = take_up(store).await?;
    Ok((Recovered { machine_died: opened.machine_died, replayed, unknown }, restored))
}

/// Every hold that is open or unknown, by account; and those that are unknown from now on.
async fn take_up(store: &dyn Store) -> Result<(HashMap<Name, Restored>, Vec<HoldRow>), StoreError> {
    let mut restored: HashMap<Name, Restored> = HashMap::new();
    let mut unknown = Vec::new();
    let mut rows = store.unsettled(None, CHUNK).await?;
    while let Some(last) = rows.last().map(|row| row.request) {
        // asked first, then taken up while the store reads
        let (more, ()) = tokio::join!(store.unsettled(Some(last), CHUNK), async {
            for row in rows {
                if !restored.contains_key(&row.upstream) {
                    restored.insert(row.upstream.clone(), Restored::default());
                }
                if let Some(account) = restored.get_mut(&row.upstream) {
                    account.take(row, &mut unknown);
                }
            }
        });
        rows = more?;
    }
    restored.values_mut().for_each(Restored::forget_withheld);
    unknown.sort_unstable_by_key(|row| row.request);
    Ok((restored, unknown))
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
