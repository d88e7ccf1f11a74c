//! Is this a request line? `METHOD SP target SP HTTP/1.x CRLF`, single spaces, nothing else.

use super::Method;
use crate::bytes::{HOST, METHOD, PATH, query_run};
use crate::fields::Span;
use crate::limits::Limits;
use crate::reject::Reject;

const LONGEST_METHOD: usize = 20;

pub(super) struct RequestLine {
    pub(super) method: Method,
    pub(super) path: Span,
    pub(super) query: Span,
    /// Of an absolute target, else empty.
    pub(super) authority: Span,
    pub(super) old_version: bool,
    /// The offset behind the line.
    pub(super) next: usize,
}

/// The line at the start of `seen`, or nothing while it is not whole. What decides is always the first byte out of place.
pub(super) fn request_line(seen: &[u8], limits: &Limits) -> Result<Option<RequestLine>, Reject> {
    let Some((method, start)) = method(seen)? else { return Ok(None) };
    let Some(target) = target(seen, start, limits.target)? else { return Ok(None) };
    let Some((old_version, next)) = version(seen, target.next)? else { return Ok(None) };
    Ok(Some(RequestLine { method, path: target.path, query: target.query, authority: target.authority, old_version, next }))
}

/// The method and the offset behind its space. `get` is not a method in lower case but a mistake; a PROXY line is not a request
/// at all (NI-10).
fn method(seen: &[u8]) -> Result<Option<(Method, usize)>, Reject> {
    let length = METHOD.run(seen);
    if length > LONGEST_METHOD {
        return Err(Reject::RequestLine);
    }
    match seen.get(length) {
        None => return Ok(None),
        Some(b' ') if length > 0 => {}
        Some(_) => return Err(Reject::RequestLine),
    }
    let method = match seen.get(..length).unwrap_or_default() {
        b"GET" => Method::Get,
        b"POST" => Method::Post,
        b"HEAD" => Method::Head,
        b"OPTIONS" => Method::Options,
        b"PROXY" => return Err(Reject::RequestLine),
        _ => return Err(Reject::Method),
    };
    Ok(Some((method, length + 1)))
}

struct Target {
    path: Span,
    query: Span,
    authority: Span,
    /// The offset behind the space after it.
    next: usize,
}

fn target(seen: &[u8], start: usize, longest: usize) -> Result<Option<Target>, Reject> {
    let rest = seen.get(start..).unwrap_or_default();
    // bytes behind the limit are not looked at, so that a long target is refused for one reason however it arrives
    let text = rest.get(..=longest).unwrap_or(rest);
    let unfinished = || if text.len() > longest { Err(Reject::TargetTooLong) } else { Ok(None) };
    let Some((authority, path_at)) = authority(text)? else { return unfinished() };
    let path_end = path_at + PATH.run(text.get(path_at..).unwrap_or_default());
    let (query_at, end) = match text.get(path_end) {
        Some(b'?') => (path_end + 1, path_end + 1 + query_run(text.get(path_end + 1..).unwrap_or_default())),
        _ => (path_end, path_end),
    };
    match text.get(end) {
        None => return unfinished(),
        Some(b' ') => {}
        Some(b'\r' | b'\n') => return Err(Reject::RequestLine),
        Some(_) => return Err(Reject::Target),
    }
    let span = |from: usize, to: usize| Span::new(start + from, start + to);
    let authority = if authority == path_at { Span::default() } else { span(authority, path_at) };
    Ok(Some(Target { path: span(path_at, path_end), query: span(query_at, end), authority, next: start + end + 1 }))
}

/// Where the authority and the path begin; both at 0 for a plain path. `*` and CONNECT's form have no path.
fn authority(text: &[u8]) -> Result<Option<(usize, usize)>, Reject> {
    if text.first() == Some(&b'/') {
        return Ok(Some((0, 0)));
    }
    for scheme in [b"http://".as_slice(), b"https://".as_slice()] {
        if let Some(rest) = text.strip_prefix(scheme) {
            let length = HOST.run(rest);
            return match rest.get(length) {
                None => Ok(None),
                Some(b'/') if length > 0 => Ok(Some((scheme.len(), scheme.len() + length))),
                Some(_) => Err(Reject::Target),
            };
        }
        if scheme.starts_with(text) {
            return Ok(None);
        }
    }
    Err(Reject::Target)
}

/// Whether it is HTTP/1.0, and the offset behind the line.
fn version(seen: &[u8], at: usize) -> Result<Option<(bool, usize)>, Reject> {
    const NEW: &[u8; 10] = b"HTTP/1.1\r\n";
    const OLD: &[u8; 10] = b"HTTP/1.0\r\n";
    let rest = seen.get(at..).unwrap_or_default();
    let text = rest.get(..NEW.len()).unwrap_or(rest);
    if text == NEW {
        return Ok(Some((false, at + NEW.len())));
    }
    if text == OLD {
        return Ok(Some((true, at + OLD.len())));
    }
    if NEW.starts_with(text) || OLD.starts_with(text) {
        return Ok(None);
    }
    let same = NEW.iter().zip(text).take_while(|(wanted, byte)| wanted == byte).count();
    let differs = text.get(same).copied().unwrap_or_default();
    // digits at the places of the version's numbers
    if matches!(same, 5 | 7) && matches!(differs, b'2'..=b'9') || same == 5 && differs == b'0' {
        Err(Reject::Version)
    } else {
        Err(Reject::RequestLine)
    }
}
