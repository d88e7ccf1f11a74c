//! Has it changed since it was read? A record's version as its etag, and `If-Match` on writes (RFC 9110 §13.1.1).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::problem::{Kind, Problem};

/// What the writer has read before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Nothing said, or `*`: whatever it is now.
    Any,
    /// One of these versions.
    OneOf(Vec<u64>),
}

/// One change of a record at a time, so that nothing comes between its reading and its writing.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<()>>);

impl Turns {
    /// Waits for its turn; taken once the body is read, so that a slow sender holds nobody up.
    pub(crate) async fn take(self) -> OwnedMutexGuard<()> {
        self.0.lock_owned().await
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

impl IfMatch {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut versions = Vec::new();
        let mut lines = headers.get_all(header::IF_MATCH).iter().peekable();
        if lines.peek().is_none() {
            return Ok(Self::Any);
        }
        for line in lines {
            for tag in line.to_str().map_err(|_| unreadable())?.split(',').map(str::trim) {
                if tag == "*" {
                    return Ok(Self::Any);
                }
                let quoted = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).ok_or_else(unreadable)?;
                // a tag of another form is one that no record here ever had
                versions.extend(quoted.parse::<u64>());
            }
        }
        Ok(Self::OneOf(versions))
    }

    /// Whether a record of this version is the one that was read.
    pub(crate) fn holds(&self, version: u64) -> Result<(), Problem> {
        match self {
            Self::OneOf(versions) if !versions.contains(&version) => {
                Err(Problem::new(Kind::PreconditionFailed, format!("it is at version {version} now"))
                    .hint("read it again, and change what you find"))
            }
            Self::OneOf(_) | Self::Any => Ok(()),
        }
    }
}

/// The etag of a version.
pub(crate) fn etag(version: u64) -> (axum::http::HeaderName, HeaderValue) {
    // a number in quotes is a header value
    (header::ETAG, HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"0\"")))
}

fn unreadable() -> Problem {
    Problem::new(Kind::Malformed, "`If-Match` is not a quoted etag").hint("send back the `ETag` as it was read, with its quotes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Result<IfMatch, Problem> {
        IfMatch::of(&HeaderMap::from_iter([(header::IF_MATCH, value.parse().unwrap())]))
    }

    #[test]
    fn ad_14_only_the_version_that_was_read_may_be_changed() {
        assert_eq!(of("\"3\"").unwrap().holds(3), Ok(()));
        assert_eq!(of("\"3\"").unwrap().holds(4).unwrap_err().kind(), Kind::PreconditionFailed);
        assert_eq!(of("\"2\", \"4\"").unwrap().holds(4), Ok(()));
        assert_eq!(of("\"foreign\"").unwrap().holds(4).unwrap_err().kind(), Kind::PreconditionFailed);
        assert_eq!(of("*").unwrap(), IfMatch::Any);
        assert_eq!(IfMatch::of(&HeaderMap::new()).unwrap().holds(9), Ok(()));
    }

    #[test]
    fn a_tag_without_quotes_or_a_weak_one_cannot_be_read() {
        assert_eq!(of("3").unwrap_err().kind(), Kind::Malformed);
        assert_eq!(of("W/\"3\"").unwrap_err().kind(), Kind::Malformed);
    }
}
