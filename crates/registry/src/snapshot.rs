//! Who may come, at this instant? One immutable view of all keys and teams; a look-up is one step.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hashbrown::HashMap;
use tollgate_model::{CredentialHash, KeyId, Limit, Name, Scope, Timestamp};
use tollgate_policy::Policy;

use crate::port::KeyRow;
use crate::record::{KeyRecord, TeamRecord};
use crate::registry::Attach;

/// The registry at one generation.
pub struct Snapshot<A> {
    /// The generation: one more with every change.
    pub generation: u64,
    pub(crate) keys: BTreeMap<Name, Row<A>>,
    pub(crate) teams: BTreeMap<Name, Arc<TeamRecord>>,
    by_hash: HashMap<CredentialHash, (Arc<Key<A>>, usize)>,
    /// Some key's place in `by_hash`, whoever's.
    some: Option<(Arc<Key<A>>, usize)>,
    names: HashMap<KeyId, Name>,
}

/// A key with its policy and limits in the form that the rooms judge by, and what the gate attached to it.
///
/// Derefs to its record.
pub struct Key<A> {
    record: Arc<KeyRecord>,
    team_record: Option<Arc<TeamRecord>>,
    /// Its team, for records and holds.
    pub team: Option<Name>,
    /// What it may do.
    pub policy: Policy,
    /// Its own limits and its team's; the upstream's stand with the account.
    pub limits: Vec<Limit>,
    /// What the gate attached to it.
    pub attachment: A,
    uses: Arc<Uses>,
}

/// A presented credential's key.
pub struct Found<A> {
    /// The key.
    pub key: Arc<Key<A>>,
    /// Which of its secrets was presented.
    pub secret_index: usize,
    /// Whether it is in force.
    pub standing: Standing,
}

/// What a look-up holds that found nobody: it costs what a found key costs, so that the time of an answer does not tell a dead
/// key from none (ID-04). Nothing can be read from it.
pub struct Nobody<A>(Option<Found<A>>);

/// Whether a presented secret is in force; pauses and the key's own validity are judged by later rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In force.
    Live,
    /// This secret was replaced and its overlap is over.
    Expired,
    /// The key was withdrawn.
    Revoked,
}

/// A key with what outlives its changes.
pub(crate) struct Row<A> {
    pub(crate) record: Arc<KeyRecord>,
    pub(crate) key: Option<Arc<Key<A>>>,
    pub(crate) uses: Arc<Uses>,
}

/// When a key was last used, in memory and as the store knows it; milliseconds.
pub(crate) struct Uses {
    latest: AtomicI64,
    stored: AtomicI64,
}

/// What a snapshot is made from: records, and what is kept of the snapshot before.
pub(crate) struct Draft<'a, A> {
    pub(crate) generation: u64,
    pub(crate) records: BTreeMap<Name, (Arc<KeyRecord>, Arc<Uses>)>,
    pub(crate) teams: BTreeMap<Name, Arc<TeamRecord>>,
    pub(crate) before: Option<&'a Snapshot<A>>,
    /// Whether keys that did not change get a new attachment too.
    pub(crate) reattach: bool,
}

impl<A> Snapshot<A> {
    /// The key of a credential, by its keyed hash; nothing if it is nobody's, or its upstream is not configured.
    pub fn find(&self, hash: &CredentialHash, now: Timestamp) -> Option<Found<A>> {
        self.by_hash.get(hash).map(|(key, secret_index)| Found::of(key, *secret_index, now))
    }

    /// The work of a look-up that found a key, for one that did not.
    pub fn nobody(&self, now: Timestamp) -> Nobody<A> {
        Nobody(black_box(self.some.as_ref()).map(|(key, secret_index)| black_box(Found::of(key, *secret_index, now))))
    }

    /// The key of that name, if its upstream is configured.
    pub fn key(&self, name: &str) -> Option<&Arc<Key<A>>> {
        self.keys.get(name)?.key.as_ref()
    }

    /// The record of the key of that name.
    pub fn record(&self, name: &str) -> Option<&Arc<KeyRecord>> {
        self.keys.get(name).map(|row| &row.record)
    }

    /// Every key's record, by name, revoked ones too.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &Arc<KeyRecord>> {
        self.keys.values().map(|row| &row.record)
    }

    /// The name of the key of that id.
    pub fn name_of(&self, id: KeyId) -> Option<&Name> {
        self.names.get(&id)
    }

    /// The team of that name.
    pub fn team(&self, name: &str) -> Option<&Arc<TeamRecord>> {
        self.teams.get(name)
    }

    /// Every team, by name.
    pub fn teams(&self) -> impl ExactSizeIterator<Item = &Arc<TeamRecord>> {
        self.teams.values()
    }

    /// When the key of that name was last used; its creation if it never was.
    pub fn last_used(&self, name: &str) -> Option<Timestamp> {
        self.keys.get(name).map(|row| row.uses.latest())
    }
}

impl<A> Found<A> {
    fn of(key: &Arc<Key<A>>, secret_index: usize, now: Timestamp) -> Self {
        let expires = key.secrets.get(secret_index).and_then(|secret| secret.expires);
        let standing = match (key.revoked, expires) {
            (Some(_), _) => Standing::Revoked,
            (None, Some(end)) if now >= end => Standing::Expired,
            (None, _) => Standing::Live,
        };
        Self { key: key.clone(), secret_index, standing }
    }
}

impl<A> Clone for Nobody<A> {
    fn clone(&self) -> Self {
        Self(self.0.as_ref().map(|Found { key, secret_index, standing }| Found {
            key: key.clone(),
            secret_index: *secret_index,
            standing: *standing,
        }))
    }
}

impl<A> Key<A> {
    /// Why its submissions are refused, if it or its team is paused.
    pub fn paused(&self) -> Option<String> {
        let told = |what: String, reason: &str| if reason.is_empty() { what } else { format!("{what}: {reason}") };
        if let Some(pause) = &self.record.paused {
            return Some(told("the key is paused".to_owned(), &pause.reason));
        }
        let team = self.team_record.as_ref()?;
        team.paused.as_ref().map(|pause| told(format!("the team `{}` is paused", team.name), &pause.reason))
    }

    /// When it was last used; its creation if it never was.
    pub fn last_used(&self) -> Timestamp {
        self.uses.latest()
    }

    /// Notes a use; an earlier instant than the last changes nothing.
    pub fn touch(&self, at: Timestamp) {
        self.uses.latest.fetch_max(at.millis(), Ordering::Relaxed);
    }

    /// The record it was made from.
    pub const fn record(&self) -> &Arc<KeyRecord> {
        &self.record
    }
}

impl<A> Deref for Key<A> {
    type Target = KeyRecord;

    fn deref(&self) -> &KeyRecord {
        &self.record
    }
}

impl Uses {
    fn latest(&self) -> Timestamp {
        Timestamp::from_millis(self.latest.load(Ordering::Relaxed))
    }

    pub(crate) fn of(at: Timestamp) -> Arc<Self> {
        Arc::new(Self { latest: AtomicI64::new(at.millis()), stored: AtomicI64::new(at.millis()) })
    }

    /// The last use, if the store does not know it.
    pub(crate) fn unstored(&self) -> Option<Timestamp> {
        Some(self.latest()).filter(|at| at.millis() > self.stored.load(Ordering::Relaxed))
    }

    pub(crate) fn stored(&self, at: Timestamp) {
        self.stored.fetch_max(at.millis(), Ordering::Relaxed);
        self.latest.fetch_max(at.millis(), Ordering::Relaxed);
    }
}

impl<'a, A> Draft<'a, A> {
    /// The same as a snapshot has.
    pub(crate) fn after(before: &'a Snapshot<A>) -> Self {
        let records = before.keys.iter().map(|(name, row)| (name.clone(), (row.record.clone(), row.uses.clone()))).collect();
        Self { generation: before.generation, records, teams: before.teams.clone(), before: Some(before), reattach: false }
    }

    /// Takes a key as the store has it.
    pub(crate) fn put_key(&mut self, row: KeyRow) {
        let KeyRow { record, last_used } = row;
        let kept = self.records.get(&record.name).map(|(_, uses)| uses.clone());
        let uses = kept.unwrap_or_else(|| Uses::of(last_used));
        uses.stored(last_used);
        self.records.insert(record.name.clone(), (Arc::new(record), uses));
    }

    /// Takes a team as the store has it.
    pub(crate) fn put_team(&mut self, record: TeamRecord) {
        self.teams.insert(record.name.clone(), Arc::new(record));
    }

    /// The snapshot; keys that did not change keep what was attached to them.
    pub(crate) fn build(self, attach: &Attach<A>) -> Snapshot<A> {
        let mut snapshot = Snapshot {
            generation: self.generation,
            keys: BTreeMap::new(),
            teams: self.teams,
            by_hash: HashMap::with_capacity(self.records.len()),
            some: None,
            names: HashMap::with_capacity(self.records.len()),
        };
        for (name, (record, uses)) in self.records {
            let team = record.terms.team.as_ref().and_then(|team| snapshot.teams.get(team)).cloned();
            let before = self.before.and_then(|before| before.key(name.as_str()));
            let key = match before {
                Some(key) if !self.reattach && key.is_of(&record, team.as_ref()) => Some(key.clone()),
                before => Key::compile(&record, team, &uses, attach, before),
            };
            if let Some(key) = &key {
                let hashes = record.secrets.iter().enumerate();
                snapshot.by_hash.extend(hashes.map(|(at, secret)| (secret.hash, (key.clone(), at))));
            }
            snapshot.names.insert(record.id, name.clone());
            snapshot.keys.insert(name, Row { record, key, uses });
        }
        snapshot.some = snapshot.by_hash.values().next().cloned();
        snapshot
    }
}

impl<A> Key<A> {
    fn is_of(&self, record: &Arc<KeyRecord>, team: Option<&Arc<TeamRecord>>) -> bool {
        let same_team = match (&self.team_record, team) {
            (Some(mine), Some(other)) => Arc::ptr_eq(mine, other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        same_team && Arc::ptr_eq(&self.record, record)
    }

    fn compile(
        record: &Arc<KeyRecord>,
        team_record: Option<Arc<TeamRecord>>,
        uses: &Arc<Uses>,
        attach: &Attach<A>,
        before: Option<&Arc<Self>>,
    ) -> Option<Arc<Self>> {
        let mut limits = record.terms.limits.of(&Scope::Key(record.id));
        if let Some(team) = &team_record {
            limits.extend(team.terms.limits.of(&Scope::Team(team.name.clone())));
        }
        let attachment = attach(record, &limits, before.map(|key| &key.attachment))?;
        Some(Arc::new(Self {
            team: record.terms.team.clone(),
            policy: record.terms.policy(),
            record: record.clone(),
            team_record,
            limits,
            attachment,
            uses: uses.clone(),
        }))
    }
}
