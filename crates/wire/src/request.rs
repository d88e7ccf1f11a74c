//! What does the client ask? A request's head, read strictly into offsets; nothing is allocated.

use crate::fields::{self, Span};
use crate::limits::Limits;
use crate::reject::Reject;

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
    /// After that many bytes.
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
    /// The path, beginning with `/`.
    pub path: Span,
    /// The query without its `?`; empty when there is none.
    pub query: Span,
    /// HTTP/1.0.
    pub old_version: bool,
    /// The Host header, or the authority of an absolute target (they agree).
    pub host: Span,
    /// Content-Type.
    pub content_type: Option<Span>,
    /// Authorization.
    pub authorization: Option<Span>,
    /// User-Agent.
    pub user_agent: Option<Span>,
    /// Where the body ends.
    pub framing: Framing,
    /// Whether the client waits for `100 Continue`.
    pub expects_continue: bool,
    /// Whether the connection may go on after the answer.
    pub keep_alive: bool,
    lines: [(Span, Span); MOST_HEADERS],
    count: usize,
}

impl RequestHead {
    /// All header lines in order, names as they were sent.
    pub fn headers<'a>(&'a self, head: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.lines.iter().take(self.count).map(move |(name, value)| (name.of(head), value.of(head)))
    }

    /// The values of one header in order; the name is compared without case, `_` is not `-`.
    pub fn values<'a>(&'a self, head: &'a [u8], wanted: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers(head).filter(move |(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes())).map(|(_, value)| value)
    }
}

/// Parses a head from the start of `bytes`: the head and its length, or nothing while more bytes are needed. What can be
/// refused early is: a limit passed, a bare line feed.
pub fn parse_head(bytes: &[u8], limits: &Limits) -> Result<Option<(RequestHead, usize)>, Reject> {
    let seen = bytes.get(..limits.head.min(bytes.len())).unwrap_or_default();
    let Some(end) = fields::head_end(seen).map_err(|_| Reject::Header)? else {
        early(seen, bytes.len(), limits)?;
        return Ok(None);
    };
    let head = seen.get(..end).unwrap_or_default();
    let line_end = memchr::memchr(b'\r', head).ok_or(Reject::RequestLine)?;
    let mut parsed = request_line(head, line_end, limits)?;
    let authority = parsed.host;
    header_lines(&mut parsed, head, line_end + 2, limits)?;
    let mut facts = Facts::default();
    for at in 0..parsed.count {
        let (name, value) = parsed.lines.get(at).copied().unwrap_or_default();
        note(&mut parsed, &mut facts, name.of(head), value, head)?;
    }
    conclude(&mut parsed, &facts, authority, head)?;
    Ok(Some((parsed, end)))
}

/// What an unfinished head may already be refused for.
fn early(seen: &[u8], received: usize, limits: &Limits) -> Result<(), Reject> {
    let first_line = memchr::memchr(b'\r', seen).unwrap_or(seen.len());
    if first_line > limits.target + 32 {
        return Err(Reject::TargetTooLong);
    }
    if received >= limits.head {
        return Err(Reject::HeadTooLarge);
    }
    match seen.first() {
        Some(byte) if !byte.is_ascii_uppercase() => Err(Reject::RequestLine),
        _ => Ok(()),
    }
}

fn request_line(head: &[u8], end: usize, limits: &Limits) -> Result<RequestHead, Reject> {
    let line = head.get(..end).unwrap_or_default();
    let first = memchr::memchr(b' ', line).ok_or(Reject::RequestLine)?;
    let last = memchr::memrchr(b' ', line).ok_or(Reject::RequestLine)?;
    let word = line.get(..first).unwrap_or_default();
    if word.is_empty() || !word.iter().all(u8::is_ascii_uppercase) || first == last {
        return Err(Reject::RequestLine);
    }
    let old_version = match line.get(last + 1..).unwrap_or_default() {
        b"HTTP/1.1" => false,
        b"HTTP/1.0" => true,
        version if version.starts_with(b"HTTP/") => return Err(Reject::Version),
        _ => return Err(Reject::RequestLine),
    };
    let method = match word {
        b"GET" => Method::Get,
        b"POST" => Method::Post,
        b"HEAD" => Method::Head,
        b"OPTIONS" => Method::Options,
        _ => return Err(Reject::Method),
    };
    if last - first - 1 > limits.target {
        return Err(Reject::TargetTooLong);
    }
    let (host, path, query) = target(head, first + 1, last)?;
    Ok(RequestHead {
        method,
        path,
        query,
        old_version,
        host,
        content_type: None,
        authorization: None,
        user_agent: None,
        framing: Framing::None,
        expects_continue: false,
        keep_alive: !old_version,
        lines: [(Span::default(), Span::default()); MOST_HEADERS],
        count: 0,
    })
}

/// Authority (of an absolute target), path and query. A fragment, a space, a control or a byte above ASCII has no place.
fn target(head: &[u8], start: usize, end: usize) -> Result<(Span, Span, Span), Reject> {
    let text = head.get(start..end).unwrap_or_default();
    let plain = |byte: &u8| matches!(byte, 0x21..=0x7e) && !matches!(byte, b'#' | b'\\' | b'<' | b'>' | b'"' | b'^' | b'`' | b'{' | b'|' | b'}');
    if !text.iter().all(plain_or_php_bracket(plain)) {
        return Err(Reject::Target);
    }
    let (authority, path_at) = match text {
        [b'/', ..] => (Span::default(), 0),
        _ => {
            let scheme = if text.starts_with(b"http://") {
                7
            } else if text.starts_with(b"https://") {
                8
            } else {
                return Err(Reject::Target);
            };
            let rest = text.get(scheme..).unwrap_or_default();
            let slash = memchr::memchr(b'/', rest).ok_or(Reject::Target)?;
            (Span::new(start + scheme, start + scheme + slash), scheme + slash)
        }
    };
    let rest = text.get(path_at..).unwrap_or_default();
    let mark = memchr::memchr(b'?', rest);
    let path_end = mark.unwrap_or(rest.len());
    let path = Span::new(start + path_at, start + path_at + path_end);
    let query = mark.map_or(Span::default(), |mark| Span::new(start + path_at + mark + 1, end));
    Ok((authority, path, query))
}

/// `{`, `|`, `}`, `"`, `<`, `>`, `^` and the backtick are sent raw by careless clients in queries; they carry no structure
/// there, and the dialect decides what a value may hold. `#` and `\` stay refused: two parsers read them differently.
fn plain_or_php_bracket(plain: impl Fn(&u8) -> bool) -> impl Fn(&u8) -> bool {
    move |byte| plain(byte) || matches!(byte, b'{' | b'|' | b'}' | b'"' | b'<' | b'>' | b'^' | b'`')
}

fn header_lines(parsed: &mut RequestHead, head: &[u8], mut at: usize, limits: &Limits) -> Result<(), Reject> {
    loop {
        let rest = head.get(at..).unwrap_or_default();
        let feed = memchr::memchr(b'\n', rest).ok_or(Reject::Header)?;
        let end = at + feed.saturating_sub(1);
        if end == at {
            return Ok(());
        }
        if parsed.count >= limits.headers {
            return Err(Reject::HeadTooLarge);
        }
        let line = fields::split_line(head, at, end).map_err(|_| Reject::Header)?;
        *parsed.lines.get_mut(parsed.count).ok_or(Reject::HeadTooLarge)? = line;
        parsed.count += 1;
        at += feed + 1;
    }
}

/// What the lines say that decide something; each may stand once.
#[derive(Default)]
struct Facts {
    host: Option<Span>,
    length: Option<u64>,
    chunked: bool,
    connection_close: bool,
    connection_keep: bool,
    api_key: bool,
}

fn note(parsed: &mut RequestHead, facts: &mut Facts, name: &[u8], value: Span, head: &[u8]) -> Result<(), Reject> {
    let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
    let text = value.of(head);
    match name.len() {
        4 if is("host") => once(&mut facts.host, value),
        6 if is("expect") => expectation(parsed, text),
        7 if is("upgrade") => Ok(()),
        9 if is("x-api-key") => {
            let again = std::mem::replace(&mut facts.api_key, true);
            if again { Err(Reject::Duplicate) } else { Ok(()) }
        }
        10 if is("connection") => {
            connection(facts, text);
            Ok(())
        }
        10 if is("user-agent") => {
            parsed.user_agent = parsed.user_agent.or(Some(value));
            Ok(())
        }
        12 if is("content-type") => once(&mut parsed.content_type, value),
        13 if is("authorization") => once(&mut parsed.authorization, value),
        14 if is("content-length") => {
            let length = fields::decimal(text).ok_or(Reject::Framing)?;
            if facts.length.replace(length).is_some() { Err(Reject::Framing) } else { Ok(()) }
        }
        16 if is("content-encoding") => {
            if text.eq_ignore_ascii_case(b"identity") { Ok(()) } else { Err(Reject::Coding) }
        }
        17 if is("transfer-encoding") => {
            let again = std::mem::replace(&mut facts.chunked, true);
            if again || !text.eq_ignore_ascii_case(b"chunked") { Err(Reject::Framing) } else { Ok(()) }
        }
        // a name that some server down the line would fold into one of those above
        14 if is("content_length") => Err(Reject::Header),
        17 if is("transfer_encoding") => Err(Reject::Header),
        _ => Ok(()),
    }
}

fn once(place: &mut Option<Span>, value: Span) -> Result<(), Reject> {
    if place.replace(value).is_some() { Err(Reject::Duplicate) } else { Ok(()) }
}

fn expectation(parsed: &mut RequestHead, text: &[u8]) -> Result<(), Reject> {
    if parsed.expects_continue {
        return Err(Reject::Duplicate);
    }
    parsed.expects_continue = text.eq_ignore_ascii_case(b"100-continue");
    if parsed.expects_continue { Ok(()) } else { Err(Reject::Expectation) }
}

/// Only `close` and `keep-alive` mean anything here; a header named in Connection is not stripped by it.
fn connection(facts: &mut Facts, text: &[u8]) {
    for word in fields::words(text) {
        facts.connection_close |= word.eq_ignore_ascii_case(b"close");
        facts.connection_keep |= word.eq_ignore_ascii_case(b"keep-alive");
    }
}

fn conclude(parsed: &mut RequestHead, facts: &Facts, authority: Span, head: &[u8]) -> Result<(), Reject> {
    match (facts.host, parsed.old_version) {
        (Some(host), _) => {
            if !is_host(host.of(head)) || (!authority.is_empty() && !authority.of(head).eq_ignore_ascii_case(host.of(head))) {
                return Err(Reject::Host);
            }
            parsed.host = host;
        }
        (None, true) if authority.is_empty() => {}
        (None, _) => return Err(Reject::Host),
    }
    parsed.framing = match (facts.length, facts.chunked) {
        (Some(_), true) => return Err(Reject::Framing),
        (None, true) if parsed.old_version => return Err(Reject::Framing),
        (None, true) => Framing::Chunked,
        (Some(0) | None, false) => Framing::None,
        (Some(length), false) => Framing::Length(length),
    };
    if parsed.framing != Framing::None && parsed.method != Method::Post {
        return Err(Reject::UnexpectedBody);
    }
    if parsed.expects_continue && (parsed.old_version || parsed.framing == Framing::None) {
        parsed.expects_continue = false;
    }
    parsed.keep_alive = !facts.connection_close && (!parsed.old_version || facts.connection_keep);
    Ok(())
}

/// A registered name, an IPv4 address or a bracketed IPv6 one, and an optional port.
fn is_host(text: &[u8]) -> bool {
    let (name, port) = match text {
        [b'[', rest @ ..] => {
            let Some(close) = memchr::memchr(b']', rest) else { return false };
            let inside = rest.get(..close).unwrap_or_default();
            if inside.is_empty() || !inside.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')) {
                return false;
            }
            (inside, rest.get(close + 1..).unwrap_or_default())
        }
        _ => {
            let colon = memchr::memchr(b':', text).unwrap_or(text.len());
            let name = text.get(..colon).unwrap_or_default();
            if !name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) {
                return false;
            }
            (name, text.get(colon..).unwrap_or_default())
        }
    };
    let port_ok = match port {
        [] => true,
        [b':', digits @ ..] => !digits.is_empty() && digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    !name.is_empty() && port_ok
}
