//! The load: keep-alive connections in one thread, each sending its next request when the last one is answered.
//!
//! Requests are written before and nothing is allocated on the way, so that the driver takes little of the machine beside what
//! it drives; how busy it was is measured with every slice.

mod answer;
mod line;
pub(crate) mod open;
pub(crate) mod request;

use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use mio::{Events, Poll, Token};

use self::answer::Answer;
use self::line::{Line, Next};
use self::request::{Keys, Mix};

/// Nothing that is measured takes that long.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it is driven.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// Requests begin until then.
    Over(Duration),
    /// So many submissions, each with its polls.
    Submitted(usize),
    /// Each key was used once, and at least that long.
    EachKeyOnce(Duration),
}

/// What a stretch of load brought.
#[derive(Default)]
pub(crate) struct Took {
    pub(crate) requests: u32,
    /// The first answer that was none.
    pub(crate) wrong: Option<String>,
    pub(crate) latencies: Vec<Duration>,
}

impl Took {
    /// The latency that so many in a hundred requests did not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * percent / 100).copied().unwrap_or_default()
    }

    /// Over: latencies are put in their order.
    pub(super) fn whole(mut self) -> Self {
        self.latencies.sort_unstable();
        self
    }

    pub(super) fn answered(&mut self, latency: Duration) {
        self.requests += 1;
        self.latencies.push(latency);
    }
}

/// Open connections to one address.
pub(crate) struct Load<'k> {
    keys: &'k Keys,
    mix: Mix,
    poll: Poll,
    events: Events,
    lines: Vec<Line>,
    /// Submissions so far: keys are used in turn.
    submitted: usize,
}

impl<'k> Load<'k> {
    /// Connects.
    pub(crate) fn open(address: SocketAddr, keys: &'k Keys, mix: Mix, connections: usize) -> Result<Self> {
        let poll = Poll::new()?;
        let lines = (0..connections).map(|number| Line::open(address, number, poll.registry())).collect::<Result<_>>()?;
        Ok(Self { keys, mix, poll, events: Events::with_capacity(connections.max(16)), lines, submitted: 0 })
    }

    /// Drives all connections, and waits for the last answer.
    pub(crate) fn drive(&mut self, until: Until) -> Result<Took> {
        self.drive_some(0..self.lines.len(), until)
    }

    /// One submission, with its polls, over one connection after the other: then all are open and idle.
    pub(crate) fn touch_each(&mut self) -> Result<Took> {
        let mut all = Took::default();
        for line in 0..self.lines.len() {
            let took = self.drive_some(line..line + 1, Until::Submitted(1))?;
            all.requests += took.requests;
            all.wrong = all.wrong.or(took.wrong);
        }
        Ok(all)
    }

    fn drive_some(&mut self, some: Range<usize>, until: Until) -> Result<Took> {
        let (began, from) = (now(), self.submitted);
        let mut stretch = Stretch { keys: self.keys, mix: self.mix, until, began, from, submitted: from, took: Took::default() };
        let mut under_way = 0;
        for line in self.lines.get_mut(some).unwrap_or_default() {
            under_way += usize::from(stretch.begin(line, began, self.poll.registry())?);
        }
        while under_way > 0 {
            match self.poll.poll(&mut self.events, Some(PATIENCE)) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            ensure!(!self.events.is_empty(), "no answer within {} seconds", PATIENCE.as_secs());
            for event in &self.events {
                let Token(number) = event.token();
                let Some(line) = self.lines.get_mut(number) else { continue };
                if line.under_way() && line.read()? {
                    under_way -= usize::from(!stretch.answered(line, self.poll.registry())?);
                }
            }
        }
        self.submitted = stretch.submitted;
        Ok(stretch.took.whole())
    }
}

/// One stretch of load.
struct Stretch<'k> {
    keys: &'k Keys,
    mix: Mix,
    until: Until,
    began: Instant,
    from: usize,
    submitted: usize,
    took: Took,
}

impl Stretch<'_> {
    /// Sends the line's next request, if there is to be another.
    fn begin(&mut self, line: &mut Line, now: Instant, registry: &mio::Registry) -> Result<bool> {
        if self.over(line, now) || self.took.wrong.is_some() {
            line.rest();
            return Ok(false);
        }
        let submission = match line.next {
            Next::Poll(_) => None,
            Next::Submit => {
                line.key = self.submitted;
                self.submitted += 1;
                Some(self.keys.submission(line.key, self.mix))
            }
        };
        line.send(submission, now, registry)?;
        Ok(true)
    }

    /// Reads the answer and goes on; whether another request is under way.
    fn answered(&mut self, line: &mut Line, registry: &mio::Registry) -> Result<bool> {
        let now = now();
        let Some(answer) = Answer::read(line.inbox())? else { return Ok(true) };
        self.took.answered(now.duration_since(line.sent));
        let right = answer.yes().is_some() != (self.mix == Mix::Stranger);
        if !right && self.took.wrong.is_none() {
            // with its head: a refusal's code stands there
            self.took.wrong = Some(String::from_utf8_lossy(line.inbox()).into_owned());
        }
        let closes = answer.closes;
        line.after(self.keys, self.mix);
        line.closing = closes;
        self.begin(line, now, registry)
    }

    fn over(&self, line: &Line, now: Instant) -> bool {
        let done = self.submitted - self.from;
        match self.until {
            Until::Over(time) => now.duration_since(self.began) >= time,
            Until::Submitted(most) => line.next == Next::Submit && done >= most,
            Until::EachKeyOnce(least) => line.next == Next::Submit && done >= self.keys.len() && now.duration_since(self.began) >= least,
        }
    }
}

/// The clock of measurements.
#[expect(clippy::disallowed_methods, reason = "a measurement is of real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
