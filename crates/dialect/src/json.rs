//! What does a JSON object hold? Members in order with their exact text; a duplicate name anywhere is refused.
//!
//! A reader of our own, since the exact text is wanted (an amount never becomes a float, an answer goes on as it came) and
//! duplicate names must not be resolved by anybody's preference.

mod scan;
mod text;

use std::borrow::Cow;

pub use text::{write_string, write_value};

/// Why a text is not an object that we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON (RFC 8259), or not in UTF-8.
    #[error("not JSON")]
    Syntax,
    /// Nested deeper than 16.
    #[error("nested too deeply")]
    Depth,
    /// A name twice in one object.
    #[error("a name that stands twice")]
    Duplicate,
    /// A name written with escapes, where names must be plain.
    #[error("a name written with escapes")]
    EscapedName,
    /// A number that not every reader can hold, in a request.
    #[error("a number out of range")]
    Number,
    /// More members in one object than we read.
    #[error("too many members")]
    TooMany,
}

/// What kind of value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string; the text includes its quotes.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`
    Null,
    /// An object, checked to its depth.
    Object,
    /// An array, checked to its depth.
    Array,
}

/// A value as its exact text, valid JSON by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    /// The exact text.
    pub text: &'a [u8],
    /// Its kind.
    pub kind: Kind,
}

/// How names may be written, and how far numbers go: whether it is a request that is read, or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Without escapes: requests, where `k\u0065y` is an attempt.
    Plain,
    /// With escapes: answers, whose nested names are not ours to judge.
    Any,
}

/// Reads one object and nothing behind it, and hands each member of the outermost level over in order.
///
/// # Errors
/// The first thing that is wrong; members handed over before it must not be used.
pub fn members<'a>(text: &'a [u8], names: Names, each: impl FnMut(&'a [u8], Raw<'a>)) -> Result<(), JsonError> {
    scan::object(text, names, each)
}

impl<'a> Raw<'a> {
    /// A string's bytes, unescaped; a number's, `true`'s and `null`'s text as it stands; nothing for what is nested.
    pub fn scalar(&self) -> Option<Cow<'a, [u8]>> {
        match self.kind {
            Kind::String => Some(text::unescape(self.inner())),
            Kind::Number | Kind::Bool | Kind::Null => Some(Cow::Borrowed(self.text)),
            Kind::Object | Kind::Array => None,
        }
    }

    /// The whole text with the escapes of its strings undone: to be searched, no longer to be read.
    pub(crate) fn undone(&self) -> Cow<'a, [u8]> {
        text::unescape(self.text)
    }

    /// A string's inside, if it holds no escape: what a word must.
    pub(crate) fn plain(&self) -> Option<&'a [u8]> {
        match self.scalar()? {
            Cow::Borrowed(text) if self.kind == Kind::String => Some(text),
            Cow::Borrowed(_) | Cow::Owned(_) => None,
        }
    }

    /// Whether it is a string that means exactly this.
    pub fn is_string(&self, wanted: &[u8]) -> bool {
        self.kind == Kind::String && *text::unescape(self.inner()) == *wanted
    }

    fn inner(&self) -> &'a [u8] {
        match self.text {
            [b'"', inner @ .., b'"'] => inner,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
