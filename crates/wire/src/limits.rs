//! How much is too much? The defaults of SECURITY.md, all checked before anything is buffered beyond them.

/// Limits of heads and bodies, in bytes and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A whole head, its empty line included; at most 65,535, whatever is set.
    pub head: usize,
    /// Header lines; for requests at most 64, whatever is set.
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

    /// The bytes in which a head must end, and whether there may be no more of them.
    pub(crate) fn window<'a>(&self, bytes: &'a [u8]) -> (&'a [u8], bool) {
        let most = self.head.min(usize::from(u16::MAX));
        (bytes.get(..most).unwrap_or(bytes), bytes.len() >= most)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::REQUEST
    }
}
