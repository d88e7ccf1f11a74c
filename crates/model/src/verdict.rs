//! What did each factor say? The four answers that a record carries and `explain` prints.

use serde::Serialize;

/// One factor's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// Not asked: an earlier room had said no.
    #[default]
    Unasked,
    /// Agreed.
    Ok,
    /// Refused.
    No,
    /// Would have refused; the key is observed.
    WouldDeny,
}

/// The four answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Who asks.
    pub identity: Factor,
    /// From where.
    pub network: Factor,
    /// Within which allowance.
    pub allowance: Factor,
    /// When.
    pub time: Factor,
}

impl Factor {
    /// The answer as it stands in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unasked => "unasked",
            Self::Ok => "ok",
            Self::No => "no",
            Self::WouldDeny => "would_deny",
        }
    }
}
