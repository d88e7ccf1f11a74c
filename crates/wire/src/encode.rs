//! How do our messages look on the wire? One way, with Content-Length always; a value with a line break cannot be written.

use crate::bytes::{TOKEN, is_ascii_text, is_query_text};

/// Something that could be read in another way than it was meant; nothing of the message has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The method is not a token in capitals.
    #[error("the method is not a token in capitals")]
    Method,
    /// The target does not begin with `/` or holds a byte that belongs percent-encoded.
    #[error("the target is not a plain path and query")]
    Target,
    /// The status has no place on a final answer.
    #[error("the status is not between 200 and 599")]
    Status,
    /// A value holds something other than visible ASCII, spaces and tabs: it could become another header.
    #[error("a header value is not plain text")]
    Value,
}

/// The name of a header of ours: a token, and none of those that the encoder itself writes, since what places a message's end or
/// its host must not be said twice. Made when compiling, so that no message pays for the check.
#[derive(Clone, Copy, Debug)]
pub struct FieldName(&'static str);

impl FieldName {
    /// The name of this text; does not compile, as a constant, for one that must not be written.
    ///
    /// # Panics
    /// For no token, and for `Host`, `Content-Length` and `Transfer-Encoding`.
    pub const fn new(text: &'static str) -> Self {
        assert!(TOKEN.fills(text.as_bytes()), "a header's name is a token");
        let own = text.eq_ignore_ascii_case("host")
            || text.eq_ignore_ascii_case("content-length")
            || text.eq_ignore_ascii_case("transfer-encoding");
        assert!(!own, "the encoder writes this header itself");
        Self(text)
    }
}

/// Writes a request: the target in parts, Host, the headers, Content-Length (with a body, and with POST always), the body.
pub fn request(
    out: &mut Vec<u8>,
    method: &str,
    target: &[&[u8]],
    host: &str,
    headers: &[(FieldName, &[u8])],
    body: Option<&[u8]>,
) -> Result<(), EncodeError> {
    undo_on_error(out, |out| {
        request_line(out, method, target)?;
        if host.is_empty() {
            return Err(EncodeError::Value);
        }
        field(out, "Host", host.as_bytes())?;
        fields(out, headers)?;
        let body = body.or((method == "POST").then_some(b""));
        if let Some(body) = body {
            length(out, body.len());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(body.unwrap_or_default());
        Ok(())
    })
}

/// Writes an answer, with `Connection: close` unless it is kept alive. For HEAD the body is measured and left out; 204 and 304
/// have neither body nor length (RFC 9110 §8.6).
pub fn response(
    out: &mut Vec<u8>,
    status: u16,
    headers: &[(FieldName, &[u8])],
    body: &[u8],
    keep_alive: bool,
    head_only: bool,
) -> Result<(), EncodeError> {
    undo_on_error(out, |out| {
        if !(200..=599).contains(&status) {
            return Err(EncodeError::Status);
        }
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
        out.push(b' ');
        out.extend_from_slice(reason(status).as_bytes());
        out.extend_from_slice(b"\r\n");
        fields(out, headers)?;
        if !keep_alive {
            out.extend_from_slice(b"Connection: close\r\n");
        }
        let bodiless = matches!(status, 204 | 304);
        if !bodiless {
            length(out, body.len());
        }
        out.extend_from_slice(b"\r\n");
        if !bodiless && !head_only {
            out.extend_from_slice(body);
        }
        Ok(())
    })
}

fn undo_on_error(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>) -> Result<(), EncodeError> {
    let before = out.len();
    write(out).inspect_err(|_| out.truncate(before))
}

fn request_line(out: &mut Vec<u8>, method: &str, target: &[&[u8]]) -> Result<(), EncodeError> {
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(EncodeError::Method);
    }
    let starts = target.iter().find_map(|part| part.first());
    if starts != Some(&b'/') || !target.iter().all(|part| is_query_text(part)) {
        return Err(EncodeError::Target);
    }
    out.extend_from_slice(method.as_bytes());
    out.push(b' ');
    for part in target {
        out.extend_from_slice(part);
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    Ok(())
}

fn fields(out: &mut Vec<u8>, headers: &[(FieldName, &[u8])]) -> Result<(), EncodeError> {
    headers.iter().try_for_each(|(name, value)| field(out, name.0, value))
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), EncodeError> {
    if !is_ascii_text(value) {
        return Err(EncodeError::Value);
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn length(out: &mut Vec<u8>, bytes: usize) {
    out.extend_from_slice(b"Content-Length: ");
    out.extend_from_slice(itoa::Buffer::new().format(bytes).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The standard reason phrase (RFC 9110 §15); empty, as §15 allows, for a status that has none here.
pub const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
