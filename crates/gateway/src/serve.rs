//! How does a connection become arrivals and answers? Bytes in by the strict codec, one arrival at a time, answers in order.

use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use smallvec::SmallVec;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tollgate_model::Mono;
use tollgate_wire::{Decoder, FieldName, Method, Reject, RequestHead, encode, parse_head};

use crate::corridor;
use crate::deadline::{Elapsed, Slot};
use crate::fault::{self, Point};
use crate::me;
use crate::refusal::Reply;
use crate::room::listen::{self, Arrived, Entrance};
use crate::worker::Worker;

/// An idle connection is kept that long, and an answer must be taken within that time.
const IDLE_MS: u64 = 60_000;
/// A connection that has not sent a byte yet is kept that long.
const SILENT_MS: u64 = 10_000;
/// No body takes longer, however much of it has come.
const BODY_MOST_MS: u64 = 60_000;
const WRITE_MS: u64 = 15_000;
/// A connection ends after that many requests or that long (SECURITY.md, limits).
const MOST_REQUESTS: u32 = 1_000;
const OLD_MS: u64 = 600_000;
/// What an idle connection may keep of its buffers.
const KEPT: usize = 8 << 10;

/// Why a connection ended; each is ordinary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    ByPeer,
    TooSlow,
    Answered,
}

/// Why a body was not read.
enum Unread {
    /// It is no body.
    Rejected(Reject),
    /// The gate has no room for it.
    NoRoom,
}

/// A client's connection: its buffers and the slot for its deadlines. It remembers its peer and nothing else.
struct Client<S> {
    stream: S,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    body: Vec<u8>,
    slot: Rc<Slot>,
    began: Mono,
    /// Whether it has been answered once.
    served: bool,
}

/// Serves a connection until it ends.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(worker: Rc<Worker>, entrance: Rc<Entrance>, stream: S, peer: IpAddr) {
    let now = worker.now();
    let slot = worker.deadlines.slot();
    let mut client =
        Client { stream, inbox: Vec::with_capacity(2048), outbox: Vec::new(), body: Vec::new(), slot, began: now.mono, served: false };
    for served in 1..=MOST_REQUESTS {
        if client.one(&worker, &entrance, peer, served == MOST_REQUESTS).await.is_err() {
            break;
        }
    }
    // an orderly end, so that the answer's last bytes are not lost to a reset
    let shutdown = pin!(client.stream.shutdown());
    let _ = client.slot.until(worker.lately().mono.plus_millis(1_000), shutdown).await;
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Reads one request whole, walks it, writes its answer.
    async fn one(&mut self, worker: &Worker, entrance: &Entrance, peer: IpAddr, last: bool) -> Result<(), Ended> {
        let (head, length) = match self.head(worker).await? {
            Ok(parsed) => parsed,
            Err(reject) => return self.turn_away(worker, peer, reject).await,
        };
        // kept until the answer is written: the buffers it stands for are in use as long
        let mut budget = listen::BodyBudget::new(worker);
        let consumed = match self.read_body(worker, &head, length, &mut budget).await? {
            Ok(consumed) => consumed,
            Err(Unread::Rejected(reject)) => return self.turn_away(worker, peer, reject).await,
            Err(Unread::NoRoom) => {
                let reply = listen::overloaded(worker, entrance, peer, &head, self.inbox.get(..length).unwrap_or_default());
                self.answer(worker, &reply, false).await?;
                return Err(Ended::Answered);
            }
        };
        let bytes = self.inbox.get(..length).unwrap_or_default();
        let mut reply = match listen::arrive(worker, entrance, peer, &head, bytes, &self.body) {
            Arrived::Call(arrival) => corridor::walk(worker, arrival).await,
            Arrived::Me(asking) => me::answer(worker, asking).await,
            Arrived::Answered(reply) => reply,
        };
        self.inbox.drain(..consumed);
        let old = worker.lately().mono.millis_since(self.began) > OLD_MS;
        reply.close |= last || old || !head.keep_alive || worker.gate.draining.load(Ordering::Relaxed);
        let ends = reply.close;
        self.answer(worker, &reply, head.method == Method::Head).await?;
        fault::point(Point::Answered);
        worker.give_body(reply.body);
        self.shrink();
        self.served = true;
        drop(budget);
        if ends { Err(Ended::Answered) } else { Ok(()) }
    }

    async fn head(&mut self, worker: &Worker) -> Result<Result<(RequestHead, usize), Reject>, Ended> {
        let (limits, within) = (&worker.gate.settings.limits, worker.gate.settings.within);
        let waited_from = worker.lately().mono;
        let patience = match (self.inbox.is_empty(), self.served) {
            (false, _) => within.head_ms,
            (true, false) => SILENT_MS,
            (true, true) => IDLE_MS,
        };
        let mut deadline = waited_from.plus_millis(patience);
        loop {
            match parse_head(&self.inbox, limits) {
                Ok(Some(parsed)) => return Ok(Ok(parsed)),
                Ok(None) => {}
                Err(reject) => return Ok(Err(reject)),
            }
            let idle = self.inbox.is_empty();
            self.slot.set_idle(idle);
            let read = self.read(deadline).await;
            self.slot.set_idle(false);
            read?;
            if idle {
                deadline = worker.lately().mono.plus_millis(within.head_ms);
            }
        }
    }

    /// Reads the body into `self.body`; the bytes of head and body together are then consumed.
    async fn read_body(
        &mut self,
        worker: &Worker,
        head: &RequestHead,
        length: usize,
        budget: &mut listen::BodyBudget<'_>,
    ) -> Result<Result<usize, Unread>, Ended> {
        self.body.clear();
        let limit = listen::body_limit(head.path.of(&self.inbox), worker.gate.settings.limits.body);
        let mut decoder = match Decoder::new(head.framing, limit) {
            Ok(decoder) => decoder,
            Err(reject) => return Ok(Err(Unread::Rejected(reject))),
        };
        if decoder.is_done() {
            return Ok(Ok(length));
        }
        if head.expects_continue && self.inbox.len() == length {
            self.write_all(worker, b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let began = worker.lately().mono;
        let mut consumed = length;
        loop {
            let rest = self.inbox.get(consumed..).unwrap_or_default();
            match decoder.push(rest, &mut self.body) {
                Err(reject) => return Ok(Err(Unread::Rejected(reject))),
                Ok(progress) => consumed += progress.used,
            }
            if !budget.cover(self.body.len()) {
                return Ok(Err(Unread::NoRoom));
            }
            if decoder.is_done() {
                return Ok(Ok(consumed));
            }
            // the decoded bytes are in `body`: the inbox keeps the head, which the arrival borrows
            self.inbox.truncate(length);
            consumed = length;
            let kibibytes = self.body.len() as u64 / 1024;
            // a KiB a second is enough, once the first stretch is over
            let within =
                (worker.gate.settings.within.body_ms + kibibytes * 1_000).min(BODY_MOST_MS.max(worker.gate.settings.within.body_ms));
            self.read(began.plus_millis(within)).await?;
        }
    }

    async fn read(&mut self, deadline: Mono) -> Result<(), Ended> {
        let reading = pin!(self.stream.read_buf(&mut self.inbox));
        match self.slot.until(deadline, reading).await {
            Ok(Ok(0) | Err(_)) => Err(Ended::ByPeer),
            Ok(Ok(_)) => Ok(()),
            Err(Elapsed) => Err(Ended::TooSlow),
        }
    }

    /// Answers what was not a request in bare HTTP and ends the connection: the bytes behind it mean nothing.
    async fn turn_away(&mut self, worker: &Worker, peer: IpAddr, reject: Reject) -> Result<(), Ended> {
        let reply = listen::reject(worker, peer, reject);
        self.answer(worker, &reply, false).await?;
        Err(Ended::Answered)
    }

    async fn answer(&mut self, worker: &Worker, reply: &Reply, head_only: bool) -> Result<(), Ended> {
        let mut outbox = std::mem::take(&mut self.outbox);
        outbox.clear();
        reply.write(&mut outbox, head_only);
        let written = self.write_all(worker, &outbox).await;
        self.outbox = outbox;
        written
    }

    async fn write_all(&mut self, worker: &Worker, bytes: &[u8]) -> Result<(), Ended> {
        let deadline = worker.lately().mono.plus_millis(WRITE_MS);
        let writing = pin!(self.stream.write_all(bytes));
        match self.slot.until(deadline, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ended::ByPeer),
            Err(Elapsed) => Err(Ended::TooSlow),
        }
    }

    /// What an idle connection keeps is small, whatever the last request brought.
    fn shrink(&mut self) {
        self.body.clear();
        self.outbox.clear();
        for buffer in [&mut self.inbox, &mut self.outbox, &mut self.body] {
            if buffer.capacity() > KEPT && buffer.len() < KEPT {
                buffer.shrink_to(KEPT);
            }
        }
    }
}

/// A reply as bytes.
impl Reply {
    pub(crate) fn write(&self, out: &mut Vec<u8>, head_only: bool) {
        let id = self.id.text();
        let mut wait = itoa::Buffer::new();
        let mut headers: SmallVec<[(FieldName, &[u8]); 6]> = SmallVec::new();
        headers.push((const { FieldName::new("Content-Type") }, self.content_type.as_bytes()));
        headers.push((const { FieldName::new("Cache-Control") }, b"no-store"));
        if self.any_origin {
            headers.push((const { FieldName::new("Access-Control-Allow-Origin") }, b"*"));
        }
        if let Some(code) = self.denied {
            headers.push((const { FieldName::new("Tollgate-Denied") }, code.as_bytes()));
        }
        headers.push((const { FieldName::new("Tollgate-Request-Id") }, &id));
        if let Some(seconds) = self.retry_after_s {
            headers.push((const { FieldName::new("Retry-After") }, wait.format(seconds).as_bytes()));
        }
        let written = encode::response(out, self.status, &headers, &self.body, !self.close, head_only);
        debug_assert!(written.is_ok(), "every header value above is ours");
    }
}
