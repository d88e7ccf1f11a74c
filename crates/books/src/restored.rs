//! What does an account begin with after a start? The holds that the book has open for it, with their tasks.

use std::collections::VecDeque;
use std::sync::Arc;

use indexmap::map::Entry;
use tollgate_model::{Mono, RequestId, TaskId};

use crate::hold::{Rates, Terms};
use crate::ledger::Ledger;
use crate::port::{HoldRow, HoldState};
use crate::state::{Dense, Open};
use crate::task::Task;

/// One account's holds, taken up one by one as the book tells them; it has no deadlines before the account is made.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    pub(crate) holds: Dense<RequestId, Open>,
    pub(crate) tasks: Dense<TaskId, Task>,
    /// Oldest first, as they will be due.
    pub(crate) deadlines: VecDeque<(u64, TaskId)>,
    pub(crate) permits: VecDeque<(u64, RequestId)>,
    pub(crate) ledger: Ledger,
    /// Whether two open tasks had one id.
    has_withheld: bool,
    /// The last hold's: of a million there are few.
    method: Arc<str>,
}

impl Restored {
    /// Takes up a hold. One without an outcome is unknown from now on, as both are of two open tasks with one id, which are nobody's;
    /// it is noted in `unknown`.
    pub(crate) fn take(&mut self, row: HoldRow, unknown: &mut Vec<HoldRow>) {
        let is_open = row.state == HoldState::Open;
        let is_owned = is_open && row.task.is_some_and(|task| self.own(task, &row, unknown));
        if is_open && !is_owned {
            unknown.push(HoldRow { state: HoldState::Unknown, ..row.clone() });
        }
        if !is_owned {
            self.permits.push_back((0, row.request));
        }
        let HoldRow { request, key, team, method, at, held, task, .. } = row;
        self.ledger.holds(held);
        if *self.method != *method {
            self.method = method.into();
        }
        let terms = Terms { request, key, team, method: self.method.clone(), cost: held, at, rates: Rates::new() };
        self.holds.insert(request, Open { terms, sent: true, task, unknown: !is_owned, permit: true });
    }

    /// Whether the task is this hold's alone.
    fn own(&mut self, task: TaskId, row: &HoldRow, unknown: &mut Vec<HoldRow>) -> bool {
        let first = match self.tasks.entry(task) {
            Entry::Vacant(place) => {
                place.insert(Task { request: row.request, key: row.key, open: true, withheld: false, deadline: Mono::default() });
                self.deadlines.push_back((0, task));
                return true;
            }
            Entry::Occupied(known) => known.into_mut(),
        };
        self.has_withheld = true;
        if std::mem::replace(&mut first.withheld, true) {
            return false;
        }
        if let Some(open) = self.holds.get_mut(&first.request) {
            open.unknown = true;
            self.permits.push_back((0, first.request));
            let Terms { request, key, team, method, cost: held, at, .. } = open.terms.clone();
            let upstream = row.upstream.clone();
            let state = HoldState::Unknown;
            let settled = None;
            unknown.push(HoldRow {
                request,
                key,
                team,
                upstream,
                method: method.as_ref().to_owned(),
                at,
                held,
                settled,
                task: open.task,
                state,
            });
        }
        false
    }

    /// Everything was taken up: a task that two holds had is no task.
    pub(crate) fn forget_withheld(&mut self) {
        if self.has_withheld {
            self.tasks.retain(|_, task| !task.withheld);
        }
    }

    /// The account is made: its deadlines begin anew, since monotonic time did.
    pub(crate) fn begin(&mut self, deadline: Mono, permit: Mono) {
        for task in self.tasks.values_mut() {
            task.deadline = deadline;
        }
        for (at, _) in &mut self.deadlines {
            *at = deadline.nanos();
        }
        for (at, _) in &mut self.permits {
            *at = permit.nanos();
        }
    }
}
