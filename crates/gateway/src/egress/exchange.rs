//! What came back? One request out, one answer in, each step with its deadline and its limit; never sent twice.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tollgate_model::{Mono, wipe};
use tollgate_wire::{AnswerFraming, Decoder, Framing, Limits, Reject, ResponseHead, parse_response_head};

use super::connection::Connection;
use crate::deadline::Slot;
use crate::fault::{self, Point};
use crate::settings::Timeouts;

/// Interim answers (1xx) borne before the real one.
const MOST_INTERIM: usize = 4;

/// Sent, perhaps in part, and no usable answer: whether it was worked on is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lost {
    #[error("the provider closed the connection without an answer")]
    Closed,
    #[error("the provider's answer took too long")]
    Slow,
    #[error("the provider's answer broke off")]
    Cut,
    #[error("the provider's answer is too large")]
    TooLarge,
    #[error("the provider's answer is malformed: {0}")]
    Malformed(#[from] tollgate_wire::ResponseError),
    #[error("the provider's answer is malformed: {0}")]
    Chunks(Reject),
    #[error("the connection to the provider broke")]
    Broken,
}

impl From<Reject> for Lost {
    fn from(reject: Reject) -> Self {
        if reject == Reject::BodyTooLarge { Self::TooLarge } else { Self::Chunks(reject) }
    }
}

/// A whole answer, with its bytes in the buffers handed in.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) head: ResponseHead,
    /// Whether the connection is clean: everything read, nothing left over, both sides willing.
    pub(crate) reusable: bool,
}

/// Reused buffers of one exchange.
#[derive(Default)]
pub(crate) struct Scratch {
    /// The request as the dialect encodes it.
    pub(crate) outgoing: tollgate_dialect::Outgoing,
    /// The request's bytes, the real key among them: wiped after sending.
    pub(crate) request: Vec<u8>,
    /// The head's bytes as they came.
    pub(crate) head: Vec<u8>,
    /// The body, framing removed.
    pub(crate) body: Vec<u8>,
}

impl Scratch {
    /// Wipes what holds the real key.
    pub(crate) fn wipe(&mut self) {
        wipe(&mut self.outgoing.target);
        wipe(&mut self.outgoing.authorization);
        wipe(&mut self.outgoing.body);
        wipe(&mut self.request);
    }
}

impl Drop for Scratch {
    /// An exchange that is dropped in the middle leaves no key in freed memory either.
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Sends `scratch.request` and reads the answer into `scratch.head` and `scratch.body`.
pub(crate) async fn exchange(connection: &mut Connection, scratch: &mut Scratch, began: Mono, within: Timeouts) -> Result<Received, Lost> {
    let slot = &*connection.slot.clone();
    let (answer_by, whole_by) = (began.plus_millis(within.answer_ms), began.plus_millis(within.call_ms));
    scratch.head.clear();
    scratch.body.clear();
    let sending = std::pin::pin!(connection.stream.write_all(&scratch.request));
    slot.until(answer_by, sending).await.map_err(|_| Lost::Slow)?.map_err(|_| Lost::Broken)?;
    fault::point(Point::BytesSent);
    let head = read_head(connection, scratch, slot, answer_by).await?;
    let surplus = read_body(connection, scratch, &head, slot, whole_by).await?;
    if let Some(seconds) = head.keep_alive_s {
        // a second earlier than the hint: the provider's clock decides, and its close crosses our request
        connection.idle_ms = connection.idle_ms.min(seconds.saturating_sub(1).saturating_mul(1000));
    }
    let reusable = head.keep_alive && !surplus;
    Ok(Received { head, reusable })
}

/// Leaves the head in `scratch.head` and what came behind it in `scratch.body`, undecoded.
async fn read_head(connection: &mut Connection, scratch: &mut Scratch, slot: &Slot, deadline: Mono) -> Result<ResponseHead, Lost> {
    let mut interim = 0;
    loop {
        if let Some((head, length)) = parse_response_head(&scratch.head, &Limits::ANSWER)? {
            if !head.is_interim() {
                scratch.body.extend_from_slice(scratch.head.get(length..).unwrap_or_default());
                scratch.head.truncate(length);
                return Ok(head);
            }
            interim += 1;
            if interim > MOST_INTERIM {
                return Err(Lost::Malformed(tollgate_wire::ResponseError::HeadTooLarge));
            }
            scratch.head.drain(..length);
            continue;
        }
        let reading = std::pin::pin!(connection.stream.read_buf(&mut scratch.head));
        match slot.until(deadline, reading).await.map_err(|_| Lost::Slow)? {
            Ok(0) if scratch.head.is_empty() => return Err(Lost::Closed),
            Ok(0) => return Err(Lost::Cut),
            Ok(_) => {}
            Err(_) => return Err(Lost::Broken),
        }
    }
}

/// Decodes the body into `scratch.body`; says whether bytes came behind its end.
async fn read_body(
    connection: &mut Connection,
    scratch: &mut Scratch,
    head: &ResponseHead,
    slot: &Slot,
    deadline: Mono,
) -> Result<bool, Lost> {
    let raw = std::mem::take(&mut scratch.body);
    let framing = match head.framing {
        AnswerFraming::None => return Ok(!raw.is_empty()),
        AnswerFraming::Length(length) => Framing::Length(length),
        AnswerFraming::Chunked => Framing::Chunked,
        AnswerFraming::UntilClose => {
            scratch.body = raw;
            return until_close(connection, scratch, slot, deadline).await;
        }
    };
    let mut decoder = Decoder::new(framing, Limits::ANSWER.body)?;
    let progress = decoder.push(&raw, &mut scratch.body)?;
    let mut surplus = progress.used < raw.len();
    let mut raw = raw;
    while !decoder.is_done() {
        raw.clear();
        let reading = std::pin::pin!(connection.stream.read_buf(&mut raw));
        match slot.until(deadline, reading).await.map_err(|_| Lost::Slow)? {
            Ok(0) => return Err(Lost::Cut),
            Ok(_) => {}
            Err(_) => return Err(Lost::Broken),
        }
        let progress = decoder.push(&raw, &mut scratch.body)?;
        surplus = progress.used < raw.len();
    }
    Ok(surplus)
}

async fn until_close(connection: &mut Connection, scratch: &mut Scratch, slot: &Slot, deadline: Mono) -> Result<bool, Lost> {
    loop {
        if scratch.body.len() as u64 > Limits::ANSWER.body {
            return Err(Lost::TooLarge);
        }
        let reading = std::pin::pin!(connection.stream.read_buf(&mut scratch.body));
        match slot.until(deadline, reading).await.map_err(|_| Lost::Slow)? {
            Ok(0) => return Ok(false),
            Ok(_) => {}
            Err(_) => return Err(Lost::Broken),
        }
    }
}
