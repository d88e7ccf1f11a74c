//! Why is this not a request? Each reason with its status; the connection ends after it.

/// A request that is not taken; the bytes behind it cannot be trusted, so the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum Reject {
    /// The request line is not `METHOD target HTTP/1.x`.
    RequestLine,
    /// A method other than GET, POST, HEAD, OPTIONS.
    Method,
    /// The target is not a plain path and query.
    Target,
    /// The target is longer than the limit.
    TargetTooLong,
    /// HTTP/2, HTTP/0.9 or something else.
    Version,
    /// A header line is malformed: bare CR or LF, NUL, folding, space before the colon, an odd name.
    Header,
    /// More header lines or bytes than the limit.
    HeadTooLarge,
    /// No Host, two, an odd one, or one that differs from the target's authority.
    Host,
    /// A header that decides something stands twice.
    Duplicate,
    /// Content-Length and Transfer-Encoding do not say one thing.
    Framing,
    /// A body where none may be.
    UnexpectedBody,
    /// The body is longer than the limit.
    BodyTooLarge,
    /// A chunk is malformed.
    Chunk,
    /// An expectation other than `100-continue`.
    Expectation,
    /// A coded body.
    Coding,
}

impl Reject {
    /// The status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Method => 405,
            Self::BodyTooLarge => 413,
            Self::TargetTooLong => 414,
            Self::Coding => 415,
            Self::Expectation => 417,
            Self::HeadTooLarge => 431,
            Self::Version => 505,
            Self::RequestLine
            | Self::Target
            | Self::Header
            | Self::Host
            | Self::Duplicate
            | Self::Framing
            | Self::UnexpectedBody
            | Self::Chunk => 400,
        }
    }

    /// What is wrong, for the client and the record; nothing of the request stands in it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::RequestLine => "the request line is malformed",
            Self::Method => "the method is not served",
            Self::Target => "the target is not a plain path",
            Self::TargetTooLong => "the target is too long",
            Self::Version => "the version is not served",
            Self::Header => "a header line is malformed",
            Self::HeadTooLarge => "the head is too large",
            Self::Host => "the host is missing or ambiguous",
            Self::Duplicate => "a header that may stand once stands twice",
            Self::Framing => "the length of the body is ambiguous",
            Self::UnexpectedBody => "a body with a method that has none",
            Self::BodyTooLarge => "the body is too large",
            Self::Chunk => "a chunk is malformed",
            Self::Expectation => "the expectation cannot be met",
            Self::Coding => "coded bodies are not read",
        }
    }
}
