//! What can be done to a team? Make, set, pause, resume.

use std::sync::Arc;

use tollgate_model::{Name, Timestamp};

use super::{Registry, RegistryError, unchanged};
use crate::change::{Act, Change, Subject};
use crate::record::{Pause, TeamRecord};
use crate::terms::TeamTerms;

impl<A: Send + Sync> Registry<A> {
    /// Makes a team.
    pub async fn create_team(&self, name: Name, terms: TeamTerms, now: Timestamp) -> Result<Change, RegistryError> {
        terms.check()?;
        let record = Arc::new(TeamRecord { name, terms, paused: None, created: now, version: 0 });
        self.change(Act::Create, now, |snapshot| match snapshot.team(record.name.as_str()) {
            Some(_) => Err(RegistryError::NameTaken(record.name.clone())),
            None => Ok(Subject::Team { before: None, after: record.clone() }),
        })
        .await
    }

    /// Replaces a team's terms; with `expected`, only if that is still its version.
    pub async fn set_team(&self, name: &Name, terms: TeamTerms, expected: Option<u64>, now: Timestamp) -> Result<Change, RegistryError> {
        terms.check()?;
        self.change_team(Act::Set, name, now, |record| {
            unchanged(name, record.version, expected)?;
            record.terms = terms.clone();
            Ok(())
        })
        .await
    }

    /// Refuses the submissions of all its keys until it is resumed.
    pub async fn pause_team(&self, name: &Name, reason: &str, now: Timestamp) -> Result<Change, RegistryError> {
        let pause = Pause::new(now, reason)?;
        self.change_team(Act::Pause, name, now, |record| {
            record.paused = Some(pause.clone());
            Ok(())
        })
        .await
    }

    /// Ends a pause.
    pub async fn resume_team(&self, name: &Name, now: Timestamp) -> Result<Change, RegistryError> {
        self.change_team(Act::Resume, name, now, |record| {
            record.paused = None;
            Ok(())
        })
        .await
    }

    async fn change_team(
        &self,
        act: Act,
        name: &Name,
        now: Timestamp,
        edit: impl Fn(&mut TeamRecord) -> Result<(), RegistryError>,
    ) -> Result<Change, RegistryError> {
        self.change(act, now, |snapshot| {
            let before = snapshot.team(name.as_str()).ok_or_else(|| RegistryError::NoTeam(name.clone()))?;
            let mut after = before.as_ref().clone();
            edit(&mut after)?;
            Ok(Subject::Team { before: Some(before.clone()), after: Arc::new(after) })
        })
        .await
    }
}
