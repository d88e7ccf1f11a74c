//! Who did what at the desk? One act, written down before it is done and again when it is done or refused.

use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use crate::access::Door;

/// An administrative act, as a line of the audit log has it; never a key, a token or a secret.
#[derive(Clone, Debug, PartialEq)]
pub struct AdminAct {
    /// What is done: `key.create`, `team.set`, … (`event.action`).
    pub action: &'static str,
    /// Where it stands.
    pub stage: Stage,
    /// The name of the key or team.
    pub subject: String,
    /// How the operator came in.
    pub by: Door,
    /// Before it is done: what was asked for. After: the change as a whole, so that the log can be replayed. Refused: the reason.
    pub detail: Value,
}

/// Where an act stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// About to be done.
    Intent,
    /// Done.
    Done,
    /// Not done.
    Refused,
}

/// The line cannot be written: an act that waits for it is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit log cannot be written")]
pub struct Unwritten;

/// A pending line.
pub type Writing<'a> = Pin<Box<dyn Future<Output = Result<(), Unwritten>> + Send + 'a>>;

/// Where acts are written; done means handed to the journal as durably as an intent to spend.
pub trait Acts: Send + Sync + 'static {
    /// Writes one line.
    fn write(&self, act: AdminAct) -> Writing<'_>;
}

impl Stage {
    /// The stage as the log has it (`event.outcome`: ECS knows success, failure and unknown).
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::Intent => "unknown",
            Self::Done => "success",
            Self::Refused => "failure",
        }
    }
}
