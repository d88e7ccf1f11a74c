//! What did the provider really charge, for which tasks, to which key?

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use tollgate_model::Money;

use crate::provider::Form;

/// As many tasks as are kept; older ids are unknown, as with a provider that forgets results.
const KEPT: usize = 1_000_000;

/// The account, its tasks and what each key was charged.
pub(crate) struct Books {
    balance: Money,
    gross: Money,
    refunded: Money,
    by_key: BTreeMap<Arc<str>, Account>,
    tasks: VecDeque<Task>,
    /// The id of the first task in `tasks`; ids are unique over all keys.
    first_id: u64,
    uploaded: u64,
    working: BTreeSet<(Instant, u64)>,
    good: u64,
    bad: u64,
}

#[derive(Default)]
struct Account {
    charged: Money,
    tasks: u64,
}

/// What is uploaded.
pub(crate) struct Upload<'a> {
    pub(crate) key: &'a str,
    pub(crate) form: Form,
    pub(crate) price: Money,
    pub(crate) solve_time: Duration,
    /// Has no answer, whatever the mode says later.
    pub(crate) doomed: bool,
}

struct Task {
    key: Arc<str>,
    form: Form,
    charged: Money,
    ready_at: Instant,
    end: End,
    reported: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open { doomed: bool },
    Solved,
    Unsolvable,
}

/// How answers end that are read for the first time now.
pub(crate) struct Terms {
    pub(crate) unsolvable: bool,
    pub(crate) cost: Option<Money>,
    pub(crate) refund: bool,
}

/// What is known of a task.
pub(crate) enum Found {
    Unknown,
    NotReady,
    Unsolvable,
    Solved { form: Form, charged: Money },
}

/// How a report was taken.
pub(crate) enum Reported {
    Unknown,
    /// There is no answer to report on.
    TooEarly,
    Twice,
    Recorded,
}

impl Books {
    pub(crate) fn new(balance: Money, first_id: u64) -> Self {
        let (by_key, tasks, working) = (BTreeMap::new(), VecDeque::new(), BTreeSet::new());
        let (gross, refunded) = (Money::ZERO, Money::ZERO);
        Self { balance, gross, refunded, by_key, tasks, first_id, uploaded: 0, working, good: 0, bad: 0 }
    }

    pub(crate) fn balance(&self) -> Money {
        self.balance
    }

    pub(crate) fn set_balance(&mut self, balance: Money) {
        self.balance = balance;
    }

    /// How many tasks are in work; true as of the last `advance`.
    pub(crate) fn working(&self) -> usize {
        self.working.len()
    }

    /// Ends the work that is due, and pays back what turned out to have no answer.
    pub(crate) fn advance(&mut self, now: Instant, refund: bool) {
        while let Some((_, id)) = self.working.first().filter(|(ready_at, _)| *ready_at <= now).copied() {
            self.working.pop_first();
            let doomed = self.task(id).is_some_and(|task| task.end == End::Open { doomed: true });
            if doomed {
                self.give_up(id, refund);
            }
        }
    }

    /// Charges a task and gives its id.
    pub(crate) fn upload(&mut self, now: Instant, upload: &Upload<'_>) -> u64 {
        let key: Arc<str> = upload.key.into();
        let id = self.first_id + self.tasks.len() as u64;
        let ready_at = now + upload.solve_time;
        self.by_key.entry(key.clone()).or_default().tasks += 1;
        self.uploaded += 1;
        self.charge(&key, upload.price);
        let end = End::Open { doomed: upload.doomed };
        self.tasks.push_back(Task { key, form: upload.form, charged: upload.price, ready_at, end, reported: false });
        self.working.insert((ready_at, id));
        if self.tasks.len() > KEPT {
            self.tasks.pop_front();
            self.first_id += 1;
        }
        id
    }

    /// Reads a task; the first reading after its time decides how it ends.
    pub(crate) fn read(&mut self, now: Instant, id: u64, terms: &Terms) -> Found {
        let Some(task) = self.task(id) else { return Found::Unknown };
        if task.ready_at > now {
            return Found::NotReady;
        }
        if let End::Open { doomed } = task.end {
            if doomed || terms.unsolvable {
                self.give_up(id, terms.refund);
            } else {
                self.finish(id, terms.cost);
            }
        }
        match self.task(id) {
            Some(Task { end: End::Solved, form, charged, .. }) => Found::Solved { form: *form, charged: *charged },
            _ => Found::Unsolvable,
        }
    }

    pub(crate) fn report(&mut self, id: u64, good: bool) -> Reported {
        let Some(task) = self.task_mut(id) else { return Reported::Unknown };
        match (task.end, std::mem::replace(&mut task.reported, true)) {
            (End::Solved, false) => {
                *if good { &mut self.good } else { &mut self.bad } += 1;
                Reported::Recorded
            }
            (End::Solved, true) => Reported::Twice,
            (End::Open { .. } | End::Unsolvable, _) => {
                task.reported = false;
                Reported::TooEarly
            }
        }
    }

    /// The page of `GET /_sandbox/books`; the keys that are valid appear though nothing was charged to them.
    pub(crate) fn to_json(&self, valid: &[String]) -> Value {
        let mut by_key: BTreeMap<&str, Value> = valid.iter().map(|key| (key.as_str(), Account::default().to_json())).collect();
        by_key.extend(self.by_key.iter().map(|(key, account)| (&**key, account.to_json())));
        json!({
            "charged": minus(self.gross, self.refunded),
            "gross": self.gross,
            "refunded": self.refunded,
            "tasks": self.uploaded,
            "working": self.working(),
            "balance": self.balance,
            "by_key": by_key,
            "reports": {"good": self.good, "bad": self.bad},
        })
    }

    fn task(&self, id: u64) -> Option<&Task> {
        self.tasks.get(usize::try_from(id.checked_sub(self.first_id)?).ok()?)
    }

    fn task_mut(&mut self, id: u64) -> Option<&mut Task> {
        self.tasks.get_mut(usize::try_from(id.checked_sub(self.first_id)?).ok()?)
    }

    fn finish(&mut self, id: u64, cost: Option<Money>) {
        let Some(task) = self.task_mut(id) else { return };
        task.end = End::Solved;
        let (key, before) = (task.key.clone(), task.charged);
        let after = cost.unwrap_or(before);
        task.charged = after;
        if after > before {
            self.charge(&key, minus(after, before));
        } else {
            self.pay_back(&key, minus(before, after));
        }
    }

    fn give_up(&mut self, id: u64, refund: bool) {
        let Some(task) = self.task_mut(id) else { return };
        task.end = End::Unsolvable;
        if refund {
            let (key, charged) = (task.key.clone(), std::mem::take(&mut task.charged));
            self.pay_back(&key, charged);
        }
    }

    fn charge(&mut self, key: &Arc<str>, amount: Money) {
        self.gross = plus(self.gross, amount);
        self.balance = minus(self.balance, amount);
        let account = self.by_key.entry(key.clone()).or_default();
        account.charged = plus(account.charged, amount);
    }

    fn pay_back(&mut self, key: &Arc<str>, amount: Money) {
        self.refunded = plus(self.refunded, amount);
        self.balance = plus(self.balance, amount);
        let account = self.by_key.entry(key.clone()).or_default();
        account.charged = minus(account.charged, amount);
    }
}

impl Account {
    fn to_json(&self) -> Value {
        json!({"charged": self.charged, "tasks": self.tasks})
    }
}

/// Sums stop at the largest amount there is: a test that sets such prices sees it, and nothing wraps.
fn plus(left: Money, right: Money) -> Money {
    left.checked_add(right).unwrap_or(Money::MAX)
}

fn minus(left: Money, right: Money) -> Money {
    left.checked_sub(right).unwrap_or(Money::from_nanos(i64::MIN))
}

#[cfg(test)]
mod tests;
