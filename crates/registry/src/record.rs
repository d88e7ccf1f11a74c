//! What is kept about a key and a team? Their terms, their secrets as keyed hashes, and what happened to them.

use serde::Serialize;
use tollgate_model::{CredentialHash, KeyId, Name, Timestamp};

use crate::terms::{KeyTerms, TeamTerms, TermsError, check_note};

/// A key as it is kept; holds no secret. Serialized for people and the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyRecord {
    /// Its id, the same over all rotations.
    pub id: KeyId,
    /// Its name; never given to another key.
    pub name: Name,
    /// The upstream account it is for.
    pub upstream: Name,
    /// What was said about it.
    pub terms: KeyTerms,
    /// Its secrets, oldest first.
    pub secrets: Vec<StoredSecret>,
    /// Why it is paused, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// When it was withdrawn, for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// The generation of the registry in which it was last changed: its ETag.
    pub version: u64,
}

/// A secret of a key, as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredSecret {
    /// The keyed hash under which it is looked up.
    pub hash: CredentialHash,
    /// Its last four characters (part of the check characters), so that a person can tell one from another.
    pub hint: String,
    /// When it was made.
    pub created: Timestamp,
    /// First instant at which it is no longer valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// A team as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TeamRecord {
    /// Its name.
    pub name: Name,
    /// What was said about it.
    pub terms: TeamTerms,
    /// Why it is paused, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// When it was made.
    pub created: Timestamp,
    /// The generation of the registry in which it was last changed: its ETag.
    pub version: u64,
}

/// Submissions are refused until it is resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// Since when.
    pub at: Timestamp,
    /// Why, in a person's words; may be empty.
    pub reason: String,
}

impl Pause {
    /// A pause from now on; the reason is one line, as a note is.
    pub fn new(at: Timestamp, reason: &str) -> Result<Self, TermsError> {
        check_note(reason)?;
        Ok(Self { at, reason: reason.to_owned() })
    }
}
