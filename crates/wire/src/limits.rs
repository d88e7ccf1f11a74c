//! How much is too much? The defaults of SECURITY.md, all checked before anything is buffered beyond them.

/// Limits of heads and bodies, in bytes and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A whole head, its empty line included.
    pub head: usize,
    /// Header lines.
    pub headers: usize,
    /// The request target.
    pub target: usize,
    /// A body.
    pub body: u64,
}

impl Limits {
    /// What a client may send: head 16 KiB, 64 headers, target 4 KiB, body 2 MiB.
    pub const REQUEST: Self = Self { head: 16 << 10, headers: 64, target: 4 << 10, body: 2 << 20 };
    /// What a provider may answer: head 16 KiB, 100 headers, body 4 MiB.
    pub const ANSWER: Self = Self { head: 16 << 10, headers: 100, target: 0, body: 4 << 20 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::REQUEST
    }
}
