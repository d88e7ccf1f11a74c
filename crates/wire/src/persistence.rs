//! Does the connection stay open after this message?

use crate::fields;

/// What the Connection lines say. Only `close` and `keep-alive` mean anything here: a header that is named in them is not
/// stripped (CVE-2024-45410), an upgrade is not made.
#[derive(Clone, Copy, Default)]
pub(crate) struct Persistence {
    close: bool,
    keep: bool,
}

impl Persistence {
    pub(crate) fn note(&mut self, value: &[u8]) {
        for word in fields::words(value) {
            self.close |= word.eq_ignore_ascii_case(b"close");
            self.keep |= word.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// RFC 9112 §9.3: `close` wins, HTTP/1.0 stays only when asked to.
    pub(crate) fn stays(self, old_version: bool) -> bool {
        !self.close && (!old_version || self.keep)
    }
}
