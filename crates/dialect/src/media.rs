//! What does a body claim to be? Three content types, in one spelling each but for case.

use crate::misread::Unclear;

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media<'a> {
    /// `application/x-www-form-urlencoded`, or no type at all (Node's `fetch` of a string without a header).
    Form,
    /// `application/json`
    Json,
    /// `multipart/form-data` with its boundary.
    Multipart(&'a [u8]),
}

/// Reads a `Content-Type`. Parameters: `charset=utf-8` anywhere once, `boundary` once where it belongs; PHP's leniences
/// (a list of types, other charsets, two boundaries) are refused.
pub(crate) fn read(header: Option<&[u8]>) -> Result<Media<'_>, Unclear> {
    let Some(header) = header else { return Ok(Media::Form) };
    if header.iter().any(u8::is_ascii_control) {
        return Err(Unclear::malformed("a control character in the content type"));
    }
    let mut pieces = header.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let essence = pieces.next().unwrap_or_default();
    let (mut charset, mut boundary) = (None, None);
    for piece in pieces {
        let (name, value) = parameter(piece)?;
        let place = match name {
            name if name.eq_ignore_ascii_case(b"charset") => &mut charset,
            name if name.eq_ignore_ascii_case(b"boundary") => &mut boundary,
            _ => return Err(Unclear::malformed("a content type with an unknown parameter")),
        };
        if place.replace(value).is_some() {
            return Err(Unclear::ambiguous("a content type with a parameter twice"));
        }
    }
    if charset.is_some_and(|charset| !charset.eq_ignore_ascii_case(b"utf-8")) {
        return Err(Unclear::malformed("a charset other than utf-8"));
    }
    match (essence, boundary) {
        (essence, None) if essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") => Ok(Media::Form),
        (essence, None) if essence.eq_ignore_ascii_case(b"application/json") => Ok(Media::Json),
        (essence, Some(boundary)) if essence.eq_ignore_ascii_case(b"multipart/form-data") && is_boundary(boundary) => {
            Ok(Media::Multipart(boundary))
        }
        _ => Err(Unclear::malformed("a content type that is not on the list")),
    }
}

fn parameter(piece: &[u8]) -> Result<(&[u8], &[u8]), Unclear> {
    let at = memchr::memchr(b'=', piece).ok_or(Unclear::malformed("a content type with a broken parameter"))?;
    let (name, rest) = piece.split_at(at);
    let value = rest.split_first().map_or(&[][..], |(_, value)| value);
    let value = match value {
        [b'"', inner @ .., b'"'] => inner,
        bare => bare,
    };
    Ok((name, value))
}

/// RFC 2046 §5.1.1 allows 1 to 70 characters; of its punctuation only what clients use. A comma ends it for PHP.
fn is_boundary(text: &[u8]) -> bool {
    let kept = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'=' | b'+' | b'/' | b':' | b'\'');
    (1..=70).contains(&text.len()) && text.iter().all(kept)
}
