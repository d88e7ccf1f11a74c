//! How does a no become an answer? The one place that turns denials and failures into responses (REFUSALS in the README).

use tollgate_dialect::v1::{AnswerForm, render};
use tollgate_dialect::Profile;
use tollgate_model::{Denial, DenialCode, Failure, FailureCode, RequestId};

/// Why the corridor ended early.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// We said no.
    Denied(Denial),
    /// Something broke.
    Failed(Failure),
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
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    /// Asked for by `header_acao=1`: browsers may read the answer.
    pub(crate) any_origin: bool,
    pub(crate) denied: Option<&'static str>,
    pub(crate) retry_after_s: Option<u64>,
    pub(crate) id: RequestId,
    /// Whether the connection must end after it.
    pub(crate) close: bool,
}
