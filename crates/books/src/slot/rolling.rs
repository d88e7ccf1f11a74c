//! What of a rolling cap lies before its present bucket? What the book has told of it, and buckets that are over and still reserved.

use tollgate_model::{Mono, Timestamp, Window};

use super::Cap;
use crate::port::{Counter, Lease};

/// How long what the book has told of the earlier buckets is good enough to refuse by.
const PASSED_NS: u64 = 1_000_000_000;

/// Beside a rolling cap's present bucket.
#[derive(Debug, Default)]
pub(crate) struct Rolling {
    /// What was admitted in earlier buckets, as the book has told.
    pub(crate) passed: i64,
    /// When it is so much less that there is room again.
    pub(crate) frees_at: Option<Timestamp>,
    told: Mono,
    /// Whether less of it counts since.
    is_stale: bool,
    /// As of which `State::returned` the book was asked.
    returned: u64,
    /// Whether the book was asked for a slice in this bucket.
    is_asked: bool,
    /// Buckets that are over and still reserved in the book, or to be.
    pub(crate) closed: Vec<Bucket>,
}

/// A bucket that is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    pub(crate) window: Window,
    /// What was used of it, and may still be told as a fact.
    pub(crate) used: i64,
    /// What the book reserves of it at most and at least: the ceiling that it was last told, or has told.
    told: i64,
    covered: i64,
    /// Whether `used` has in it what the book knows.
    pub(crate) is_known: bool,
}

impl Bucket {
    fn unknown(window: Window, used: i64) -> Self {
        Self { window, used, told: i64::MAX, covered: 0, is_known: false }
    }

    /// Whether more is used than the book reserves: it was reserved before the cap was set, or cost more than its hold.
    pub(crate) const fn is_owed(&self) -> bool {
        self.used > self.covered
    }

    /// The ceiling that the book is to be told, if it is another: no hold before `horizon` is still to be told of as a fact.
    pub(crate) fn closing(&self, horizon: Option<Timestamp>) -> Option<(i64, bool)> {
        // memory that was never told counts only what is reserved and no fact yet
        if horizon.is_none_or(|first| self.window.end <= first) || !self.is_known && self.used == 0 {
            return Some((0, true));
        }
        (self.is_known && self.used < self.told).then_some((self.used, false))
    }
}

impl Rolling {
    /// Whether the book need not be asked what has ceased to count, or returned.
    pub(super) fn is_fresh(&self, now: Mono) -> bool {
        !self.is_stale && now.nanos_since(self.told) < PASSED_NS
    }

    pub(crate) fn asked(&mut self, returned: u64) {
        (self.is_asked, self.returned) = (true, returned);
    }

    /// Something of the scope has returned, at this account or, by `State::returned`, at another.
    pub(crate) fn look_at_returned(&mut self, returned: u64) {
        self.is_stale |= self.returned != returned;
    }

    pub(super) fn leased(&mut self, lease: &Lease, now: Mono) {
        (self.passed, self.frees_at, self.told, self.is_stale) = (lease.passed, lease.frees_at, now, false);
    }

    /// The book has leased for buckets that are over.
    pub(crate) fn covered(&mut self, window: Window, lease: &Lease) {
        for bucket in self.closed.iter_mut().filter(|bucket| bucket.is_owed() && bucket.window == window) {
            if !std::mem::replace(&mut bucket.is_known, true) {
                bucket.used = bucket.used.saturating_add(lease.used);
            }
            (bucket.covered, bucket.told) = (lease.ceiling, lease.ceiling);
        }
    }

    /// The book has taken a bucket's ceiling.
    pub(crate) fn closed(&mut self, window: Window, ceiling: i64, is_over: bool) {
        if is_over {
            self.closed.retain(|bucket| bucket.window != window);
        }
        for bucket in self.closed.iter_mut().filter(|bucket| bucket.window == window) {
            (bucket.told, bucket.covered) = (ceiling, bucket.covered.min(ceiling));
        }
    }

    /// What was admitted in an earlier bucket has ended, or is a fact from now on.
    pub(crate) fn moved(&mut self, at: Timestamp, amount: i64, of_known: bool, of_unknown: bool) {
        for bucket in self.closed.iter_mut().filter(|bucket| bucket.window.contains(at)) {
            if if bucket.is_known { of_known } else { of_unknown } {
                bucket.used = bucket.used.saturating_sub(amount).max(0);
            }
        }
        if of_known {
            self.is_stale = true;
            // what costs more than its hold: the book has not counted it
            self.passed = self.passed.saturating_add(amount.saturating_neg().max(0));
        }
    }
}

impl Cap {
    /// What counts beside the window.
    pub(crate) fn passed(&self) -> i64 {
        self.rolling.as_ref().map_or(0, |rolling| rolling.passed)
    }

    /// An amount that was reserved in an earlier bucket, and that the book does not know of.
    pub(crate) fn owes(&mut self, window: Window, amount: i64) {
        let Some(rolling) = &mut self.rolling else { return };
        match rolling.closed.iter_mut().find(|bucket| bucket.window == window) {
            Some(bucket) => bucket.used = bucket.used.saturating_add(amount),
            None => rolling.closed.push(Bucket::unknown(window, amount)),
        }
    }

    /// The present bucket is over.
    pub(super) fn close(&mut self) {
        let Some(rolling) = &mut self.rolling else { return };
        // whoever has asked for a slice may have one, told or not
        if rolling.is_asked || self.unsent > 0 {
            let used = if self.known { self.used } else { self.unsent };
            let (window, covered, is_known) = (self.window, self.covered, self.known);
            rolling.closed.push(Bucket { window, used, told: i64::MAX, covered, is_known });
        }
        (rolling.passed, rolling.frees_at, rolling.is_asked) = (0, None, false);
    }

    /// Asked for in a bucket that is over by now: what the book may have granted there is to be given back.
    pub(crate) fn answered_late(&mut self, counter: &Counter) {
        let Some(rolling) = self.rolling.as_mut().filter(|_| self.window != counter.window) else { return };
        match rolling.closed.iter_mut().find(|bucket| bucket.window == counter.window) {
            Some(bucket) => bucket.told = i64::MAX,
            None => rolling.closed.push(Bucket::unknown(counter.window, 0)),
        }
    }
}
