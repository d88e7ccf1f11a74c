//! What can a limit's use have been while a call asked? Bounds from the outside, that know nothing of slices and books.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use tollgate_model::{Period, Timestamp, Zone};

/// One cap, counted by who buys.
pub(super) struct Witness {
    pub(super) cap: i64,
    pub(super) period: Period,
    /// Whether each call counts one, whatever it costs.
    pub(super) counts_tasks: bool,
    /// What was kept of earlier instants and still counts.
    base: AtomicI64,
    /// Everything that was asked for at this instant, at its worst.
    asked: AtomicI64,
    /// What surely has returned of it, refusals among them.
    returned: AtomicI64,
    /// What surely is held or kept.
    live: AtomicI64,
    /// The most that stood over the cap.
    over: AtomicI64,
    /// What was kept, by instant.
    kept: Mutex<Vec<(Timestamp, i64)>>,
}

impl Witness {
    pub(super) fn new(cap: i64, period: Period, counts_tasks: bool) -> Self {
        let zero = || AtomicI64::new(0);
        Self {
            cap,
            period,
            counts_tasks,
            base: zero(),
            asked: zero(),
            returned: zero(),
            live: zero(),
            over: zero(),
            kept: Mutex::default(),
        }
    }

    /// Another instant: only what still counts is left.
    pub(super) fn stand_at(&self, at: Timestamp) {
        let window = self.period.window(&Zone::utc(), at).counted(self.period);
        let kept = self.kept.lock().map(|kept| kept.iter().filter(|(when, _)| window.contains(*when)).map(|(_, amount)| amount).sum());
        let base = kept.unwrap_or(0);
        self.base.store(base, Ordering::SeqCst);
        self.live.store(base, Ordering::SeqCst);
        self.asked.store(0, Ordering::SeqCst);
        self.returned.store(0, Ordering::SeqCst);
    }

    /// Everything that was ever kept.
    pub(super) fn all(&self) -> i64 {
        self.kept.lock().map_or(0, |kept| kept.iter().map(|(_, amount)| amount).sum())
    }

    pub(super) fn over(&self) -> i64 {
        self.over.load(Ordering::SeqCst)
    }
}

/// A call that asks several caps at once.
pub(super) struct Asked<'a> {
    caps: Vec<Cap<'a>>,
    at: Mutex<Timestamp>,
}

struct Cap<'a> {
    witness: &'a Witness,
    amount: i64,
    /// What had returned before the call asked.
    returned: i64,
}

impl<'a> Asked<'a> {
    /// Begins before the books are asked.
    pub(super) fn begin(caps: impl Iterator<Item = &'a Witness>, cost: i64) -> Self {
        let cap = |witness: &'a Witness| {
            let amount = if witness.counts_tasks { 1 } else { cost };
            // read first: what returns in between is not counted as returned
            let returned = witness.returned.load(Ordering::SeqCst);
            witness.asked.fetch_add(amount, Ordering::SeqCst);
            Cap { witness, amount, returned }
        };
        Self { caps: caps.map(cap).collect(), at: Mutex::default() }
    }

    /// Refused: whether any of its caps can have been too full for it.
    pub(super) fn is_refused(&self) -> bool {
        let most = |cap: &Cap<'_>| {
            let Witness { base, asked, .. } = cap.witness;
            base.load(Ordering::SeqCst) + asked.load(Ordering::SeqCst) - cap.returned
        };
        let is_founded = self.caps.iter().any(|cap| most(cap) > cap.witness.cap);
        for cap in &self.caps {
            cap.witness.returned.fetch_add(cap.amount, Ordering::SeqCst);
        }
        is_founded
    }

    /// Admitted: its worst case stands beside everything that is surely held.
    pub(super) fn is_held(&self, at: Timestamp) {
        if let Ok(mut place) = self.at.lock() {
            *place = at;
        }
        for cap in &self.caps {
            let live = cap.witness.live.fetch_add(cap.amount, Ordering::SeqCst) + cap.amount;
            cap.witness.over.fetch_max(live - cap.witness.cap, Ordering::SeqCst);
        }
    }

    /// It costs so much: the rest is not surely held before `end`, and has surely returned behind it.
    pub(super) fn costs(&self, cost: i64, end: impl FnOnce()) {
        let rest = |cap: &Cap<'_>| match (cap.witness.counts_tasks, cost) {
            (true, 0) => 1,
            (true, _) => 0,
            (false, cost) => cap.amount - cost,
        };
        for cap in &self.caps {
            cap.witness.live.fetch_sub(rest(cap), Ordering::SeqCst);
        }
        end();
        for cap in &self.caps {
            cap.witness.returned.fetch_add(rest(cap), Ordering::SeqCst);
            self.keep(cap, cap.amount - rest(cap));
        }
    }

    /// Nobody knows: all of it stays.
    pub(super) fn is_unknown(&self) {
        for cap in &self.caps {
            self.keep(cap, cap.amount);
        }
    }

    fn keep(&self, cap: &Cap<'_>, amount: i64) {
        if let (Ok(mut kept), Ok(at)) = (cap.witness.kept.lock(), self.at.lock()) {
            match kept.last_mut().filter(|(when, _)| *when == *at) {
                Some((_, sum)) => *sum += amount,
                None => kept.push((*at, amount)),
            }
        }
    }
}
