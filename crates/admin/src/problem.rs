//! How does the desk say no? One document for every refusal (RFC 9457), with what to do next.

use std::borrow::Cow;
use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What kind of no it is; the last part of the document's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read.
    Malformed,
    /// No token, or a wrong one.
    Unauthenticated,
    /// Nothing of that name.
    NotFound,
    /// The path knows other methods.
    MethodNotAllowed,
    /// The name is taken, or the state does not allow it.
    Conflict,
    /// The record has changed since it was read.
    PreconditionFailed,
    /// The body is over the limit.
    TooLarge,
    /// The body is not JSON.
    UnsupportedMedia,
    /// The host is not this desk.
    Misdirected,
    /// Understood, and refused.
    Refused,
    /// The idempotency key was used for something else.
    KeyReused,
    /// The act cannot be written down.
    AuditUnavailable,
    /// The store does not do it.
    StoreUnavailable,
    /// Not done in time, or too much at once.
    Busy,
    /// Something broke.
    Internal,
}

/// A refusal of the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    hint: Cow<'static, str>,
    mistakes: Vec<Mistake>,
}

/// One field of a body that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The field; absent where it is of no field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<&'static str>,
    /// Which of its words, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) word: Option<String>,
    /// What is wrong.
    pub(crate) what: String,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    hint: &'a str,
    #[serde(skip_serializing_if = "<[Mistake]>::is_empty")]
    mistakes: &'a [Mistake],
}

impl Kind {
    const fn facts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Malformed => ("malformed", StatusCode::BAD_REQUEST, "The request cannot be read"),
            Self::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED, "The admin token is missing or wrong"),
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND, "Nothing of that name"),
            Self::MethodNotAllowed => ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED, "The path knows other methods"),
            Self::Conflict => ("conflict", StatusCode::CONFLICT, "It stands in the way of something that is there"),
            Self::PreconditionFailed => ("precondition_failed", StatusCode::PRECONDITION_FAILED, "It has changed meanwhile"),
            Self::TooLarge => ("too_large", StatusCode::PAYLOAD_TOO_LARGE, "The body is over 64 KiB"),
            Self::UnsupportedMedia => ("unsupported_media_type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is not JSON"),
            Self::Misdirected => ("misdirected", StatusCode::MISDIRECTED_REQUEST, "The host is not this desk"),
            Self::Refused => ("refused", StatusCode::UNPROCESSABLE_ENTITY, "Understood, and refused"),
            Self::KeyReused => {
                ("idempotency_key_reused", StatusCode::UNPROCESSABLE_ENTITY, "The idempotency key stood for another request")
            }
            Self::AuditUnavailable => ("audit_unavailable", StatusCode::SERVICE_UNAVAILABLE, "The act cannot be written down"),
            Self::StoreUnavailable => ("store_unavailable", StatusCode::SERVICE_UNAVAILABLE, "The store does not do it"),
            Self::Busy => ("busy", StatusCode::SERVICE_UNAVAILABLE, "Not done in time"),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something broke"),
        }
    }
}

impl Problem {
    /// A refusal of this kind, with its reason.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), hint: Cow::Borrowed(""), mistakes: Vec::new() }
    }

    /// A refusal of fields, all of them named.
    pub(crate) fn of(mistakes: Vec<Mistake>) -> Self {
        let all: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        Self { mistakes, ..Self::new(Kind::Refused, all.join("; ")) }
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The words of an error, where they are "what: what to do".
    pub(crate) fn said(kind: Kind, words: String) -> Self {
        match words.split_once(": ") {
            Some((what, hint)) => Self::new(kind, what.to_owned()).hint(hint.to_owned()),
            None => Self::new(kind, words),
        }
    }

    /// Nothing of that kind has this name; the hint names the command that lists what there is.
    pub(crate) fn no_such(what: &str, name: &str) -> Self {
        Self::new(Kind::NotFound, format!("there is no {what} `{name}`")).hint(format!("`tollgate {what} list` names all"))
    }

    /// What kind it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The reason.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.field.map_or(Ok(()), |field| write!(out, "`{field}`: "))?;
        out.write_str(&self.what)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (slug, status, title) = self.kind.facts();
        let document = Document {
            r#type: format!("urn:tollgate:problem:{slug}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            hint: &self.hint,
            mistakes: &self.mistakes,
        };
        // a document of strings and one number always serializes
        let body = serde_json::to_string(&document).unwrap_or_default();
        let mut response = (status, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.kind == Kind::Unauthenticated {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tollgate admin\""));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_problem_says_what_and_what_next() {
        let response = Problem::no_such("key", "ci").into_response();
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(
            std::str::from_utf8(&body).unwrap(),
            r#"{"type":"urn:tollgate:problem:not_found","title":"Nothing of that name","status":404,"detail":"there is no key `ci`","hint":"`tollgate key list` names all"}"#
        );
    }
}
