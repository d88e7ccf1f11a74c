//! Which method was asked for? Its name, outliving the request's bytes without an allocation.

/// A method's name, kept apart from the request's bytes; no dialect admits one above 64.
pub(super) struct MethodName {
    length: usize,
    bytes: [u8; 64],
}

impl MethodName {
    pub(super) fn of(name: &str) -> Self {
        let mut bytes = [0; 64];
        let places = bytes.iter_mut().zip(name.as_bytes());
        let length = places.map(|(place, byte)| *place = *byte).count();
        Self { length, bytes }
    }

    pub(super) fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}
