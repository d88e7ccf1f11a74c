//! The open loop: requests begin when they are due, whoever has answered by then.
//!
//! A latency counts from the instant at which the request was due, not from when a connection was free for it: a contestant
//! that stalls is charged for everyone who would have come meanwhile (no coordinated omission).

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use mio::net::TcpStream;
use mio::{Events, Poll, Token};

use super::answer::Answer;
use super::line::connect;
use super::request::{Keys, Mix};
use super::{Took, now};

/// How long the reader waits before it looks whether it is over.
const LOOK: Duration = Duration::from_millis(50);
/// What is still owed that long after the last request was due will not come.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends so many requests a second for so long, submissions and what polls they are given, over connections that are open.
pub(crate) fn drive(address: SocketAddr, keys: &Keys, mix: Mix, connections: usize, rate: f64, time: Duration) -> Result<Took> {
    let mut poll = Poll::new()?;
    let streams = (0..connections).map(|number| connect(address, Token(number), poll.registry())).collect::<Result<Vec<_>>>()?;
    let desk = Desk { idle: (0..connections).collect(), flights: (0..connections).map(|_| None).collect(), ..Desk::default() };
    let office = Office { keys, mix, streams: &streams, desk: Mutex::new(desk) };
    thread::scope(|scope| {
        let sender = scope.spawn(|| office.send_when_due(rate, time));
        let took = office.read_answers(&mut poll);
        sender.join().map_err(|_| anyhow::anyhow!("the sender ended by a fault of its own"))??;
        took
    })
}

struct Office<'a> {
    keys: &'a Keys,
    mix: Mix,
    streams: &'a [TcpStream],
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    /// Connections on which nothing is under way.
    idle: Vec<usize>,
    /// When the request on each connection was due, and the key's number if it is a submission.
    flights: Vec<Option<(Instant, Option<usize>)>>,
    /// Requests that were due when no connection was free.
    late: VecDeque<Instant>,
    /// Polls of tasks that were bought, written out.
    polls: VecDeque<Vec<u8>>,
    submitted: usize,
    /// Set by the sender behind its last request.
    ended: Option<Instant>,
}

impl Office<'_> {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send_when_due(&self, rate: f64, time: Duration) -> Result<()> {
        let began = now();
        let mut sent = 0_u32;
        loop {
            let after = Duration::from_secs_f64(f64::from(sent) / rate);
            if after >= time {
                break;
            }
            let due = began + after;
            thread::sleep(due.saturating_duration_since(now()));
            let mut desk = self.desk();
            match desk.idle.pop() {
                Some(line) => self.send(&mut desk, line, due)?,
                None => desk.late.push_back(due),
            }
            sent += 1;
        }
        self.desk().ended = Some(now());
        Ok(())
    }

    /// A poll if one is owed, else a submission.
    fn send(&self, desk: &mut Desk, line: usize, due: Instant) -> Result<()> {
        let Some(mut stream) = self.streams.get(line) else { return Ok(()) };
        let poll = desk.polls.pop_front();
        let key = poll.is_none().then(|| {
            desk.submitted += 1;
            desk.submitted
        });
        if let Some(flight) = desk.flights.get_mut(line) {
            *flight = Some((due, key));
        }
        let request = poll.as_deref().unwrap_or_else(|| self.keys.submission(desk.submitted, self.mix));
        ensure!(stream.write(request)? == request.len(), "a request did not fit into the socket");
        Ok(())
    }

    fn read_answers(&self, poll: &mut Poll) -> Result<Took> {
        let mut took = Took::default();
        let mut events = Events::with_capacity(self.streams.len());
        let mut inboxes = vec![Vec::with_capacity(4096); self.streams.len()];
        loop {
            match poll.poll(&mut events, Some(LOOK)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                let Token(line) = event.token();
                if let (Some(stream), Some(inbox)) = (self.streams.get(line), inboxes.get_mut(line)) {
                    let ended = read(stream, inbox)?;
                    ensure!(!(ended && inbox.is_empty() && self.is_asked(line)), "the connection was closed under load");
                    self.answered(line, inbox, &mut took)?;
                }
            }
            let desk = self.desk();
            if took.wrong.is_some() && desk.ended.is_some() {
                return Ok(took.whole());
            }
            if let Some(ended) = desk.ended {
                if desk.late.is_empty() && desk.flights.iter().all(Option::is_none) {
                    return Ok(took.whole());
                }
                if now().duration_since(ended) > PATIENCE {
                    took.wrong =
                        Some(format!("nothing: {} requests were still owed {} seconds later", desk.late.len(), PATIENCE.as_secs()));
                    return Ok(took.whole());
                }
            }
        }
    }

    /// Whether an answer is owed on this connection; one that said that it ends may do so.
    fn is_asked(&self, line: usize) -> bool {
        self.desk().flights.get(line).is_some_and(Option::is_some)
    }

    fn answered(&self, line: usize, inbox: &mut Vec<u8>, took: &mut Took) -> Result<()> {
        let Some(answer) = Answer::read(inbox)? else { return Ok(()) };
        let mut desk = self.desk();
        let Some((due, key)) = desk.flights.get_mut(line).and_then(Option::take) else { return Ok(()) };
        took.answered(now().duration_since(due));
        let Some(task) = answer.yes() else {
            took.wrong = took.wrong.take().or_else(|| Some(String::from_utf8_lossy(inbox).into_owned()));
            return Ok(());
        };
        if let Some(key) = key.filter(|_| self.mix.polls() > 0) {
            let mut poll = Vec::with_capacity(256);
            self.keys.poll(key, task, &mut poll);
            desk.polls.extend([poll.clone(), poll]);
        }
        let closes = answer.closes;
        inbox.clear();
        // a connection that ends is not opened anew: there are more than are needed
        if closes {
            return Ok(());
        }
        if let Some(due) = desk.late.pop_front() {
            return self.send(&mut desk, line, due);
        }
        desk.idle.push(line);
        Ok(())
    }
}

/// Reads what is there; whether the other side has ended.
fn read(mut stream: &TcpStream, inbox: &mut Vec<u8>) -> Result<bool> {
    let mut block = [0; 4096];
    loop {
        match stream.read(&mut block) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            read => {
                let read = read?;
                if read == 0 {
                    return Ok(true);
                }
                inbox.extend_from_slice(block.get(..read).unwrap_or_default());
                if read < block.len() {
                    return Ok(false);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
