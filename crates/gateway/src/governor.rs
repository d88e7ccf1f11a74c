//! May the provider be asked now? The pace that it bans accounts for, kept for all tenants together.
//!
//! Its other rules stand elsewhere: submissions are a rate of the account (`allow`), wrong keys are the breaker's.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use parking_lot::Mutex;
use tollgate_dialect::Pace;
use tollgate_model::{Mono, TaskId};

/// Tasks whose next poll is dated at once; what is over is swept out first.
const TASKS: usize = 65_536;

/// One account's pace. Where the provider names none, it costs a comparison.
#[derive(Default)]
pub struct Governor {
    pace: Pace,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// The earliest instant of a task's next poll; a task that is not in it may be polled.
    polls: HashMap<TaskId, Mono>,
    /// The table is searched for old tasks when it has grown to this.
    sweep_at: usize,
    balance: Option<Mono>,
}

impl Governor {
    /// Keeps this pace.
    pub fn new(pace: Pace) -> Self {
        Self { pace, table: Mutex::default() }
    }

    /// A task was made: its first poll is dated.
    pub(crate) fn opened(&self, task: TaskId, now: Mono) {
        if self.pace.first_poll_ms() > 0 {
            // a full table lets a first poll come early; the polls behind it are held all the same
            self.table.lock().date(task, now, self.pace.first_poll_ms());
        }
    }

    /// Whether all of these tasks may be polled now; if so, their next polls are dated. Otherwise, how many milliseconds are left.
    pub(crate) fn poll(&self, tasks: &[TaskId], now: Mono) -> Result<(), u64> {
        if self.pace.poll_every_ms() == 0 && self.pace.first_poll_ms() == 0 {
            return Ok(());
        }
        let mut table = self.table.lock();
        let left = tasks.iter().filter_map(|task| table.polls.get(task)).map(|next| next.millis_since(now)).max().unwrap_or(0);
        if left > 0 {
            return Err(left);
        }
        for task in tasks {
            if !table.date(*task, now, self.pace.poll_every_ms()) {
                return Err(self.pace.poll_every_ms());
            }
        }
        Ok(())
    }

    /// Whether an errand that wants to know the account's balance so often may ask for it now; if so, the next time is dated.
    pub(crate) fn balance(&self, every_ms: u64, now: Mono) -> bool {
        let every = self.pace.balance_every_ms().max(every_ms);
        let mut table = self.table.lock();
        let free = table.balance.is_none_or(|next| now >= next);
        if free {
            table.balance = Some(now.plus_millis(every));
        }
        free
    }
}

impl Table {
    /// False if there is no room for another task.
    fn date(&mut self, task: TaskId, now: Mono, wait_ms: u64) -> bool {
        if self.polls.len() >= self.sweep_at.max(1_024) {
            self.polls.retain(|_, next| *next > now);
            self.sweep_at = (self.polls.len() * 2).min(TASKS);
        }
        let full = self.polls.len() >= TASKS;
        match self.polls.entry(task) {
            Entry::Vacant(_) if full => false,
            Entry::Vacant(place) => {
                place.insert(now.plus_millis(wait_ms));
                true
            }
            Entry::Occupied(mut place) => {
                place.insert(now.plus_millis(wait_ms));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tollgate_dialect::Profile;

    use super::*;

    fn at(millis: u64) -> Mono {
        Mono::from_nanos(millis * 1_000_000)
    }

    fn task(number: u32) -> TaskId {
        TaskId::parse(number.to_string().as_bytes()).unwrap()
    }

    fn of(profile: &str) -> Governor {
        Governor::new(*Profile::builtin(profile).unwrap().pace())
    }

    #[test]
    fn a_task_is_polled_after_its_first_wait_and_then_at_the_providers_pace() {
        let governor = of("twocaptcha");
        governor.opened(task(1), at(0));
        assert_eq!(governor.poll(&[task(1)], at(1_000)), Err(4_000));
        assert_eq!(governor.poll(&[task(1)], at(5_000)), Ok(()));
        assert_eq!(governor.poll(&[task(1)], at(9_999)), Err(1), "what was refused dates nothing anew");
        assert_eq!(governor.poll(&[task(2)], at(9_999)), Ok(()), "each task has its own pace");
        assert_eq!(governor.poll(&[task(1), task(2)], at(10_000)), Err(4_999), "the slowest of several");
        assert_eq!(governor.poll(&[task(1)], at(10_000)), Ok(()), "which then is not dated either");
    }

    #[test]
    fn a_provider_without_a_pace_is_polled_as_callers_like_and_keeps_no_table() {
        let governor = of("captchaai");
        governor.opened(task(1), at(0));
        assert_eq!([governor.poll(&[task(1)], at(0)), governor.poll(&[task(1)], at(0))], [Ok(()); 2]);
        assert!(governor.table.lock().polls.is_empty());
    }

    #[test]
    fn the_accounts_balance_is_asked_for_once_in_its_span() {
        let governor = of("anticaptcha");
        assert_eq!([0, 29_999, 30_000, 30_001].map(|millis| governor.balance(1_000, at(millis))), [true, false, true, false]);
        let seldom = of("anticaptcha");
        assert_eq!([0, 59_999, 60_000].map(|millis| seldom.balance(60_000, at(millis))), [true, false, true]);
    }

    #[test]
    fn rl_04_tasks_without_end_do_not_grow_the_table_without_end() {
        let governor = of("capsolver");
        let polled = (0..70_000).filter(|number| governor.poll(&[task(*number)], at(0)).is_ok()).count();
        assert_eq!((polled, governor.table.lock().polls.len()), (TASKS, TASKS));
        assert_eq!(governor.poll(&[task(99_999)], at(2_600)), Ok(()));
        assert_eq!(governor.table.lock().polls.len(), 1, "what is over was swept out");
    }
}
