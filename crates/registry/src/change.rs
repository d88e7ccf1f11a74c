//! What was changed? Each change whole, before and after, for the audit log; `verify` and `simulate` need it so.

use std::sync::Arc;

use serde::Serialize;
use tollgate_model::{Name, Timestamp};

use crate::record::{KeyRecord, TeamRecord};

/// One change of the registry; holds no secret.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// The generation that it made.
    pub generation: u64,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub act: Act,
    /// To what.
    #[serde(flatten)]
    pub subject: Subject,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Made.
    Create,
    /// Its terms replaced.
    Set,
    /// Given a second secret.
    Rotate,
    /// Withdrawn.
    Revoke,
    /// Stopped for a while.
    Pause,
    /// Let go on.
    Resume,
}

/// What it was done to, before (nothing if it was made) and after.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// A key.
    Key {
        /// Before.
        before: Option<Arc<KeyRecord>>,
        /// After.
        after: Arc<KeyRecord>,
    },
    /// A team.
    Team {
        /// Before.
        before: Option<Arc<TeamRecord>>,
        /// After.
        after: Arc<TeamRecord>,
    },
}

impl Change {
    /// The name of what was changed.
    pub fn name(&self) -> &Name {
        match &self.subject {
            Subject::Key { after, .. } => &after.name,
            Subject::Team { after, .. } => &after.name,
        }
    }

    /// The event's name in the audit log: `key_create`, `team_pause`.
    pub const fn action(&self) -> &'static str {
        match (&self.subject, self.act) {
            (Subject::Key { .. }, Act::Create) => "key_create",
            (Subject::Key { .. }, Act::Set) => "key_set",
            (Subject::Key { .. }, Act::Rotate) => "key_rotate",
            (Subject::Key { .. }, Act::Revoke) => "key_revoke",
            (Subject::Key { .. }, Act::Pause) => "key_pause",
            (Subject::Key { .. }, Act::Resume) => "key_resume",
            (Subject::Team { .. }, Act::Create) => "team_create",
            (Subject::Team { .. }, Act::Set) => "team_set",
            (Subject::Team { .. }, Act::Rotate) => "team_rotate",
            (Subject::Team { .. }, Act::Revoke) => "team_revoke",
            (Subject::Team { .. }, Act::Pause) => "team_pause",
            (Subject::Team { .. }, Act::Resume) => "team_resume",
        }
    }
}
