//! Why is this not a request? Each reason with its status; the connection ends after it.

/// A request that is not taken; the bytes behind it cannot be trusted, so the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// The request line is not `METHOD target HTTP/1.x`.
    #[error("the request line is malformed")]
    RequestLine,
    /// A method other than GET, POST, HEAD, OPTIONS.
    #[error("the method is not served")]
    Method,
    /// The target is not a plain path and query.
    #[error("the target is not a plain path")]
    Target,
    /// The target is longer than the limit.
    #[error("the target is too long")]
    TargetTooLong,
    /// HTTP/2, HTTP/0.9 or something else.
    #[error("the version is not served")]
    Version,
    /// A header line is malformed: bare CR or LF, NUL, folding, space before the colon, an odd name.
    #[error("a header line is malformed")]
    Header,
    /// More header lines or bytes than the limit.
    #[error("the head is too large")]
    HeadTooLarge,
    /// No Host, two, an odd one, or one that differs from the target's authority.
    #[error("the host is missing or ambiguous")]
    Host,
    /// A header that decides something stands twice.
    #[error("a header that may stand once stands twice")]
    Duplicate,
    /// Content-Length and Transfer-Encoding do not say one thing.
    #[error("the length of the body is ambiguous")]
    Framing,
    /// A body where none may be.
    #[error("a body with a method that has none")]
    UnexpectedBody,
    /// The body is longer than the limit.
    #[error("the body is too large")]
    BodyTooLarge,
    /// A chunk is malformed.
    #[error("a chunk is malformed")]
    Chunk,
    /// An expectation other than `100-continue`.
    #[error("the expectation cannot be met")]
    Expectation,
    /// A coded body.
    #[error("coded bodies are not read")]
    Coding,
}

impl Reject {
    /// The status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Method => 405,
            Self::TargetTooLong => 414,
            Self::Version => 505,
            Self::HeadTooLarge => 431,
            Self::BodyTooLarge => 413,
            Self::Expectation => 417,
            Self::Coding => 415,
            Self::RequestLine | Self::Target | Self::Header | Self::Host | Self::Duplicate | Self::Framing | Self::UnexpectedBody | Self::Chunk => 400,
        }
    }
}
