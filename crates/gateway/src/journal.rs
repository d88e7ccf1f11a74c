//! What has this worker written down? Its lane of the journal, batched over one wake-up, and how far the books know of it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use tollgate_audit::{Aggregator, Event, Lane, LaneHealth, Record, Synced};
use tollgate_books::LaneMark;
use tollgate_model::{Mono, Now};

use crate::clock::Clock;

/// One worker's side of the journal.
pub(crate) struct Journal {
    lane: RefCell<Lane>,
    health: Arc<LaneHealth>,
    /// Set under `power` durability: written means fsynced.
    power: Option<Synced>,
    mark: LaneMark,
    owed: RefCell<Owed>,
    /// The highest line below which nothing is owed, written or not.
    clear: Cell<u64>,
    strangers: RefCell<Aggregator>,
    clock: Clock,
}

/// A line in the lane's buffer. Dropped once its facts are with the books, or when it has none.
pub(crate) struct Written<'j> {
    journal: &'j Journal,
    number: u64,
}

/// The line is not written, and perhaps never will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit log cannot be written")]
pub(crate) struct Unwritten;

/// Lines whose facts are not with the books yet. The books' mark stays below the lowest of them: what is above it is
/// replayed after a crash, and a line of one request may be written while another's facts are still to come.
#[derive(Default)]
struct Owed(VecDeque<(u64, bool)>);

impl Journal {
    pub(crate) fn new(lane: Lane, power: Option<Synced>, mark: LaneMark, clock: Clock) -> Self {
        let health = lane.health();
        let (lane, owed, strangers) = (RefCell::new(lane), RefCell::default(), RefCell::default());
        Self { lane, health, power, mark, owed, clear: Cell::new(0), strangers, clock }
    }

    /// Formats a line into the lane's buffer.
    pub(crate) fn append(&self, record: &Record<'_>) -> Written<'_> {
        let number = self.lane.borrow_mut().append(record);
        self.owed.borrow_mut().begin(number);
        Written { journal: self, number }
    }

    /// A line that is no request's.
    pub(crate) fn event(&self, event: &Event<'_>) {
        self.lane.borrow_mut().event(event);
    }

    /// Whether an arrival of nobody we know gets a line of its own; beyond ten a second it is counted instead.
    pub(crate) fn admits(&self, source: IpAddr, now: Mono) -> bool {
        self.strangers.borrow_mut().allow(source, now)
    }

    /// Whether the lane could not be written when it was last tried.
    pub(crate) fn is_failing(&self) -> bool {
        self.health.is_failing()
    }

    /// Writes what has waited for longer than `older_than_ms`, and looks after the file.
    pub(crate) fn sweep(&self, now: Now, older_than_ms: u64) {
        let mut lane = self.lane.borrow_mut();
        self.strangers.borrow_mut().sweep(now, &mut lane);
        lane.sweep(now, older_than_ms);
        self.tell_books();
    }

    /// Writes everything that waits, what was only counted too: nothing comes behind it.
    pub(crate) fn finish(&self) -> std::io::Result<()> {
        let now = self.clock.now();
        let mut lane = self.lane.borrow_mut();
        self.strangers.borrow_mut().finish(now, &mut lane);
        lane.flush(now)?;
        self.tell_books();
        Ok(())
    }

    fn pushed(&self, number: u64) {
        if let Some(upto) = self.owed.borrow_mut().end(number) {
            self.clear.set(upto);
            self.tell_books();
        }
    }

    /// The books' mark never passes the last written line: a line that was only buffered when the process died gives its number
    /// to another, which would then not be replayed.
    fn tell_books(&self) {
        self.mark.pushed(self.clear.get().min(self.health.flushed_upto()));
    }
}

impl Written<'_> {
    /// Waits until the line is as durable as the configuration asks. One write serves every request of this wake-up: whoever
    /// is ready to run appends first.
    pub(crate) async fn durable(&self) -> Result<(), Unwritten> {
        tokio::task::yield_now().await;
        let journal = self.journal;
        {
            let mut lane = journal.lane.borrow_mut();
            if lane.flushed_upto() < self.number {
                lane.flush(journal.clock.now()).map_err(|_| Unwritten)?;
                journal.tell_books();
            }
        }
        match &journal.power {
            None => Ok(()),
            Some(synced) => std::future::poll_fn(|context| synced.poll(self.number, context)).await.map_err(|_| Unwritten),
        }
    }

    /// Says aloud that nothing waits for this line.
    pub(crate) fn needs_no_waiting(self) {
        drop(self);
    }
}

impl Drop for Written<'_> {
    fn drop(&mut self) {
        self.journal.pushed(self.number);
    }
}

impl Owed {
    fn begin(&mut self, number: u64) {
        self.0.push_back((number, false));
    }

    /// Marks a line's facts as pushed; gives the highest line below which nothing is owed, if it has risen.
    fn end(&mut self, number: u64) -> Option<u64> {
        let place = self.0.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        if let Some((_, done)) = self.0.get_mut(place) {
            *done = true;
        }
        let mut upto = None;
        while let Some((number, true)) = self.0.front() {
            upto = Some(*number);
            self.0.pop_front();
        }
        upto
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_waits_for_the_lowest_line_whose_facts_are_owed() {
        let mut owed = Owed::default();
        for number in [3, 4, 7] {
            owed.begin(number);
        }
        assert_eq!(owed.end(4), None);
        assert_eq!(owed.end(7), None);
        assert_eq!(owed.end(3), Some(7));
    }

    #[test]
    fn the_mark_does_not_pass_a_line_that_is_only_buffered() {
        let folder = tempfile::TempDir::new().unwrap();
        let clock = Clock::begin();
        let log = tollgate_audit::Journal::open(folder.path(), clock.now().wall).unwrap();
        let mark = LaneMark::default();
        let journal = Journal::new(log.lane("w0").unwrap(), None, mark.clone(), clock);
        let now = clock.now().wall;
        let id = tollgate_model::RequestId::new(now, [0; 10]);
        journal.append(&Record::new(now, tollgate_audit::Kind::Request, id)).needs_no_waiting();
        assert_eq!(mark.upto(), 0);
        journal.finish().unwrap();
        assert_eq!(mark.upto(), 1);
    }
}
