//! Who owns which task, and which is overdue?

use tollgate_model::{KeyId, Mono, Now, RequestId, TaskId, Timestamp};

use crate::hold::{Closed, IdTwice};
use crate::port::Fact;
use crate::state::{Due, State};
use crate::task::{Ending, Owned, Task};

/// A closed task is remembered this long in memory, and this many at most; the book remembers it longer.
const REMEMBERED_NS: u64 = 3_600_000_000_000;
const MOST_CLOSED: usize = 200_000;

impl State {
    pub(crate) fn opened(&mut self, request: RequestId, task: TaskId, now: Now, deadline_ms: u64) -> Result<(), IdTwice> {
        self.now = now;
        let Some(open) = self.holds.get_mut(&request) else { return Ok(()) };
        let key = open.terms.key;
        open.task = Some(task);
        let deadline = now.mono.plus_millis(deadline_ms);
        self.pending.push(Fact::Opened { request, task, at: now.wall });
        self.deadlines.push_back((deadline.nanos(), Due::Task(task)));
        let twice = match self.tasks.get_mut(&task) {
            Some(old) if old.open && old.deadline > now.mono => {
                old.withheld = true;
                true
            }
            _ => false,
        };
        if twice {
            return Err(IdTwice);
        }
        self.tasks.insert(task, Task { request, key, open: true, withheld: false, deadline });
        Ok(())
    }

    pub(crate) fn task(&self, key: KeyId, task: TaskId) -> Option<Owned> {
        let task = self.tasks.get(&task).filter(|task| task.key == key && !task.withheld)?;
        Some(Owned { request: task.request, open: task.open })
    }

    pub(crate) fn remember(&mut self, task: TaskId, request: RequestId, key: KeyId) {
        let open = self.holds.contains_key(&request);
        let deadline = self.now.mono;
        self.tasks.entry(task).or_insert(Task { request, key, open, withheld: false, deadline });
        self.closed.push_back((self.now.mono.nanos(), task));
    }

    /// Restores an open task at start; its deadline begins anew, since monotonic time did.
    pub(crate) fn restore_task(&mut self, task: TaskId, request: RequestId, key: KeyId, deadline_ms: u64) {
        let deadline = self.now.mono.plus_millis(deadline_ms);
        self.tasks.insert(task, Task { request, key, open: true, withheld: false, deadline });
        self.deadlines.push_back((deadline.nanos(), Due::Task(task)));
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
        let mut overdue = Vec::new();
        while overdue.len() < most
            && let Some((at, due)) = self.deadlines.front().copied()
            && at <= now.mono.nanos()
        {
            self.deadlines.pop_front();
            match due {
                Due::Task(task) => {
                    if self.tasks.get(&task).is_some_and(|task| task.open && task.deadline <= now.mono) {
                        overdue.push(task);
                    }
                }
                Due::Permit(request) => self.permit_ends(request),
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
                self.tasks.remove(&task);
            }
        }
    }
}
