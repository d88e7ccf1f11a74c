//! What does passing bytes on cost, and nothing else? A proxy that copies both ways and looks at nothing: no gate can be cheaper.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::{Context, Result};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::repository::Repository;

/// As many as the other contestants have.
const WORKERS: usize = 2;
/// One read takes what it finds, up to this.
const BLOCK: usize = 16 << 10;
/// New connections that wait for their worker.
const WAITING: usize = 1024;
/// Wakes a worker for a new connection; connections count from 0.
const NEW: Token = Token(usize::MAX);

/// Copies between `LISTEN` and `UPSTREAM` until it is killed.
pub(crate) fn run(_at: &Repository, words: &[String]) -> Result<()> {
    let [listen, upstream] = words else { anyhow::bail!("it takes two addresses\nhint: `cargo xtask floor LISTEN UPSTREAM`") };
    let listener = TcpListener::bind(listen.parse::<SocketAddr>()?).with_context(|| format!("cannot listen at {listen}"))?;
    serve(&listener, upstream.parse()?)
}

fn serve(listener: &TcpListener, upstream: SocketAddr) -> Result<()> {
    let workers = (0..WORKERS).map(|_| Desk::open(upstream)).collect::<Result<Vec<_>>>()?;
    // in turn, so that both have the same work
    for (stream, worker) in listener.incoming().zip(workers.iter().cycle()) {
        worker.give(stream?)?;
    }
    Ok(())
}

/// Where a worker is given its connections.
struct Desk {
    new: SyncSender<std::net::TcpStream>,
    waker: Arc<Waker>,
}

impl Desk {
    fn open(upstream: SocketAddr) -> Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), NEW)?);
        let (new, given) = sync_channel(WAITING);
        let worker = Worker { poll, given, upstream, pairs: HashMap::new(), next: 0 };
        thread::Builder::new().name("floor".to_owned()).spawn(move || worker.work())?;
        Ok(Self { new, waker })
    }

    fn give(&self, stream: std::net::TcpStream) -> Result<()> {
        self.new.send(stream).context("a worker has ended")?;
        Ok(self.waker.wake()?)
    }
}

struct Worker {
    poll: Poll,
    given: Receiver<std::net::TcpStream>,
    upstream: SocketAddr,
    /// By their number; a client's end is the token twice that, its upstream's one more.
    pairs: HashMap<usize, [End; 2]>,
    next: usize,
}

/// One side of a connection, and what could not be written to it yet.
struct End {
    stream: TcpStream,
    unwritten: Vec<u8>,
}

impl Worker {
    fn work(mut self) -> Result<()> {
        let mut events = Events::with_capacity(256);
        let mut block = vec![0; BLOCK];
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                let Token(end) = event.token();
                if event.token() == NEW {
                    self.take_new()?;
                } else if self.pairs.get_mut(&(end / 2)).is_some_and(|pair| turn(pair, end % 2, &mut block).is_err()) {
                    self.pairs.remove(&(end / 2));
                }
            }
        }
    }

    fn take_new(&mut self) -> Result<()> {
        while let Ok(client) = self.given.try_recv() {
            let upstream = std::net::TcpStream::connect(self.upstream)?;
            let pair = [self.end(client, 0)?, self.end(upstream, 1)?];
            self.pairs.insert(self.next, pair);
            self.next += 1;
        }
        Ok(())
    }

    fn end(&self, stream: std::net::TcpStream, side: usize) -> Result<End> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        self.poll.registry().register(&mut stream, Token(self.next * 2 + side), Interest::READABLE | Interest::WRITABLE)?;
        Ok(End { stream, unwritten: Vec::new() })
    }
}

/// An end is ready: what waited for it is written, what it says is passed on. An error is the connection's end.
fn turn(pair: &mut [End; 2], side: usize, block: &mut [u8]) -> io::Result<()> {
    let [client, upstream] = pair;
    let (this, other) = if side == 0 { (client, upstream) } else { (upstream, client) };
    if !this.unwritten.is_empty() {
        let waiting = std::mem::take(&mut this.unwritten);
        this.write(&waiting)?;
        // the other was not read while this one was full, and will not be told of again
        pass(other, this, block)?;
    }
    pass(this, other, block)
}

fn pass(from: &mut End, to: &mut End, block: &mut [u8]) -> io::Result<()> {
    while to.unwritten.is_empty() {
        let read = match from.stream.read(block) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            read => read?,
        };
        to.write(block.get(..read).unwrap_or_default())?;
        // less than there was room for: the socket is empty (epoll(7), on streams)
        if read < block.len() {
            return Ok(());
        }
    }
    Ok(())
}

impl End {
    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                written => bytes = bytes.get(written?..).unwrap_or_default(),
            }
        }
        self.unwritten.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
