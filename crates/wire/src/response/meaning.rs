//! What do the answer's header lines decide? Where its body ends and whether the connection stays.

use super::{AnswerFraming, ResponseError, ResponseHead, StatusLine};
use crate::fields::{self, Span};
use crate::persistence::Persistence;

/// What the lines read so far say.
#[derive(Default)]
pub(super) struct Facts {
    length: Option<u64>,
    chunked: bool,
    content_type: Option<Span>,
    persistence: Persistence,
    keep_alive_s: Option<u64>,
}

impl Facts {
    pub(super) fn note(&mut self, name: &[u8], value: Span, seen: &[u8]) -> Result<(), ResponseError> {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
        let text = value.of(seen);
        match name.len() {
            10 if is("connection") => self.persistence.note(text),
            10 if is("keep-alive") => self.keep_alive_s = self.keep_alive_s.or_else(|| fields::words(text).find_map(timeout)),
            12 if is("content-type") => self.content_type = self.content_type.or(Some(value)),
            14 if is("content-length") => return self.length(text),
            16 if is("content-encoding") && !text.eq_ignore_ascii_case(b"identity") => return Err(ResponseError::Coding),
            17 if is("transfer-encoding") => return self.coding(text),
            _ => {}
        }
        Ok(())
    }

    fn length(&mut self, text: &[u8]) -> Result<(), ResponseError> {
        let length = fields::decimal(text).ok_or(ResponseError::Framing)?;
        if self.length.replace(length).is_some() { Err(ResponseError::Framing) } else { Ok(()) }
    }

    fn coding(&mut self, text: &[u8]) -> Result<(), ResponseError> {
        let again = std::mem::replace(&mut self.chunked, true);
        if again || !text.eq_ignore_ascii_case(b"chunked") { Err(ResponseError::Framing) } else { Ok(()) }
    }

    /// Judges the lines together, once the head is whole.
    pub(super) fn conclude(self, line: &StatusLine) -> Result<ResponseHead, ResponseError> {
        let framing = self.framing(line)?;
        let keep_alive = self.persistence.stays(line.old_version) && framing != AnswerFraming::UntilClose;
        Ok(ResponseHead {
            status: line.status,
            framing,
            content_type: self.content_type,
            keep_alive,
            keep_alive_s: self.keep_alive_s,
            fields_at: line.next,
        })
    }

    /// RFC 9112 §6.3. A status without a body that announces one, or chunks under HTTP/1.0, is faulty (§6.1), and where two
    /// readers would look for the next answer in different places.
    fn framing(&self, line: &StatusLine) -> Result<AnswerFraming, ResponseError> {
        match (line.status, self.chunked, self.length) {
            (_, true, None) if line.old_version => Err(ResponseError::Framing),
            (_, true, Some(_)) | (100..=199 | 204, true, _) | (100..=199 | 204, _, Some(1..)) => Err(ResponseError::Framing),
            (100..=199 | 204 | 304, _, _) | (_, false, Some(0)) => Ok(AnswerFraming::None),
            (_, true, None) => Ok(AnswerFraming::Chunked),
            (_, false, Some(length)) => Ok(AnswerFraming::Length(length)),
            (_, false, None) => Ok(AnswerFraming::UntilClose),
        }
    }
}

/// The seconds of `timeout=5`.
fn timeout(word: &[u8]) -> Option<u64> {
    let (name, seconds) = word.split_at_checked(b"timeout=".len())?;
    name.eq_ignore_ascii_case(b"timeout=").then(|| fields::decimal(seconds))?
}
