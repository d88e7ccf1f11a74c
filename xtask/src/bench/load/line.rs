//! One connection: what it sends next, what it waits for.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Result, ensure};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::answer::Answer;
use super::now;
use super::request::{Keys, Mix};

/// Longer than any answer here.
const INBOX: usize = 4096;

/// What is sent next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Submit,
    /// So many more of the task that was bought.
    Poll(u8),
}

/// A connection.
pub(crate) struct Line {
    address: SocketAddr,
    token: Token,
    stream: TcpStream,
    inbox: Vec<u8>,
    filled: usize,
    poll: Vec<u8>,
    under_way: bool,
    pub(crate) next: Next,
    /// The number of the key of the present task.
    pub(crate) key: usize,
    /// When the present request was sent.
    pub(crate) sent: Instant,
    /// The other side ends it: the gate does after a thousand requests, and says so.
    pub(crate) closing: bool,
}

impl Line {
    pub(crate) fn open(address: SocketAddr, number: usize, registry: &Registry) -> Result<Self> {
        let token = Token(number);
        let stream = connect(address, token, registry)?;
        let (inbox, poll) = (vec![0; INBOX], Vec::with_capacity(256));
        Ok(Self {
            address,
            token,
            stream,
            inbox,
            filled: 0,
            poll,
            under_way: false,
            next: Next::Submit,
            key: 0,
            sent: now(),
            closing: false,
        })
    }

    pub(crate) fn under_way(&self) -> bool {
        self.under_way
    }

    pub(crate) fn rest(&mut self) {
        self.under_way = false;
    }

    /// Sends the submission, or the poll that was written.
    pub(crate) fn send(&mut self, submission: Option<&[u8]>, now: Instant, registry: &Registry) -> Result<()> {
        if self.closing {
            self.stream = connect(self.address, self.token, registry)?;
            self.closing = false;
        }
        let request = submission.unwrap_or(&self.poll);
        ensure!(self.stream.write(request)? == request.len(), "a request did not fit into the socket");
        (self.sent, self.filled, self.under_way) = (now, 0, true);
        Ok(())
    }

    /// Reads what is there; whether it was anything.
    pub(crate) fn read(&mut self) -> Result<bool> {
        let mut any = false;
        loop {
            let room = self.inbox.get_mut(self.filled..).unwrap_or_default();
            let space = room.len();
            match self.stream.read(room) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(any),
                read => {
                    let read = read?;
                    ensure!(read > 0, "the connection was closed under load");
                    self.filled += read;
                    any = true;
                    // less than there was room for: the socket is empty (epoll(7), on streams)
                    if read < space {
                        return Ok(true);
                    }
                }
            }
        }
    }

    pub(crate) fn inbox(&self) -> &[u8] {
        self.inbox.get(..self.filled).unwrap_or_default()
    }

    /// Decides what follows the answer in the inbox.
    pub(crate) fn after(&mut self, keys: &Keys, mix: Mix) {
        self.next = match self.next {
            Next::Submit if mix.polls() > 0 => {
                if let Ok(Some(answer)) = Answer::read(self.inbox.get(..self.filled).unwrap_or_default()) {
                    keys.poll(self.key, answer.yes().unwrap_or_default(), &mut self.poll);
                }
                Next::Poll(mix.polls())
            }
            Next::Poll(left) if left > 1 => Next::Poll(left - 1),
            Next::Submit | Next::Poll(_) => Next::Submit,
        };
    }
}

/// Connects at once: on loopback nobody is waited for.
pub(crate) fn connect(address: SocketAddr, token: Token, registry: &Registry) -> Result<TcpStream> {
    let stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream);
    registry.register(&mut stream, token, Interest::READABLE)?;
    Ok(stream)
}
