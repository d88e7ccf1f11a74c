//! What does the gate hand over? One whole request, borrowed, with its framing already judged.

/// A method of HTTP that the dialects know; every other one ends in the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

impl Method {
    /// The method as it stands in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One request, read whole. It holds a credential: no `Debug`.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The method.
    pub method: Method,
    /// The path without any `/u/<name>`, as it came: an escape in it is never decoded.
    pub path: &'a [u8],
    /// What stands behind the first `?`, without it.
    pub query: &'a [u8],
    /// `Content-Type`, if there was one.
    pub content_type: Option<&'a [u8]>,
    /// `Authorization`, if there was one.
    pub authorization: Option<&'a [u8]>,
    /// The body, unchunked.
    pub body: &'a [u8],
}
