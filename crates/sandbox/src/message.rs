//! Where does one HTTP message end in the bytes received, and what did its head say, letter for letter?
//!
//! hyper judges and parses; it lower-cases names and reads ahead. This only cuts what hyper has already accepted, so that the record
//! holds the bytes of the wire and not hyper's idea of them.

use hyper::body::Bytes;
use memchr::memchr;

/// The path under which the sandbox is controlled; it is not part of the provider.
pub(crate) const CONTROL: &str = "/_sandbox/";

/// One request as it came.
#[derive(Clone)]
pub(crate) struct Message {
    /// Every byte, framing included.
    pub(crate) raw: Bytes,
    /// Where the head ends in `raw`.
    pub(crate) head_end: usize,
    /// The body without its framing.
    pub(crate) body: Bytes,
    /// Whether it was a whole request.
    pub(crate) complete: bool,
}

/// The extent of a message in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) head_end: usize,
    pub(crate) end: usize,
    pub(crate) chunked: bool,
}

impl Message {
    pub(crate) fn whole(raw: Bytes, extent: Extent, body: Bytes) -> Self {
        let head_end = extent.head_end.min(raw.len());
        // a body of known length stands in `raw` as it is: one copy of the bytes is enough
        let body = if extent.chunked { body } else { raw.slice(head_end..) };
        Self { raw, head_end, body, complete: true }
    }

    /// Bytes that ended, or were refused, before they made a request.
    pub(crate) fn broken(raw: Bytes) -> Self {
        let head_end = head_end(&raw).unwrap_or(raw.len());
        Self { body: raw.slice(head_end..), raw, head_end, complete: false }
    }

    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let head = self.raw.get(..self.head_end).unwrap_or_default();
        head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).filter(|line| !line.is_empty())
    }

    /// The method and the target of the request line.
    pub(crate) fn request_line(&self) -> (String, String) {
        let line = self.lines().next().unwrap_or_default();
        let mut words = line.splitn(3, |byte| *byte == b' ').map(text);
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    /// Names in their own case and order, values without the white space around them.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        self.lines().skip(1).map(header).map(|(name, value)| (text(name), text(value))).collect()
    }
}

/// Where the first message of the buffer ends; nothing when it is not all there.
pub(crate) fn extent(bytes: &[u8]) -> Option<Extent> {
    let head_end = head_end(bytes)?;
    let (mut length, mut chunked) = (0, false);
    for line in bytes.get(..head_end)?.split(|byte| *byte == b'\n') {
        let (name, value) = header(line);
        if name.eq_ignore_ascii_case(b"content-length") {
            length = text(value).parse().ok()?;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            chunked = true;
        }
    }
    let end = if chunked { chunks_end(bytes, head_end)? } else { head_end.checked_add(length)? };
    (end <= bytes.len()).then_some(Extent { head_end, end, chunked })
}

/// Whether the bytes begin a request of the control plane.
pub(crate) fn is_control(bytes: &[u8]) -> bool {
    let target = bytes.splitn(2, |byte| *byte == b' ').nth(1);
    target.is_some_and(|target| target.starts_with(CONTROL.as_bytes()))
}

/// The first empty line after a line that is not empty.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut begun) = (0, false);
    loop {
        let (line, next) = line(bytes, at)?;
        match (line.is_empty(), begun) {
            (true, true) => return Some(next),
            (empty, _) => begun |= !empty,
        }
        at = next;
    }
}

fn chunks_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let (size, data) = line(bytes, at)?;
        let digits = size.split(|byte| !byte.is_ascii_hexdigit()).next().unwrap_or_default();
        let size = usize::from_str_radix(&text(digits), 16).ok()?;
        if size == 0 {
            return trailers_end(bytes, data);
        }
        (_, at) = line(bytes, data.checked_add(size)?)?;
    }
}

fn trailers_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let (line, next) = line(bytes, at)?;
        if line.is_empty() {
            return Some(next);
        }
        at = next;
    }
}

/// The line that begins there, without its end, and where the next begins.
fn line(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..)?;
    let end = memchr(b'\n', rest)?;
    let line = rest.get(..end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), at + end + 1))
}

fn header(line: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = line.splitn(2, |byte| *byte == b':');
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default().trim_ascii())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(bytes: &[u8]) -> Option<usize> {
        extent(bytes).map(|extent| extent.end)
    }

    #[test]
    fn a_message_ends_where_its_framing_says() {
        let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(end(&[get.as_slice(), b"GET /2"].concat()), Some(get.len()));
        let post = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(end(&[post.as_slice(), b"POST"].concat()), Some(post.len()));
        let chunked = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3;x=1\r\na\nb\r\n0\r\nT: 1\r\n\r\n";
        assert_eq!(end(&[chunked.as_slice(), b"POST"].concat()), Some(chunked.len()));
    }

    #[test]
    fn an_unfinished_message_has_no_end() {
        for bytes in [
            b"GET / HTTP/1.1\r\nHost: a\r\n".as_slice(),
            b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        ] {
            assert_eq!(end(bytes), None);
        }
    }

    #[test]
    fn a_head_keeps_its_letters() {
        let raw = Bytes::from_static(b"\r\nGET /in.php?a=%41 HTTP/1.1\r\nhOsT:  a \r\nX: y:z\r\n\r\n");
        let message = Message::whole(raw.clone(), extent(&raw).unwrap(), Bytes::new());
        assert_eq!(message.request_line(), ("GET".into(), "/in.php?a=%41".into()));
        assert_eq!(message.headers(), [("hOsT".into(), "a".into()), ("X".into(), "y:z".into())]);
    }

    #[test]
    fn the_control_plane_is_told_from_the_provider_by_the_target() {
        assert!(is_control(b"PUT /_sandbox/mode HTTP/1.1"));
        assert!(!is_control(b"GET /in.php?x=/_sandbox/ HTTP/1.1"));
        assert!(!is_control(b"GET"));
    }
}
