//! What was sent? Small JSON bodies and queries, read whole, with no field that is not known.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use tollgate_model::Name;

use crate::problem::{Kind, Problem};

/// The largest body read.
pub(crate) const LARGEST: usize = 64 << 10;

/// A JSON body of this form; no body is an empty object.
pub(crate) struct Body<T>(pub(crate) T);

/// A query of this form.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = whole(body).await?;
        parse(&parts.headers, &bytes).map(Self)
    }
}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|error| Problem::new(Kind::Malformed, told(&error)))
    }
}

/// The varying part of a path.
pub(crate) struct InPath(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for InPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::new(Kind::Malformed, "the path is no text").hint("escapes in a path are UTF-8"))?;
        Ok(Self(text))
    }
}

/// The name in a path.
pub(crate) struct Named(pub(crate) Name);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let InPath(text) = InPath::from_request_parts(parts, state).await?;
        named(&text).map(Self)
    }
}

/// A text as a name.
pub(crate) fn named(text: &str) -> Result<Name, Problem> {
    Name::parse(text).map_err(|error| Problem::new(Kind::Malformed, format!("`{text}` is no name: {error}")))
}

/// Reads a body whole, up to the limit.
pub(crate) async fn whole(body: axum::body::Body) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, LARGEST).await.map_err(|error| {
        let over = std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if over { Problem::new(Kind::TooLarge, "the body is over 64 KiB") } else { Problem::new(Kind::Malformed, "the body ended early") }
    })
}

fn parse<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() {
        return read(b"{}");
    }
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(Kind::UnsupportedMedia, "the body is not marked as JSON").hint("send `Content-Type: application/json`"));
    }
    read(bytes)
}

/// Reads JSON as this form.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        // serde's words name the field, and repeat a value only where it is of a wrong type: a secret is never of one
        Problem::new(Kind::Malformed, error.to_string())
    })
}

/// The innermost words of an error: what a person can act on.
fn told(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[serde(default)]
        name: String,
    }

    fn parsed(media: &str, body: &str) -> Result<Form, (Kind, String)> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, media.parse().unwrap())]);
        parse(&headers, body.as_bytes()).map_err(|problem| (problem.kind(), problem.detail().to_owned()))
    }

    #[test]
    fn ad_11_a_field_that_is_not_known_is_refused() {
        for body in [r#"{"role":"owner"}"#, r#"{"__proto__":{}}"#, r#"{"name":"a","id":"b"}"#] {
            let (kind, detail) = parsed("application/json", body).unwrap_err();
            assert!(kind == Kind::Malformed && detail.starts_with("unknown field"), "{body}: {detail}");
        }
    }

    #[test]
    fn a_field_that_stands_twice_is_refused() {
        let (kind, detail) = parsed("application/json", r#"{"name":"a","name":"b"}"#).unwrap_err();
        assert!(kind == Kind::Malformed && detail.starts_with("duplicate field `name`"), "{detail}");
    }

    #[test]
    fn a_body_is_json_and_says_so_and_no_body_is_an_empty_object() {
        assert_eq!(parsed("application/json; charset=utf-8", r#"{"name":"a"}"#).unwrap().name, "a");
        assert_eq!(parsed("text/plain", r#"{"name":"a"}"#).unwrap_err().0, Kind::UnsupportedMedia);
        assert_eq!(parsed("application/json", "").unwrap().name, "");
    }

    #[tokio::test]
    async fn do_02_a_body_one_byte_over_the_limit_is_refused() {
        assert_eq!(whole(vec![b' '; LARGEST].into()).await.unwrap().len(), LARGEST);
        assert_eq!(whole(vec![b' '; LARGEST + 1].into()).await.unwrap_err().kind(), Kind::TooLarge);
    }
}
