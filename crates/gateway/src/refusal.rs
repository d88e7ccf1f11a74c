//! How does a no become an answer? The one place that turns denials and failures into responses.
//!
//! Two rules: say it in a word that is true, and make the caller's SDK do the right thing: wait where waiting helps, stop
//! where it does not, never send again what may have been bought. The words are the profile's data.

use tollgate_dialect::{AnswerForm, Answering};
use tollgate_model::{Denial, DenialCode, Failure, FailureCode, RequestId};

/// Why the corridor ended early.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// We said no.
    Denied(Denial),
    /// Something broke.
    Failed(Failure),
    /// Nothing is wrong: a poll came before the provider takes it, and is answered "not ready" by us.
    NotYet {
        /// Milliseconds until it takes one.
        wait_ms: u64,
    },
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// An answer to the client, before it is bytes.
pub(crate) struct Reply {
    pub(crate) id: RequestId,
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    /// Asked for by `header_acao=1`: browsers may read the answer.
    pub(crate) any_origin: bool,
    pub(crate) denied: Option<&'static str>,
    pub(crate) retry_after_s: Option<u64>,
    /// Whether the connection must end after it.
    pub(crate) close: bool,
}

impl Reply {
    /// An answer in the caller's dialect; HTTP 200, since SDKs lose the body of anything else.
    pub(crate) fn dialect(id: RequestId, form: AnswerForm, body: Vec<u8>) -> Self {
        Self { status: 200, content_type: form.content_type(), any_origin: form.header_acao, ..Self::bare(id, 200, "") }.with_body(body)
    }

    /// An answer in bare HTTP, where there is no dialect to speak.
    pub(crate) fn bare(id: RequestId, status: u16, text: &str) -> Self {
        Self {
            id,
            status,
            content_type: "text/plain; charset=utf-8",
            body: text.as_bytes().to_vec(),
            any_origin: false,
            denied: None,
            retry_after_s: None,
            close: false,
        }
    }

    /// An answer in JSON, for what is no provider's business.
    pub(crate) fn json(id: RequestId, status: u16, value: &serde_json::Value) -> Self {
        Self { content_type: "application/json", ..Self::bare(id, status, "") }.with_body(value.to_string().into_bytes())
    }

    /// The same, after which the connection ends.
    pub(crate) fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }
}

impl Refusal {
    /// The answer in the provider's language. A free read that met trouble of ours or the provider's reads "not ready": a
    /// fatal word would destroy a paid answer.
    pub(crate) fn reply(&self, answering: Answering<'_>, free_read: bool) -> Reply {
        let mut body = Vec::with_capacity(96);
        let mut reply = Reply::dialect(answering.id, answering.form, Vec::new());
        match self {
            Self::Denied(denial) => {
                if free_read && is_trouble(denial.code) {
                    answering.not_ready(&mut body);
                } else {
                    answering.denial(denial, &mut body);
                }
                reply.denied = Some(outside(denial.code).as_str());
                reply.retry_after_s = denial.retry_after_ms.map(seconds);
            }
            Self::NotYet { wait_ms } => {
                answering.not_ready(&mut body);
                reply.retry_after_s = Some(seconds(*wait_ms));
            }
            Self::Failed(failure) => {
                if free_read && failure.code != FailureCode::UpstreamAccount {
                    answering.not_ready(&mut body);
                } else {
                    answering.failure(failure.code, &mut body);
                }
            }
        }
        reply.with_body(body)
    }
}

/// `Retry-After` has no smaller unit.
fn seconds(millis: u64) -> u64 {
    millis.div_ceil(1000).max(1)
}

/// Troubles of ours, under which nothing was sent.
const fn is_trouble(code: DenialCode) -> bool {
    matches!(
        code,
        DenialCode::Overloaded
            | DenialCode::AuditUnavailable
            | DenialCode::BooksUnavailable
            | DenialCode::SecretUnavailable
            | DenialCode::ClockSuspect
    )
}

/// The code that the caller may see: failures to prove who one is look alike.
const fn outside(code: DenialCode) -> DenialCode {
    match code {
        DenialCode::Expired | DenialCode::Revoked => DenialCode::Unauthenticated,
        code => code,
    }
}
