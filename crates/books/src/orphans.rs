//! Who looks after what a gate bought that is gone? Another one asks how it ended, and tells the book; in whose name it counts, and
//! how far that gate's slices reach, stays as it is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tollgate_model::{KeyId, Money, Name, Now, RequestId, TaskId, Timestamp};

use crate::hold::{Closed, Unknown};
use crate::port::{Fact, HoldRow, HoldState};
use crate::task::Ending;

/// What a gate is ready to look after for gates that are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopting {
    /// The accounts at which it can ask.
    pub accounts: Vec<Name>,
    /// Who has not said for so long that it is at work is gone.
    pub gone_ms: u64,
    /// Holds told at once.
    pub most: usize,
}

/// A hold of a gate that is gone, which is to be ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// The hold.
    pub request: RequestId,
    /// Whose.
    pub key: KeyId,
    /// The key's team.
    pub team: Option<Name>,
    /// The priced method.
    pub method: String,
    /// What is held.
    pub held: Money,
    /// The admission instant.
    pub at: Timestamp,
    /// The task that can be asked for; nothing where nobody knows whether there is one.
    pub task: Option<TaskId>,
}

/// Those of one account. Apart from the account's own holds: what they give back is not this gate's to spend.
#[derive(Debug, Default)]
pub(crate) struct Orphans {
    /// Everything that was ever taken up: each is ended once, whatever the book tells before it has heard.
    known: BTreeSet<RequestId>,
    waiting: VecDeque<Orphan>,
    /// Given out, and not ended yet.
    asked: BTreeMap<RequestId, Orphan>,
    unknown: BTreeMap<RequestId, Orphan>,
}

impl Orphans {
    /// Takes up a hold; false if it was before.
    pub(crate) fn take(&mut self, row: HoldRow) -> bool {
        if !self.known.insert(row.request) {
            return false;
        }
        let HoldRow { request, key, team, method, at, held, task, state, .. } = row;
        let orphan = Orphan { request, key, team, method, held, at, task };
        match state {
            HoldState::Open => self.waiting.push_back(orphan),
            HoldState::Unknown => {
                self.unknown.insert(request, orphan);
            }
            HoldState::Settled | HoldState::Voided | HoldState::Adjusted => {}
        }
        true
    }

    /// Forgets what the book does not tell any more: it has heard how that ended, from here or from the gate that has come back.
    pub(crate) fn keep(&mut self, told: &BTreeSet<RequestId>) {
        self.known.retain(|request| told.contains(request));
        self.unknown.retain(|request, _| told.contains(request));
    }

    /// Those that wait to be ended, oldest first, so many at most; each is given once.
    pub(crate) fn give(&mut self, most: usize) -> Vec<Orphan> {
        let some: Vec<Orphan> = self.waiting.drain(..self.waiting.len().min(most)).collect();
        self.asked.extend(some.iter().map(|orphan| (orphan.request, orphan.clone())));
        some
    }

    /// How it ended; what the book is to be told with it. Nothing if it has ended before.
    pub(crate) fn end(&mut self, request: RequestId, ending: Ending, now: Now) -> Option<(Closed, Fact)> {
        let orphan = self.asked.remove(&request)?;
        Some(match ending {
            Ending::Answered(price) => close(&orphan, Some(price.unwrap_or(orphan.held)), false, now),
            Ending::Charged => close(&orphan, Some(orphan.held), false, now),
            Ending::Assumed => close(&orphan, Some(orphan.held), true, now),
            Ending::Refunded => close(&orphan, None, false, now),
        })
    }

    /// Nobody knows whether it was worked on: spent, until an operator says what became of it.
    pub(crate) fn lose(&mut self, request: RequestId, now: Now) -> Option<Fact> {
        let orphan = self.asked.remove(&request)?;
        self.unknown.insert(request, orphan);
        Some(Fact::Unknown { request, at: now.wall })
    }

    /// Those of unknown outcome.
    pub(crate) fn unknowns(&self) -> impl Iterator<Item = Unknown> {
        self.unknown.values().map(|orphan| Unknown {
            request: orphan.request,
            key: orphan.key,
            method: orphan.method.clone().into(),
            held: orphan.held,
            at: orphan.at,
        })
    }

    /// Ends one of unknown outcome on an operator's word.
    pub(crate) fn resolve(&mut self, request: RequestId, cost: Option<Money>, now: Now) -> Option<(Closed, Fact)> {
        let orphan = self.unknown.remove(&request)?;
        Some(close(&orphan, cost, false, now))
    }
}

fn close(orphan: &Orphan, cost: Option<Money>, assumed: bool, now: Now) -> (Closed, Fact) {
    let (request, at) = (orphan.request, now.wall);
    let settled = cost.unwrap_or(Money::ZERO);
    let closed = Closed {
        request,
        key: orphan.key,
        method: orphan.method.as_str().into(),
        held: orphan.held,
        settled,
        excess: Money::from_nanos(settled.nanos().saturating_sub(orphan.held.nanos()).max(0)),
        voided: cost.is_none(),
        assumed,
    };
    let fact = match cost {
        Some(cost) => Fact::Settled { request, cost, assumed, at },
        None => Fact::Voided { request, at },
    };
    (closed, fact)
}

#[cfg(test)]
mod tests {
    use tollgate_model::Mono;

    use super::*;

    fn now() -> Now {
        Now { wall: Timestamp::from_millis(5), mono: Mono::from_nanos(0) }
    }

    fn row(number: u8, state: HoldState) -> HoldRow {
        HoldRow {
            request: RequestId::from_bytes([number; 16]),
            key: KeyId::from_bytes([1; 16]),
            team: None,
            upstream: Name::parse("solver").unwrap(),
            method: "userrecaptcha".to_owned(),
            at: Timestamp::from_millis(1),
            held: Money::from_nanos(100),
            settled: None,
            task: TaskId::parse(b"7000001").ok(),
            state,
        }
    }

    #[test]
    fn each_is_given_once_and_ended_once_however_often_the_book_tells_of_it() {
        let mut orphans = Orphans::default();
        for number in [1, 2, 1] {
            orphans.take(row(number, HoldState::Open));
        }
        let given = orphans.give(1);
        assert_eq!(given.iter().map(|orphan| orphan.request).collect::<Vec<_>>(), [row(1, HoldState::Open).request]);
        orphans.take(row(1, HoldState::Open));
        assert_eq!(orphans.give(8).len(), 1, "the second");
        let (closed, fact) = orphans.end(given[0].request, Ending::Answered(Some(Money::from_nanos(130))), now()).unwrap();
        assert_eq!((closed.settled.nanos(), closed.excess.nanos(), closed.voided), (130, 30, false));
        let cost = Money::from_nanos(130);
        assert_eq!(fact, Fact::Settled { request: given[0].request, cost, assumed: false, at: now().wall });
        assert_eq!(orphans.end(given[0].request, Ending::Refunded, now()), None);
    }

    #[test]
    fn what_is_unknown_stays_so_until_an_operator_says_what_it_cost_once() {
        let mut orphans = Orphans::default();
        orphans.take(row(1, HoldState::Open));
        assert!(orphans.take(row(2, HoldState::Unknown)) && !orphans.take(row(2, HoldState::Unknown)));
        assert_eq!(orphans.resolve(row(1, HoldState::Open).request, None, now()), None, "it may still be learned");
        let lost = orphans.give(8)[0].request;
        assert_eq!(orphans.lose(lost, now()), Some(Fact::Unknown { request: lost, at: now().wall }));
        assert_eq!(orphans.lose(lost, now()), None);
        assert_eq!(orphans.unknowns().count(), 2);
        let (closed, fact) = orphans.resolve(lost, None, now()).unwrap();
        assert!(closed.voided && fact == Fact::Voided { request: lost, at: now().wall });
        assert_eq!((orphans.resolve(lost, None, now()), orphans.unknowns().count()), (None, 1));
        // the book does not tell of either any more: somebody has said what became of the other too
        orphans.keep(&BTreeSet::new());
        assert_eq!((orphans.unknowns().count(), orphans.known.len()), (0, 0));
    }
}
