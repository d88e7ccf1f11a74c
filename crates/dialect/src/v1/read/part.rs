//! What is the answer of one task among several?

use crate::v1::words;
use crate::words::WordClass;

/// The answer of one task among several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'b> {
    /// It is being worked on.
    NotReady,
    /// It has no answer, or will have none.
    Refused(&'b str, WordClass),
    /// It is answered.
    Answered,
}

impl<'b> Part<'b> {
    /// Reads one of `Said::parts`.
    pub fn read(text: &'b [u8]) -> Self {
        match words::find(text) {
            _ if words::is_not_ready(text) => Self::NotReady,
            Some((word, class)) => Self::Refused(word, class),
            None => Self::Answered,
        }
    }
}
