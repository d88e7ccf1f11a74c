//! What leaves for the provider? Method, target, headers and body, in buffers that are reused and wiped.

use tollgate_model::hex_of;

use crate::incoming::Method;

/// A request for the provider. Its buffers are reused, hold the real key once encoded, and are the gate's to wipe.
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: Vec<u8>,
    /// `Content-Type`; empty for none.
    pub content_type: Vec<u8>,
    /// `Authorization`; empty for none.
    pub authorization: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
}

impl Outgoing {
    /// An empty one.
    pub const fn new() -> Self {
        Self { method: Method::Get, target: Vec::new(), content_type: Vec::new(), authorization: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.target.clear();
        self.content_type.clear();
        self.authorization.clear();
        self.body.clear();
    }
}

impl Default for Outgoing {
    fn default() -> Self {
        Self::new()
    }
}

/// The line between the parts of a multipart body: 32 hex digits that no client can foresee.
#[derive(Clone, Copy)]
pub struct Boundary(pub(crate) [u8; 32]);

impl Boundary {
    /// The boundary of 16 random bytes, drawn for one request.
    pub fn from_random(random: [u8; 16]) -> Self {
        let mut text = [0; 32];
        for (digits, byte) in text.chunks_exact_mut(2).zip(random) {
            digits.copy_from_slice(&hex_of(byte));
        }
        Self(text)
    }
}
