//! What do the header lines decide? Host, framing and the connection, each said once and in one way.

use super::{Framing, Method, RequestHead, host};
use crate::fields::{self, Span};
use crate::persistence::Persistence;
use crate::reject::Reject;

/// What the lines read so far say beside the head's own fields.
#[derive(Default)]
pub(super) struct Facts {
    host: Option<Span>,
    length: Option<u64>,
    chunked: bool,
    expected: bool,
    persistence: Persistence,
    api_key: Option<Span>,
    google_key: Option<Span>,
}

impl Facts {
    /// Takes note of a line. Every header that places the message's end, its host or a credential may stand once.
    pub(super) fn note(&mut self, head: &mut RequestHead, name: &[u8], value: Span, seen: &[u8]) -> Result<(), Reject> {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
        let text = value.of(seen);
        match name.len() {
            4 if is("host") => once(&mut self.host, value),
            6 if is("expect") => self.expectation(text),
            9 if is("x-api-key") => once(&mut self.api_key, value),
            10 if is("connection") => {
                self.persistence.note(text);
                Ok(())
            }
            10 if is("user-agent") => {
                head.user_agent = head.user_agent.or(Some(value));
                Ok(())
            }
            12 if is("content-type") => once(&mut head.content_type, value),
            13 if is("authorization") => once(&mut head.authorization, value),
            14 if is("content-length") => self.length(text),
            14 if is("x-goog-api-key") => once(&mut self.google_key, value),
            15 if is("idempotency-key") => once(&mut head.idempotency_key, value),
            16 if is("content-encoding") => identity(text),
            17 if is("transfer-encoding") => self.coding(text),
            // names that a server down the line (CGI, WSGI, PHP) would fold into those above
            14 if is("content_length") => Err(Reject::Header),
            // a second method, which some servers would obey (ID-20)
            13 if is("x-http-method") => Err(Reject::Method),
            17 if is("x-method-override") => Err(Reject::Method),
            22 if is("x-http-method-override") => Err(Reject::Method),
            17 if is("transfer_encoding") => Err(Reject::Header),
            _ => Ok(()),
        }
    }

    fn length(&mut self, text: &[u8]) -> Result<(), Reject> {
        let length = fields::decimal(text).ok_or(Reject::Framing)?;
        if self.length.replace(length).is_some() { Err(Reject::Framing) } else { Ok(()) }
    }

    fn coding(&mut self, text: &[u8]) -> Result<(), Reject> {
        let again = std::mem::replace(&mut self.chunked, true);
        if again || !text.eq_ignore_ascii_case(b"chunked") { Err(Reject::Framing) } else { Ok(()) }
    }

    fn expectation(&mut self, text: &[u8]) -> Result<(), Reject> {
        if std::mem::replace(&mut self.expected, true) {
            return Err(Reject::Duplicate);
        }
        if text.eq_ignore_ascii_case(b"100-continue") { Ok(()) } else { Err(Reject::Expectation) }
    }

    /// Judges the lines together, once the head is whole.
    pub(super) fn conclude(&self, head: &mut RequestHead, authority: Span, seen: &[u8]) -> Result<(), Reject> {
        match self.host {
            Some(host) => {
                let text = host.of(seen);
                let disagrees = !authority.is_empty() && !authority.of(seen).eq_ignore_ascii_case(text);
                if disagrees || !host::is_host(text) {
                    return Err(Reject::Host);
                }
                head.host = host;
            }
            None if head.old_version && authority.is_empty() => {}
            None => return Err(Reject::Host),
        }
        head.framing = self.framing(head.old_version)?;
        if head.framing != Framing::None && head.method != Method::Post {
            return Err(Reject::UnexpectedBody);
        }
        head.expects_continue = self.expected && !head.old_version && head.framing != Framing::None;
        head.keep_alive = self.persistence.stays(head.old_version);
        Ok(())
    }

    fn framing(&self, old_version: bool) -> Result<Framing, Reject> {
        match (self.length, self.chunked) {
            (Some(_), true) => Err(Reject::Framing),
            (None, true) if old_version => Err(Reject::Framing),
            (None, true) => Ok(Framing::Chunked),
            (Some(0) | None, false) => Ok(Framing::None),
            (Some(length), false) => Ok(Framing::Length(length)),
        }
    }
}

fn once(place: &mut Option<Span>, value: Span) -> Result<(), Reject> {
    if place.replace(value).is_some() { Err(Reject::Duplicate) } else { Ok(()) }
}

fn identity(text: &[u8]) -> Result<(), Reject> {
    if text.eq_ignore_ascii_case(b"identity") { Ok(()) } else { Err(Reject::Coding) }
}
