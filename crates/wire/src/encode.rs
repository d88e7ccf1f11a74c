//! How do our messages look on the wire? One way, with Content-Length always; a value with a line break cannot be written.

/// A header value held a control character: it would have become another header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a header value with a control character")]
pub struct BadValue;

/// Writes a request's head and body.
pub fn request(
    out: &mut Vec<u8>,
    method: &str,
    target: &[&[u8]],
    host: &str,
    headers: &[(&str, &[u8])],
    body: Option<&[u8]>,
) -> Result<(), BadValue> {
    out.extend_from_slice(method.as_bytes());
    out.push(b' ');
    for part in target {
        if part.iter().any(|byte| !matches!(byte, 0x21..=0x7e)) {
            return Err(BadValue);
        }
        out.extend_from_slice(part);
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    header(out, "Host", host.as_bytes())?;
    for (name, value) in headers {
        header(out, name, value)?;
    }
    if let Some(body) = body {
        length(out, body.len());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(body);
    } else {
        out.extend_from_slice(b"\r\n");
    }
    Ok(())
}

/// Writes a response's head and body; for HEAD the body is measured and left out.
pub fn response(
    out: &mut Vec<u8>,
    status: u16,
    headers: &[(&str, &[u8])],
    body: &[u8],
    keep_alive: bool,
    head_only: bool,
) -> Result<(), BadValue> {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
    out.push(b' ');
    out.extend_from_slice(reason(status).as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in headers {
        header(out, name, value)?;
    }
    if !keep_alive {
        out.extend_from_slice(b"Connection: close\r\n");
    }
    length(out, body.len());
    out.extend_from_slice(b"\r\n");
    if !head_only {
        out.extend_from_slice(body);
    }
    Ok(())
}

fn header(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), BadValue> {
    if value.iter().any(|byte| !matches!(byte, b'\t' | 0x20..=0x7e)) {
        return Err(BadValue);
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

/// The standard reason phrase (RFC 9110 §15).
pub const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Error",
    }
}
