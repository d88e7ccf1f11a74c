//! Was this submission answered before? What callers have named with an `Idempotency-Key`, or where an upstream collapses them said
//! again word for word, and what they were answered.
//!
//! Touched by such submissions only. A name is forgotten when its time is over or when it cost nothing, never to make room: a
//! name that was forgotten early would be bought twice.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use tollgate_audit::{Answered, Idempotency};
use tollgate_model::{Fingerprint, KeyId, RequestId, TaskId, Timestamp};

/// An answer is given again for a day at least; an hour more, so that clocks may differ and steps be small.
pub const KEPT_MS: i64 = 25 * 3_600_000;
/// Names of one key; of all keys; bytes of answers. Some 200 bytes a name: at the worst 160 MiB.
const OF_A_KEY: usize = 100_000;
const OF_ALL: usize = 500_000;
const BYTES: usize = 64 << 20;
/// A longer answer is not kept: a task's id is, and of what has none it is said that it was bought.
const LONGEST: usize = 4 << 10;

/// Answers by name. Whoever comes while the first is in flight waits for it.
pub struct Repeats {
    /// How long an answer is given again.
    kept_ms: i64,
    table: Mutex<Table>,
}

impl Default for Repeats {
    fn default() -> Self {
        Self::keeping(KEPT_MS)
    }
}

/// Whose name, hashed.
type Named = (KeyId, Fingerprint);

#[derive(Default)]
struct Table {
    by_name: HashMap<Named, Known>,
    /// Answered ones by the end of their time.
    by_age: VecDeque<(Timestamp, Named)>,
    of_key: HashMap<KeyId, usize>,
    bytes: usize,
}

struct Known {
    body: Fingerprint,
    state: State,
}

enum State {
    /// The first is on its way; its sender is dropped when it is answered.
    InFlight(watch::Receiver<()>),
    /// It was answered.
    Answered { first: RequestId, kept: Kept },
}

/// An answer, as far as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Word for word.
    Body(Arc<[u8]>),
    /// The id of the task that it named.
    Task(TaskId),
    /// It may have been bought, and nobody knows what it was answered.
    Unknown,
}

/// What is known of a submission.
pub(crate) enum Looked {
    /// Nothing: it is the first.
    First(Claim),
    /// It was answered, to this request.
    Again(RequestId, Kept),
    /// The first is on its way.
    InFlight(watch::Receiver<()>),
    /// Another submission has this name.
    Other,
    /// There is no room for another name.
    Full,
}

/// The first of its name, in flight. Dropped without an answer, its name is free again, and whoever waits is the next.
pub(crate) struct Claim {
    repeats: Arc<Repeats>,
    named: Named,
    body: Fingerprint,
    _answered: watch::Sender<()>,
}

impl Repeats {
    /// Answers that are given again for so many milliseconds.
    pub fn keeping(kept_ms: i64) -> Self {
        Self { kept_ms, table: Mutex::default() }
    }

    /// How many milliseconds an answer is given again.
    pub const fn kept_ms(&self) -> i64 {
        self.kept_ms
    }

    /// Takes in what was answered before the gate was started; what is too much is kept all the same. What a clock that was ahead
    /// has dated later than now is as old as now, or it would be kept until that clock's time comes.
    pub fn restore(&self, answered: &Answered, now: Timestamp) {
        let Answered { request: first, key, name, body, at, task } = *answered;
        // of an answer that is not in the journal, and none is, the task's id is given, or that nobody knows
        let kept = task.map_or(Kept::Unknown, Kept::Task);
        let at = at.min(now);
        let mut table = self.table.lock();
        table.by_name.insert((key, name), Known { body, state: State::Answered { first, kept } });
        table.by_age.push_back((at, (key, name)));
        *table.of_key.entry(key).or_default() += 1;
    }

    /// Leaves no room.
    #[cfg(test)]
    pub(crate) fn fill(&self) {
        self.table.lock().bytes = BYTES;
    }

    /// Asks for a name and takes it if it is free.
    pub(crate) fn look(self: &Arc<Self>, named: Named, body: Fingerprint, now: Timestamp) -> Looked {
        let mut table = self.table.lock();
        table.age(now, self.kept_ms);
        if let Some(known) = table.by_name.get(&named) {
            return match &known.state {
                _ if known.body != body => Looked::Other,
                State::InFlight(answered) => Looked::InFlight(answered.clone()),
                State::Answered { first, kept } => Looked::Again(*first, kept.clone()),
            };
        }
        let of_key = table.of_key.get(&named.0).copied().unwrap_or(0);
        if table.by_name.len() >= OF_ALL || of_key >= OF_A_KEY || table.bytes >= BYTES {
            return Looked::Full;
        }
        let (sender, receiver) = watch::channel(());
        table.by_name.insert(named, Known { body, state: State::InFlight(receiver) });
        *table.of_key.entry(named.0).or_default() += 1;
        Looked::First(Claim { repeats: self.clone(), named, body, _answered: sender })
    }
}

impl Table {
    /// Forgets what is older than it is kept.
    fn age(&mut self, now: Timestamp, kept_ms: i64) {
        while let Some((at, named)) = self.by_age.front().copied() {
            if now.millis().saturating_sub(at.millis()) < kept_ms {
                return;
            }
            self.by_age.pop_front();
            self.forget(named);
        }
    }

    fn forget(&mut self, named: Named) {
        if let Some(Known { state: State::Answered { kept: Kept::Body(body), .. }, .. }) = self.by_name.remove(&named) {
            self.bytes = self.bytes.saturating_sub(body.len());
        }
        if let Entry::Occupied(mut count) = self.of_key.entry(named.0) {
            *count.get_mut() = count.get().saturating_sub(1);
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

impl Claim {
    /// The name and the submission, for the journal.
    pub(crate) const fn written(&self) -> Idempotency {
        Idempotency { key: self.named.1, body: self.body }
    }

    /// Keeps the answer for whoever asks again, and wakes those who wait.
    pub(crate) fn answered(self, first: RequestId, task: Option<TaskId>, body: Option<&[u8]>, now: Timestamp) {
        let kept = match (body, task) {
            (Some(body), _) if body.len() <= LONGEST => Kept::Body(body.into()),
            (Some(_), Some(task)) => Kept::Task(task),
            (Some(_) | None, _) => Kept::Unknown,
        };
        let mut table = self.repeats.table.lock();
        if let Kept::Body(body) = &kept {
            table.bytes += body.len();
        }
        table.by_age.push_back((now, self.named));
        table.by_name.insert(self.named, Known { body: self.body, state: State::Answered { first, kept } });
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut table = self.repeats.table.lock();
        if let Some(Known { state: State::InFlight(_), .. }) = table.by_name.get(&self.named) {
            table.forget(self.named);
        }
    }
}

#[cfg(test)]
mod tests;
