//! Has it taken too long? One coarse sweep per worker instead of a timer per wait.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use tollgate_model::Mono;

/// How often the sweep looks: a deadline is met at the latest this many milliseconds late.
pub(crate) const SWEEP_MS: u64 = 100;

/// The wait has taken too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// All waits of a worker.
#[derive(Default)]
pub(crate) struct Deadlines {
    slots: RefCell<Vec<Weak<Slot>>>,
}

/// One wait at a time: a connection has one of these and sets it anew for each thing it waits for.
pub(crate) struct Slot {
    /// Nanoseconds of monotonic time; `u64::MAX` while nothing is waited for.
    at: Cell<u64>,
    waker: RefCell<Option<Waker>>,
    swept: Cell<u64>,
    /// Nothing is in the middle of anything: the wait may end at once when the gate goes down.
    idle: Cell<bool>,
}

impl Deadlines {
    /// A slot that the sweep looks at until it is dropped.
    pub(crate) fn slot(&self) -> Rc<Slot> {
        let slot = Rc::new(Slot { at: Cell::new(u64::MAX), waker: RefCell::new(None), swept: Cell::new(0), idle: Cell::new(false) });
        self.slots.borrow_mut().push(Rc::downgrade(&slot));
        slot
    }

    /// Wakes every wait whose deadline has passed, idle ones too when the gate goes down, and forgets dropped slots.
    pub(crate) fn sweep(&self, now: Mono, draining: bool) {
        self.slots.borrow_mut().retain(|slot| {
            let Some(slot) = slot.upgrade() else { return false };
            slot.swept.set(now.nanos());
            if draining && slot.idle.get() {
                slot.at.set(0);
            }
            if slot.at.get() <= now.nanos()
                && let Some(waker) = slot.waker.borrow_mut().take()
            {
                waker.wake();
            }
            true
        });
    }
}

impl Slot {
    /// Marks the wait as one between two requests.
    pub(crate) fn set_idle(&self, idle: bool) {
        self.idle.set(idle);
    }

    /// Waits for `work` until the instant `at`, give or take one sweep.
    pub(crate) fn until<F: Future + Unpin>(&self, at: Mono, work: F) -> Until<'_, F> {
        self.at.set(at.nanos());
        Until { slot: self, work }
    }
}

/// A wait with its deadline.
pub(crate) struct Until<'a, F> {
    slot: &'a Slot,
    work: F,
}

impl<F: Future + Unpin> Future for Until<'_, F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(done) = Pin::new(&mut self.work).poll(context) {
            return Poll::Ready(Ok(done));
        }
        if self.slot.at.get() <= self.slot.swept.get() {
            return Poll::Ready(Err(Elapsed));
        }
        let mut waker = self.slot.waker.borrow_mut();
        match &mut *waker {
            Some(waker) if waker.will_wake(context.waker()) => {}
            waker => *waker = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl<F> Drop for Until<'_, F> {
    fn drop(&mut self) {
        self.slot.at.set(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_at_the_first_sweep_behind_its_deadline_and_not_before() {
        let deadlines = Deadlines::default();
        let slot = deadlines.slot();
        let mut wait = slot.until(Mono::from_nanos(50), std::future::pending::<()>());
        let mut context = Context::from_waker(Waker::noop());
        deadlines.sweep(Mono::from_nanos(49), false);
        assert_eq!(Pin::new(&mut wait).poll(&mut context), Poll::Pending);
        deadlines.sweep(Mono::from_nanos(50), false);
        assert_eq!(Pin::new(&mut wait).poll(&mut context), Poll::Ready(Err(Elapsed)));
    }
}
