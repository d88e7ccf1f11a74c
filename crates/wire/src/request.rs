//! What does the client ask? A request's head, read strictly into offsets; nothing is allocated.

use crate::fields::{self, Field, Span};
use crate::limits::Limits;
use crate::reject::Reject;

mod host;
mod line;
mod meaning;

/// The methods served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// HEAD
    Head,
    /// OPTIONS
    Options,
}

/// Where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// After that many bytes, at least one.
    Length(u64),
    /// After the last chunk.
    Chunked,
}

const MOST_HEADERS: usize = 64;

/// A request's head, as offsets into the bytes it was parsed from.
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// The method.
    pub method: Method,
    /// The path, beginning with `/`: unreserved characters, sub-delimiters and `%`, as sent.
    pub path: Span,
    /// The query without its `?`, as sent; empty when there is none.
    pub query: Span,
    /// HTTP/1.0.
    pub old_version: bool,
    /// The Host header (an absolute target's authority agrees with it); empty only with HTTP/1.0.
    pub host: Span,
    /// Content-Type.
    pub content_type: Option<Span>,
    /// Authorization.
    pub authorization: Option<Span>,
    /// Idempotency-Key, said once.
    pub idempotency_key: Option<Span>,
    /// User-Agent, the first.
    pub user_agent: Option<Span>,
    /// Where the body ends.
    pub framing: Framing,
    /// Whether the client waits for `100 Continue`; never without a body or with HTTP/1.0.
    pub expects_continue: bool,
    /// Whether the connection may go on after the answer.
    pub keep_alive: bool,
    lines: [(Span, Span); MOST_HEADERS],
    count: usize,
}

impl RequestHead {
    /// What the request line says; the header lines say the rest.
    fn begin(line: &line::RequestLine) -> Self {
        Self {
            method: line.method,
            path: line.path,
            query: line.query,
            old_version: line.old_version,
            host: Span::default(),
            content_type: None,
            authorization: None,
            idempotency_key: None,
            user_agent: None,
            framing: Framing::None,
            expects_continue: false,
            keep_alive: false,
            lines: [(Span::default(), Span::default()); MOST_HEADERS],
            count: 0,
        }
    }

    /// All header lines in order, names as they were sent.
    pub fn headers<'a>(&'a self, head: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.lines.iter().take(self.count).map(move |(name, value)| (name.of(head), value.of(head)))
    }

    /// The values of one header in order; the name is compared without case, `_` is not `-`.
    pub fn values<'a>(&'a self, head: &'a [u8], wanted: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers(head).filter(move |(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes())).map(|(_, value)| value)
    }
}

/// Parses a head from the start of `bytes`: the head and its length, or nothing while more bytes are needed.
///
/// Lines are read in order and judged byte by byte, so that an unfinished head is refused for the same reason as the whole one,
/// and as soon as that reason has been received.
pub fn parse_head(bytes: &[u8], limits: &Limits) -> Result<Option<(RequestHead, usize)>, Reject> {
    let (seen, full) = limits.window(bytes);
    let unfinished = || if full { Err(Reject::HeadTooLarge) } else { Ok(None) };
    let Some(first) = line::request_line(seen, limits)? else { return unfinished() };
    let mut parsed = RequestHead::begin(&first);
    let mut facts = meaning::Facts::default();
    let mut at = first.next;
    loop {
        if parsed.count >= limits.headers.min(MOST_HEADERS) && seen.get(at).is_some_and(|byte| *byte != b'\r') {
            return Err(Reject::HeadTooLarge);
        }
        match fields::field_at(seen, at).map_err(|_| Reject::Header)? {
            Field::More => return unfinished(),
            Field::End(length) => {
                facts.conclude(&mut parsed, first.authority, seen)?;
                return Ok(Some((parsed, length)));
            }
            Field::Line { name, value, next } => {
                facts.note(&mut parsed, name.of(seen), value, seen)?;
                *parsed.lines.get_mut(parsed.count).ok_or(Reject::HeadTooLarge)? = (name, value);
                parsed.count += 1;
                at = next;
            }
        }
    }
}
