//! Why could a request not be read? A code for the caller, a reason for the record.

use std::fmt;

use tollgate_model::DenialCode;

use crate::credential::Presented;
use crate::json::JsonError;
use crate::operation::AnswerForm;

/// A request that is not understood as exactly one operation.
pub struct Misread<'a> {
    /// `ambiguous_request`, `malformed` or `operation_denied`.
    pub code: DenialCode,
    /// What was wrong, for the record; never a part of the request.
    pub reason: &'static str,
    /// The form that the caller seems to want its answer in.
    pub form: AnswerForm,
    /// The credential, when exactly one could be read.
    pub credential: Option<Presented<'a>>,
}

impl fmt::Debug for Misread<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Misread({}: {})", self.code, self.reason)
    }
}

/// The part of a `Misread` that the readers below the surface know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unclear {
    pub(crate) code: DenialCode,
    pub(crate) reason: &'static str,
}

impl Unclear {
    /// It can be read in two ways.
    pub(crate) const fn ambiguous(reason: &'static str) -> Self {
        Self { code: DenialCode::AmbiguousRequest, reason }
    }

    /// It cannot be read.
    pub(crate) const fn malformed(reason: &'static str) -> Self {
        Self { code: DenialCode::Malformed, reason }
    }

    /// It can be read, and is not on the list.
    pub(crate) const fn denied(reason: &'static str) -> Self {
        Self { code: DenialCode::OperationDenied, reason }
    }
}

impl From<JsonError> for Unclear {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Duplicate => Self::ambiguous("a JSON name that stands twice"),
            JsonError::EscapedName => Self::ambiguous("a JSON name written with escapes"),
            JsonError::Syntax => Self::malformed("a body that is not JSON"),
            JsonError::Depth => Self::malformed("JSON nested too deeply"),
            JsonError::Number => Self::malformed("a JSON number out of range"),
            JsonError::TooMany => Self::malformed("JSON with too many members"),
        }
    }
}
