//! Who owns which task, and which is overdue?

use std::collections::VecDeque;

use tollgate_model::{KeyId, Mono, Now, RequestId, TaskId, Timestamp};

use crate::hold::{Closed, IdTwice};
use crate::port::Fact;
use crate::state::State;
use crate::task::{Ending, Owned, Task};

/// A closed task is remembered this long in memory, and this many at most; the book remembers it longer.
const REMEMBERED_NS: u64 = 3_600_000_000_000;
const MOST_CLOSED: usize = 200_000;

impl State {
    /// The provider named a hold's task. Gives the hold that had the id before and was not ended by its deadline: nobody can ask
    /// for it any more, so it is taken to have cost what was held.
    pub(crate) fn opened(&mut self, request: RequestId, task: TaskId, now: Now, deadline_ms: u64) -> Result<Option<Closed>, IdTwice> {
        self.now = now;
        let Some(open) = self.holds.get_mut(&request) else { return Ok(None) };
        let (key, deadline) = (open.terms.key, now.mono.plus_millis(deadline_ms));
        open.task = Some(task);
        self.pending.push(Fact::Opened { request, task, at: now.wall });
        let mut closed = None;
        if let Some(old) = self.tasks.get(&task).filter(|old| old.open || old.withheld) {
            let (open, old, is_due) = (old.open, old.request, old.deadline <= now.mono);
            if !is_due {
                self.withhold(task, old, request);
                return Err(IdTwice);
            }
            let held = self.holds.get(&old).filter(|_| open).map(|old| old.terms.cost);
            closed = held.and_then(|held| self.close(old, Some(held), true, now.wall));
        }
        self.deadlines.push_back((deadline.nanos(), task));
        self.tasks.insert(task, Task { request, key, open: true, withheld: false, deadline });
        Ok(closed)
    }

    /// Two open tasks have one id: nobody may read either, nobody can say how they end, and both stay spent.
    fn withhold(&mut self, task: TaskId, old: RequestId, new: RequestId) {
        for request in [old, new] {
            self.unknown(request);
        }
        if let Some(known) = self.tasks.get_mut(&task) {
            (known.open, known.withheld) = (false, true);
        }
        self.closed.push_back((self.now.mono.nanos(), task));
    }

    pub(crate) fn task(&self, key: KeyId, task: TaskId) -> Option<Owned> {
        let task = self.tasks.get(&task).filter(|task| task.key == key && !task.withheld)?;
        Some(Owned { request: task.request, open: task.open })
    }

    pub(crate) fn remember(&mut self, task: TaskId, request: RequestId, key: KeyId) {
        let hold = self.holds.get(&request);
        // the task of an unknown hold is nobody's; the book may not know yet
        if hold.is_some_and(|hold| hold.unknown) {
            return;
        }
        let open = hold.is_some();
        let deadline = self.now.mono;
        self.tasks.entry(task).or_insert(Task { request, key, open, withheld: false, deadline });
        self.closed.push_back((self.now.mono.nanos(), task));
    }

    pub(crate) fn end(&mut self, task: TaskId, ending: Ending, at: Timestamp) -> Option<Closed> {
        let known = self.tasks.get(&task).filter(|task| task.open && !task.withheld)?;
        let request = known.request;
        let held = self.holds.get(&request)?.terms.cost;
        let (cost, assumed) = match ending {
            Ending::Answered(price) => (Some(price.unwrap_or(held)), false),
            Ending::Charged => (Some(held), false),
            Ending::Assumed => (Some(held), true),
            Ending::Refunded => (None, false),
        };
        self.close(request, cost, assumed, at)
    }

    pub(crate) fn task_closed(&mut self, task: TaskId) {
        if let Some(known) = self.tasks.get_mut(&task) {
            known.open = false;
            self.closed.push_back((self.now.mono.nanos(), task));
        }
        self.forget();
    }

    pub(crate) fn overdue(&mut self, now: Now, most: usize) -> Vec<TaskId> {
        self.now = now;
        while let Some((_, request)) = due(&mut self.permits, now) {
            self.permit_ends(request);
        }
        let mut overdue = Vec::new();
        while overdue.len() < most
            && let Some((at, task)) = due(&mut self.deadlines, now)
        {
            // an id that was given again has the deadline of its newest task
            if self.tasks.get(&task).is_some_and(|task| task.open && task.deadline.nanos() == at) {
                overdue.push(task);
            }
        }
        self.forget();
        overdue
    }

    fn forget(&mut self) {
        let now = self.now.mono;
        while let Some((at, task)) = self.closed.front().copied() {
            let old = now.nanos_since(Mono::from_nanos(at)) > REMEMBERED_NS;
            if !old && self.closed.len() <= MOST_CLOSED {
                break;
            }
            self.closed.pop_front();
            if self.tasks.get(&task).is_some_and(|task| !task.open) {
                self.tasks.swap_remove(&task);
            }
        }
    }
}

/// Takes what is due first, if it is due.
fn due<T>(queue: &mut VecDeque<(u64, T)>, now: Now) -> Option<(u64, T)> {
    queue.pop_front_if(|(at, _)| *at <= now.mono.nanos())
}
