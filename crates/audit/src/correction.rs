//! How does an operator's correction stand in the journal? One line with all its entries: it is there whole, or not at all.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate_model::{KeyId, Name, RequestId};

/// `event.action` of its line.
pub const CORRECTION: &str = "adjust";

/// What a line says under `tollgate.detail`; its id stands in `tollgate.subject`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Whose.
    pub key: KeyId,
    /// The key's name.
    pub name: Name,
    /// The UTC day that was named: `2026-11-23`.
    pub on: String,
    /// Dollars, for people; below zero: less was spent.
    pub amount: String,
    /// Why.
    pub reason: String,
    /// What it is made of.
    pub entries: Vec<Corrected>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corrected {
    /// Its id in the books.
    pub request: RequestId,
    /// The team.
    pub team: Option<Name>,
    /// The account.
    pub upstream: Name,
    /// The method that it stands under.
    pub method: String,
    /// Milliseconds since 1970 of the instant that decides its windows.
    pub at_ms: i64,
    /// Nano-dollars; below zero: less was spent.
    pub nanos: i64,
}

impl Correction {
    /// The correction of a line; nothing if it is none of ours.
    pub fn of(line: &Value) -> Option<Self> {
        Self::deserialize(line.pointer("/tollgate/detail")?).ok()
    }
}
