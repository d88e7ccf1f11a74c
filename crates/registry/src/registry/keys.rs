//! What can be done to a key? Make, set, rotate, revoke, pause, resume.

use std::sync::Arc;

use tollgate_model::{KeyId, Name, Timestamp, VirtualKey};
use tollgate_policy::PriceTable;

use super::{Registry, RegistryError, draw, unchanged};
use crate::change::{Act, Change, Subject};
use crate::record::{KeyRecord, Pause, StoredSecret};
use crate::snapshot::Snapshot;
use crate::terms::KeyTerms;

/// A change that made a secret, and the secret, shown once.
pub struct Created {
    /// The new secret.
    pub secret: VirtualKey,
    /// The change.
    pub change: Change,
}

/// Secrets kept of one key: its live ones and the last replaced ones, so that a record can say whose an old one was.
const KEPT_SECRETS: usize = 16;
/// Bytes of a secret that its hint shows.
const HINT: usize = 4;

impl<A: Send + Sync> Registry<A> {
    /// Makes a key for an upstream with these prices.
    pub async fn create_key(
        &self,
        name: Name,
        upstream: Name,
        terms: KeyTerms,
        prices: &PriceTable,
        now: Timestamp,
    ) -> Result<Created, RegistryError> {
        terms.check(prices, now)?;
        let id = KeyId::new(now, draw(self.random)?);
        let (secret, stored) = self.mint(now)?;
        let record =
            Arc::new(KeyRecord { id, name, upstream, terms, secrets: vec![stored], paused: None, revoked: None, created: now, version: 0 });
        let make = |snapshot: &Snapshot<A>| {
            if snapshot.record(record.name.as_str()).is_some() {
                return Err(RegistryError::NameTaken(record.name.clone()));
            }
            known_team(snapshot, &record.terms)?;
            Ok(Subject::Key { before: None, after: record.clone() })
        };
        let change = self.change(Act::Create, now, make).await?;
        Ok(Created { secret, change })
    }

    /// Replaces a key's terms; with `expected`, only if that is still its version.
    pub async fn set_key(
        &self,
        name: &Name,
        terms: KeyTerms,
        prices: &PriceTable,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Change, RegistryError> {
        let set = |snapshot: &Snapshot<A>, record: &mut KeyRecord| {
            unchanged(name, record.version, expected)?;
            // an end that has passed may stay as it is: a note can be set on an expired key
            let since = if terms.expires == record.terms.expires { Timestamp::from_millis(i64::MIN) } else { now };
            terms.check(prices, since)?;
            known_team(snapshot, &terms)?;
            record.terms = terms.clone();
            Ok(())
        };
        self.change_key(Act::Set, name, now, set).await
    }

    /// Gives a key a new secret; every older one ends `overlap_ms` from now, if it does not end before. Zero ends them at once.
    pub async fn rotate_key(&self, name: &Name, overlap_ms: u32, now: Timestamp) -> Result<Created, RegistryError> {
        let (secret, stored) = self.mint(now)?;
        let end = now.plus_millis(i64::from(overlap_ms));
        let rotate = |_: &Snapshot<A>, record: &mut KeyRecord| {
            for old in &mut record.secrets {
                old.expires = Some(old.expires.map_or(end, |expires| expires.min(end)));
            }
            record.secrets.push(stored.clone());
            let surplus = record.secrets.len().saturating_sub(KEPT_SECRETS);
            record.secrets.drain(..surplus);
            Ok(())
        };
        let change = self.change_key(Act::Rotate, name, now, rotate).await?;
        Ok(Created { secret, change })
    }

    /// Withdraws a key, for good.
    pub async fn revoke_key(&self, name: &Name, now: Timestamp) -> Result<Change, RegistryError> {
        self.change_key(Act::Revoke, name, now, |_, record| {
            record.revoked = Some(now);
            Ok(())
        })
        .await
    }

    /// Refuses a key's submissions until it is resumed.
    pub async fn pause_key(&self, name: &Name, reason: &str, now: Timestamp) -> Result<Change, RegistryError> {
        let pause = Pause::new(now, reason)?;
        self.change_key(Act::Pause, name, now, |_, record| {
            record.paused = Some(pause.clone());
            Ok(())
        })
        .await
    }

    /// Ends a pause.
    pub async fn resume_key(&self, name: &Name, now: Timestamp) -> Result<Change, RegistryError> {
        self.change_key(Act::Resume, name, now, |_, record| {
            record.paused = None;
            Ok(())
        })
        .await
    }

    async fn change_key(
        &self,
        act: Act,
        name: &Name,
        now: Timestamp,
        edit: impl Fn(&Snapshot<A>, &mut KeyRecord) -> Result<(), RegistryError>,
    ) -> Result<Change, RegistryError> {
        self.change(act, now, |snapshot| {
            let before = snapshot.record(name.as_str()).ok_or_else(|| RegistryError::NoKey(name.clone()))?;
            if before.revoked.is_some() {
                return Err(RegistryError::Revoked(name.clone()));
            }
            let mut after = before.as_ref().clone();
            edit(snapshot, &mut after)?;
            Ok(Subject::Key { before: Some(before.clone()), after: Arc::new(after) })
        })
        .await
    }

    /// A new secret, and how it is stored.
    fn mint(&self, now: Timestamp) -> Result<(VirtualKey, StoredSecret), RegistryError> {
        let secret = VirtualKey::from_random(VirtualKey::KEY, &draw(self.random)?).ok_or(RegistryError::NoRandomness)?;
        let text = secret.expose();
        let hint = text.get(text.len().saturating_sub(HINT)..).unwrap_or_default().to_owned();
        let hash = self.pepper.hash(text.as_bytes());
        Ok((secret, StoredSecret { hash, hint, created: now, expires: None }))
    }
}

fn known_team<A>(snapshot: &Snapshot<A>, terms: &KeyTerms) -> Result<(), RegistryError> {
    match &terms.team {
        Some(team) if snapshot.team(team.as_str()).is_none() => Err(RegistryError::NoTeam(team.clone())),
        _ => Ok(()),
    }
}
