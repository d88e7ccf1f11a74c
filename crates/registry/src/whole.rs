//! What does a registry consist of when it moves to another store?

use tollgate_model::{CredentialHash, Pepper};

use crate::port::KeyRow;
use crate::record::TeamRecord;

/// Everything that is kept of keys and teams.
#[derive(Debug)]
pub struct Whole {
    /// The store's own pepper, if it was made.
    pub pepper: Option<Pepper>,
    /// The mark of the pepper in use, if there ever was one.
    pub mark: Option<CredentialHash>,
    /// How often keys and teams were changed.
    pub generation: u64,
    /// Every key.
    pub keys: Vec<KeyRow>,
    /// Every team.
    pub teams: Vec<TeamRecord>,
}
