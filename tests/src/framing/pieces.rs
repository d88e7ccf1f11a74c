//! What is a case made of? A first request with one thing bent, a body, and a second request hidden in it.

use super::KEY;

/// Takes a case's name and how it is laid out.
pub(super) type Take<'t> = &'t mut dyn FnMut(String, Layout);

/// A case before it has its number.
pub(super) struct Layout {
    /// Bytes before the request.
    first: Vec<u8>,
    method: &'static str,
    /// Nothing for our own.
    target: Option<Vec<u8>>,
    version: Vec<u8>,
    line_end: &'static str,
    host: Vec<u8>,
    lines: Vec<u8>,
    body: Body,
}

/// What stands behind the head.
pub(super) enum Body {
    /// The hidden request alone: whoever overlooks the length takes it for the next one.
    Hidden,
    /// An end of chunks, then the hidden request: whoever reads chunks takes it for the next one.
    BehindChunks,
    /// The hidden request in a chunk: whoever reads a length of that many bytes takes it for the next one.
    InChunk,
    /// The hidden request as a chunk's data, with these bytes for the size (`{}` is the size in hexadecimal), behind the
    /// data, and from the last chunk on.
    Chunk { size: Vec<u8>, after: Vec<u8>, last: Vec<u8> },
}

/// Stands for the length of the body, in lines.
pub(super) const ALL: &str = "{all}";
/// Stands for the length up to the hidden request in a chunk.
pub(super) const BEFORE: &str = "{before}";

impl Layout {
    /// A POST with these header lines, each with its end.
    pub(super) fn post(lines: impl Into<Vec<u8>>, body: Body) -> Self {
        Self {
            first: Vec::new(),
            method: "POST",
            target: None,
            version: b"HTTP/1.1".to_vec(),
            line_end: "\r\n",
            host: b"Host: gate.test\r\n".to_vec(),
            lines: lines.into(),
            body,
        }
    }

    /// A POST whose body, the hidden request, has a sound length.
    pub(super) fn sound() -> Self {
        Self::post(format!("Content-Length: {ALL}\r\n"), Body::Hidden)
    }

    /// With further lines before those that are there.
    pub(super) fn with(mut self, lines: &[u8]) -> Self {
        self.lines = [lines, &self.lines].concat();
        self
    }

    /// With bytes before the request.
    pub(super) fn first(self, first: &[u8]) -> Self {
        Self { first: first.to_vec(), ..self }
    }

    pub(super) fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// Another target; `{ours}` in it is our own.
    pub(super) fn target(self, target: &[u8]) -> Self {
        Self { target: Some(target.to_vec()), ..self }
    }

    pub(super) fn version(self, version: &[u8]) -> Self {
        Self { version: version.to_vec(), ..self }
    }

    pub(super) fn line_end(self, line_end: &'static str) -> Self {
        Self { line_end, ..self }
    }

    /// Other lines in the place of Host.
    pub(super) fn host(self, host: &[u8]) -> Self {
        Self { host: host.to_vec(), ..self }
    }

    /// The bytes of the case of that number.
    pub(super) fn bytes(&self, number: usize) -> Vec<u8> {
        let hidden = format!("GET {} HTTP/1.1\r\nHost: gate.test\r\n\r\n", ours(number, "hidden"));
        let (body, before) = self.body.bytes(hidden.as_bytes());
        let target = match &self.target {
            None => ours(number, "first").into_bytes(),
            Some(target) => replace(target, "{ours}", &ours(number, "first")),
        };
        let lines = replace(&replace(&self.lines, ALL, &body.len().to_string()), BEFORE, &before.to_string());
        let first = [
            &self.first,
            self.method.as_bytes(),
            b" ",
            &target,
            b" ",
            &self.version,
            self.line_end.as_bytes(),
            &self.host,
            &lines,
            b"\r\n",
        ];
        [first.concat(), body].concat()
    }
}

impl Body {
    /// Its bytes, and how many stand before the hidden request.
    fn bytes(&self, hidden: &[u8]) -> (Vec<u8>, usize) {
        let before = match self {
            Self::Hidden => Vec::new(),
            Self::BehindChunks => b"0\r\n\r\n".to_vec(),
            Self::InChunk => format!("{:x}\r\n", hidden.len()).into_bytes(),
            Self::Chunk { size, .. } => replace(size, "{}", &format!("{:x}", hidden.len())),
        };
        let behind = match self {
            Self::Hidden | Self::BehindChunks => Vec::new(),
            Self::InChunk => b"\r\n0\r\n\r\n".to_vec(),
            Self::Chunk { after, last, .. } => [after.as_slice(), last].concat(),
        };
        ([before.as_slice(), hidden, &behind].concat(), before.len())
    }
}

/// A submission that says which case it belongs to and who it is.
fn ours(number: usize, mark: &str) -> String {
    format!("/in.php?key={KEY}&method=userrecaptcha&googlekey=k&pageurl=https://example.com/&case={number:04}&mark={mark}")
}

/// Every place of `from` in the bytes.
fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from.as_bytes()) {
        let (before, found) = rest.split_at(at);
        out.extend_from_slice(before);
        out.extend_from_slice(to.as_bytes());
        rest = found.get(from.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// Bytes that some reader skips, trims or takes for something else, by their names.
pub(super) const ODD: [(&str, u8); 18] = [
    ("space", b' '),
    ("tab", b'\t'),
    ("vertical-tab", 0x0b),
    ("form-feed", 0x0c),
    ("return", b'\r'),
    ("feed", b'\n'),
    ("nul", 0),
    ("start-of-heading", 1),
    ("delete", 0x7f),
    ("next-line", 0x85),
    ("no-break-space", 0xa0),
    ("high", 0xff),
    ("quote", b'"'),
    ("comma", b','),
    ("semicolon", b';'),
    ("colon", b':'),
    ("point", b'.'),
    ("underscore", b'_'),
];
