//! What does the provider answer? An answer's head, read as strictly as a request's.

use crate::fields::{self, Field, Span};
use crate::limits::Limits;

mod meaning;

/// Where the answer's body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFraming {
    /// There is none.
    None,
    /// After that many bytes, at least one.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// When the provider closes; the connection cannot be used again, and a cut cannot be told from an end.
    UntilClose,
}

/// An answer that cannot be trusted; its connection is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// The status line is malformed.
    #[error("the provider's status line is malformed")]
    StatusLine,
    /// A header line is malformed.
    #[error("a header line of the provider is malformed")]
    Header,
    /// More header lines or bytes than the limit.
    #[error("the provider's head is too large")]
    HeadTooLarge,
    /// The length is ambiguous.
    #[error("the length of the provider's answer is ambiguous")]
    Framing,
    /// A protocol switch nobody asked for.
    #[error("the provider switched protocols unasked")]
    Switch,
    /// A coded body although `identity` was asked for.
    #[error("the provider's answer is coded although it was asked not to be")]
    Coding,
}

/// The head of an answer to GET or POST; HEAD, whose answers measure a body they do not have, is never sent to a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status, 100 to 599.
    pub status: u16,
    /// Where the body ends.
    pub framing: AnswerFraming,
    /// Content-Type, the first.
    pub content_type: Option<Span>,
    /// Whether the connection may be used again.
    pub keep_alive: bool,
    /// Seconds that the provider keeps it open, by its Keep-Alive hint.
    pub keep_alive_s: Option<u64>,
    /// The offset behind the status line.
    fields_at: usize,
}

impl ResponseHead {
    /// Whether it announces another head (1xx).
    pub const fn is_interim(&self) -> bool {
        self.status < 200
    }

    /// All header lines in order, names as they were sent.
    pub fn headers<'a>(&self, head: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut at = self.fields_at;
        std::iter::from_fn(move || match fields::field_at(head, at) {
            Ok(Field::Line { name, value, next }) => {
                at = next;
                Some((name.of(head), value.of(head)))
            }
            Ok(Field::More | Field::End(_)) | Err(_) => None,
        })
    }

    /// The values of one header in order; the name is compared without case.
    pub fn values<'a>(&self, head: &'a [u8], wanted: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers(head).filter(move |(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes())).map(|(_, value)| value)
    }
}

/// Parses a head from the start of `bytes`: the head and its length, or nothing while more bytes are needed. An unfinished head
/// is refused for the same reason as the whole one, as soon as that reason has been received.
pub fn parse_response_head(bytes: &[u8], limits: &Limits) -> Result<Option<(ResponseHead, usize)>, ResponseError> {
    let (seen, full) = limits.window(bytes);
    let unfinished = || if full { Err(ResponseError::HeadTooLarge) } else { Ok(None) };
    let Some(line) = status_line(seen)? else { return unfinished() };
    let mut facts = meaning::Facts::default();
    let (mut at, mut count) = (line.next, 0);
    loop {
        if count >= limits.headers && seen.get(at).is_some_and(|byte| *byte != b'\r') {
            return Err(ResponseError::HeadTooLarge);
        }
        match fields::field_at(seen, at).map_err(|_| ResponseError::Header)? {
            Field::More => return unfinished(),
            Field::End(length) => return Ok(Some((facts.conclude(&line)?, length))),
            Field::Line { name, value, next } => {
                facts.note(name.of(seen), value, seen)?;
                count += 1;
                at = next;
            }
        }
    }
}

struct StatusLine {
    status: u16,
    old_version: bool,
    /// The offset behind the line.
    next: usize,
}

/// `HTTP/1.x NNN reason`; the reason, and the space before it, may be missing.
fn status_line(seen: &[u8]) -> Result<Option<StatusLine>, ResponseError> {
    const SHAPE: &[u8] = b"HTTP/1.x NNN";
    let fits = |(shape, byte): (&u8, &u8)| match shape {
        b'x' => matches!(byte, b'0' | b'1'),
        b'N' => byte.is_ascii_digit(),
        _ => shape == byte,
    };
    let (version, digits) = (seen.get(7), seen.get(9..SHAPE.len()).unwrap_or_default());
    if !SHAPE.iter().zip(seen).all(fits) || !matches!(digits.first(), None | Some(b'1'..=b'5')) {
        return Err(ResponseError::StatusLine);
    }
    if !matches!(seen.get(SHAPE.len()), None | Some(b' ' | b'\r')) {
        return Err(ResponseError::StatusLine);
    }
    let Some((_, next)) = fields::line_end(seen, SHAPE.len()).map_err(|_| ResponseError::StatusLine)? else { return Ok(None) };
    let status = digits.iter().fold(0_u16, |sum, byte| sum * 10 + u16::from(byte - b'0'));
    if status == 101 {
        return Err(ResponseError::Switch);
    }
    Ok(Some(StatusLine { status, old_version: version == Some(&b'0'), next }))
}
