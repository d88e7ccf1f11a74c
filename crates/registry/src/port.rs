//! What must a store of keys be able to do? The port that every store implements and the laws are written against.

use tollgate_books::Reply;
use tollgate_model::{CredentialHash, KeyId, Pepper, Timestamp};

use crate::record::{KeyRecord, TeamRecord};

/// Everything that is kept.
#[derive(Debug)]
pub struct Loaded {
    /// The store's own pepper.
    pub pepper: Pepper,
    /// The generation of what follows; 0 before the first change.
    pub generation: u64,
    /// Every key.
    pub keys: Vec<KeyRow>,
    /// Every team.
    pub teams: Vec<TeamRecord>,
}

/// A key with what is kept beside its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// The record.
    pub record: KeyRecord,
    /// When it was last used; its creation if it never was.
    pub last_used: Timestamp,
}

/// One change, as the store is asked to make it: the record whole, in place of the one with its id or name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one is made for each change an operator makes")]
pub enum Edit {
    /// A key, new or changed.
    Key(KeyRecord),
    /// A team, new or changed.
    Team(TeamRecord),
}

/// What became of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Done, and durable.
    Done,
    /// Not done: the store is at another generation than the edit was made for.
    Stale,
}

/// What was changed after a generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The generation it leads to.
    pub generation: u64,
    /// Keys made or changed.
    pub keys: Vec<KeyRow>,
    /// Teams made or changed.
    pub teams: Vec<TeamRecord>,
}

/// A durable store of keys and teams. Every call is one transaction with a deadline of the store's own.
pub trait RegistryStore: Send + Sync + 'static {
    /// Everything; `fresh` becomes the store's pepper if it has none yet.
    fn load(&self, fresh: Pepper) -> Reply<'_, Loaded>;

    /// The mark of the pepper in use: the first that was ever given here, so that another pepper is noticed.
    fn mark(&self, mark: CredentialHash) -> Reply<'_, CredentialHash>;

    /// Makes one change if the store is at generation `expected`, and raises it by one; the record's version is set to the
    /// new generation. A name or a secret's hash that another key has is `Down`: the registry never asks for it.
    fn apply(&self, expected: u64, edit: Edit) -> Reply<'_, Applied>;

    /// What was changed after this generation.
    fn changes(&self, since: u64) -> Reply<'_, Changes>;

    /// Notes when keys were last used; an earlier instant than the one kept changes nothing.
    fn used(&self, uses: Vec<(KeyId, Timestamp)>) -> Reply<'_, ()>;
}
