//! What was shown as a key? Whatever stood in the key's places, once all of them agree.

use std::borrow::Cow;

use crate::misread::Unclear;
use crate::value::Value;

/// A credential as the client presented it, not looked up yet. It has no text form; `expose` is the only way in.
pub struct Presented<'a>(Cow<'a, [u8]>);

impl<'a> Presented<'a> {
    /// Takes the decoded bytes.
    pub const fn new(bytes: Cow<'a, [u8]>) -> Self {
        Self(bytes)
    }

    /// The bytes; empty when no credential was shown, which no stored key equals.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether none was shown.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Joins the parameter's place and the header's: both may show the key, and then it is the same key.
///
/// A header without a parameter is enough. The scheme is compared without case (RFC 9110 §11.1); another scheme than
/// `Bearer` is refused, since it would be a second credential that nobody judges.
pub(crate) fn agreed<'a>(parameter: Option<&Value<'a>>, authorization: Option<&'a [u8]>) -> Result<Presented<'a>, Unclear> {
    let bearer = authorization.map(bearer).transpose()?;
    match (parameter, bearer) {
        (Some(key), Some(token)) if !key.is(token) => Err(Unclear::ambiguous("two credentials that differ")),
        (Some(key), _) => Ok(Presented(key.clone().into_bytes())),
        (None, Some(token)) => Ok(Presented(Cow::Borrowed(token))),
        (None, None) => Ok(Presented(Cow::Borrowed(&[]))),
    }
}

fn bearer(header: &[u8]) -> Result<&[u8], Unclear> {
    match header.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => Ok(token.trim_ascii()),
        // nothing, or the scheme with nothing behind it: no key was shown
        None if header.is_empty() || header.eq_ignore_ascii_case(b"bearer") => Ok(b""),
        _ => Err(Unclear::ambiguous("an Authorization header that is not `Bearer`")),
    }
}
