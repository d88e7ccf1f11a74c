//! What does the provider answer? An answer's head, read as strictly as a request's.

use crate::fields::{self, Span};
use crate::limits::Limits;

/// Where the answer's body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFraming {
    /// There is none.
    None,
    /// After that many bytes.
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

/// An answer's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status.
    pub status: u16,
    /// Where the body ends.
    pub framing: AnswerFraming,
    /// Content-Type.
    pub content_type: Option<Span>,
    /// Whether the connection may be used again.
    pub keep_alive: bool,
    /// Seconds that the provider keeps it open, by its Keep-Alive hint.
    pub keep_alive_s: Option<u64>,
}

impl ResponseHead {
    /// Whether it announces another head (1xx).
    pub const fn is_interim(&self) -> bool {
        self.status < 200
    }
}

/// Parses a head from the start of `bytes`: the head and its length, or nothing while more bytes are needed.
pub fn parse_response_head(bytes: &[u8], limits: &Limits) -> Result<Option<(ResponseHead, usize)>, ResponseError> {
    let seen = bytes.get(..limits.head.min(bytes.len())).unwrap_or_default();
    let Some(end) = fields::head_end(seen).map_err(|_| ResponseError::Header)? else {
        return if bytes.len() >= limits.head { Err(ResponseError::HeadTooLarge) } else { Ok(None) };
    };
    let head = seen.get(..end).unwrap_or_default();
    let (status, old_version) = status_line(head)?;
    if status == 101 {
        return Err(ResponseError::Switch);
    }
    let mut facts = Facts::default();
    let mut at = memchr::memchr(b'\n', head).ok_or(ResponseError::StatusLine)? + 1;
    let mut count = 0;
    loop {
        let feed = memchr::memchr(b'\n', head.get(at..).unwrap_or_default()).ok_or(ResponseError::Header)?;
        let line_end = at + feed.saturating_sub(1);
        if line_end == at {
            break;
        }
        count += 1;
        if count > limits.headers {
            return Err(ResponseError::HeadTooLarge);
        }
        let (name, value) = fields::split_line(head, at, line_end).map_err(|_| ResponseError::Header)?;
        facts.note(name.of(head), value, head)?;
        at += feed + 1;
    }
    Ok(Some((facts.conclude(status, old_version), end)))
}

/// `HTTP/1.x NNN reason`; the space and the reason may be missing.
fn status_line(head: &[u8]) -> Result<(u16, bool), ResponseError> {
    let end = memchr::memchr(b'\r', head).ok_or(ResponseError::StatusLine)?;
    let line = head.get(..end).unwrap_or_default();
    let old_version = match line.get(..9) {
        Some(b"HTTP/1.1 ") => false,
        Some(b"HTTP/1.0 ") => true,
        _ => return Err(ResponseError::StatusLine),
    };
    let digits = line.get(9..12).filter(|digits| digits.iter().all(u8::is_ascii_digit)).ok_or(ResponseError::StatusLine)?;
    let status = digits.iter().fold(0_u16, |sum, byte| sum * 10 + u16::from(byte - b'0'));
    let rest = line.get(12..).unwrap_or_default();
    let rest_ok = rest.is_empty() || (rest.starts_with(b" ") && rest.iter().all(|byte| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..=0xff)));
    if (100..=599).contains(&status) && rest_ok { Ok((status, old_version)) } else { Err(ResponseError::StatusLine) }
}

#[derive(Default)]
struct Facts {
    length: Option<u64>,
    chunked: bool,
    content_type: Option<Span>,
    close: bool,
    keep: bool,
    keep_alive_s: Option<u64>,
}

impl Facts {
    fn note(&mut self, name: &[u8], value: Span, head: &[u8]) -> Result<(), ResponseError> {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
        let text = value.of(head);
        if is("content-length") {
            let length = fields::decimal(text).ok_or(ResponseError::Framing)?;
            if self.length.replace(length).is_some() {
                return Err(ResponseError::Framing);
            }
        } else if is("transfer-encoding") {
            let again = std::mem::replace(&mut self.chunked, true);
            if again || !text.eq_ignore_ascii_case(b"chunked") {
                return Err(ResponseError::Framing);
            }
        } else if is("content-encoding") {
            if !text.eq_ignore_ascii_case(b"identity") {
                return Err(ResponseError::Coding);
            }
        } else if is("content-type") {
            self.content_type = self.content_type.or(Some(value));
        } else if is("connection") {
            for word in fields::words(text) {
                self.close |= word.eq_ignore_ascii_case(b"close");
                self.keep |= word.eq_ignore_ascii_case(b"keep-alive");
            }
        } else if is("keep-alive") {
            self.keep_alive_s = fields::words(text).find_map(|word| fields::decimal(word.strip_prefix(b"timeout=")?));
        }
        if self.length.is_some() && self.chunked { Err(ResponseError::Framing) } else { Ok(()) }
    }

    fn conclude(self, status: u16, old_version: bool) -> ResponseHead {
        let framing = match (status, self.chunked, self.length) {
            (100..=199 | 204 | 304, _, _) => AnswerFraming::None,
            (_, true, _) => AnswerFraming::Chunked,
            (_, false, Some(0)) => AnswerFraming::None,
            (_, false, Some(length)) => AnswerFraming::Length(length),
            (_, false, None) => AnswerFraming::UntilClose,
        };
        let may_stay = !self.close && (!old_version || self.keep) && framing != AnswerFraming::UntilClose;
        ResponseHead { status, framing, content_type: self.content_type, keep_alive: may_stay, keep_alive_s: self.keep_alive_s }
    }
}
