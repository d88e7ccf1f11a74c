//! How is the registry changed? One change at a time: checked, stored, and only then seen by requests.

mod keys;
mod teams;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::Mutex;
use tollgate_books::StoreError;
use tollgate_model::fault::{self, Point};
use tollgate_model::{KeyId, Limit, Name, Pepper, Timestamp};

pub use keys::Created;

use crate::change::{Act, Change, Subject};
use crate::port::{Applied, Edit, KeyRow, RegistryStore};
use crate::record::KeyRecord;
use crate::snapshot::{Draft, Snapshot};
use crate::terms::TermsError;

/// What the gate attaches to a key: given its record, its own and its team's limits, and what was attached to it before
/// this change. Nothing if the key's upstream is not configured: then its credentials are unknown. Must not call the registry.
pub type Attach<A> = Box<dyn Fn(&KeyRecord, &[Limit], Option<&A>) -> Option<A> + Send + Sync>;

/// Who may come: the snapshot that requests read, and the one way to change it.
pub struct Registry<A> {
    store: Arc<dyn RegistryStore>,
    pepper: Arc<Pepper>,
    attach: Attach<A>,
    random: fn(&mut [u8]) -> bool,
    current: ArcSwap<Snapshot<A>>,
    /// One change at a time.
    editing: Mutex<()>,
}

/// What a registry is opened with.
pub struct Open<A> {
    /// Where keys and teams are kept.
    pub store: Arc<dyn RegistryStore>,
    /// Where the pepper is.
    pub pepper: Peppering,
    /// Fills the bytes from the system's generator; false if it has none to give.
    pub random: fn(&mut [u8]) -> bool,
    /// What the gate attaches to each key.
    pub attach: Attach<A>,
}

/// Where the key of the keyed hashes is.
pub enum Peppering {
    /// In the store, made there at first.
    InStore,
    /// Somewhere else.
    Given(Pepper),
}

/// Why the registry did not do it; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The terms are refused.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The name was given before, perhaps to a key that is revoked.
    #[error("the name `{0}` was given before, and a name is given once: choose another")]
    NameTaken(Name),
    /// No such key.
    #[error("there is no key `{0}`: `tollgate key list` shows all")]
    NoKey(Name),
    /// No such team.
    #[error("there is no team `{0}`: make it with `tollgate team create {0}`")]
    NoTeam(Name),
    /// A revoked key stays revoked.
    #[error("the key `{0}` is revoked, and stays so: make a new one with `tollgate key create NAME --like {0}`")]
    Revoked(Name),
    /// Somebody changed it in between.
    #[error("`{name}` was changed in between: look at it again, then repeat")]
    Changed {
        /// What was changed.
        name: Name,
        /// Its version now.
        version: u64,
    },
    /// Another pepper than the one the keys were hashed with.
    #[error(
        "the pepper is not the one that the stored keys were made with: give back the old one, since under another every key is unknown"
    )]
    OtherPepper,
    /// No random bytes.
    #[error("the system's random generator does not answer")]
    NoRandomness,
    /// The store did not do it.
    #[error("the registry's store did not answer")]
    Store(#[source] StoreError),
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// How often a change is made anew when another gate was faster.
const TRIES: usize = 5;

impl<A: Send + Sync> Registry<A> {
    /// Reads everything from the store and makes the first snapshot.
    pub async fn open(open: Open<A>) -> Result<Self, RegistryError> {
        let Open { store, pepper, random, attach } = open;
        let loaded = store.load(Pepper::new(draw(random)?)).await?;
        let pepper = match pepper {
            Peppering::InStore => loaded.pepper,
            Peppering::Given(pepper) => pepper,
        };
        let mark = pepper.hash(b"tollgate pepper mark");
        if store.mark(mark).await? != mark {
            return Err(RegistryError::OtherPepper);
        }
        let empty =
            Draft { generation: loaded.generation, records: BTreeMap::new(), teams: BTreeMap::new(), before: None, reattach: false };
        let snapshot = with(empty, loaded.keys, loaded.teams).build(&attach);
        Ok(Self { store, pepper: Arc::new(pepper), attach, random, current: ArcSwap::from_pointee(snapshot), editing: Mutex::new(()) })
    }

    /// The snapshot of this instant.
    pub fn snapshot(&self) -> Guard<Arc<Snapshot<A>>> {
        self.current.load()
    }

    /// The pepper of the keyed hashes.
    pub const fn pepper(&self) -> &Arc<Pepper> {
        &self.pepper
    }

    /// Takes up what other gates have changed in the store; true if there was something. Called every second, it also takes
    /// up a change whose caller went away between the store's commit and the snapshot.
    pub async fn refresh(&self) -> Result<bool, RegistryError> {
        let _one = self.editing.lock().await;
        self.catch_up().await
    }

    /// Attaches anew to every key: after the upstreams were configured anew.
    pub async fn reattach(&self) {
        let _one = self.editing.lock().await;
        let before = self.current.load();
        let draft = Draft { reattach: true, ..Draft::after(&before) };
        self.current.store(Arc::new(draft.build(&self.attach)));
    }

    /// Writes to the store when keys were last used, where it does not know; called once in a while.
    pub async fn store_uses(&self) -> Result<(), RegistryError> {
        let snapshot = self.current.load_full();
        let unstored: Vec<(&Name, KeyId, Timestamp)> =
            snapshot.keys.iter().filter_map(|(name, row)| Some((name, row.record.id, row.uses.unstored()?))).collect();
        if unstored.is_empty() {
            return Ok(());
        }
        self.store.used(unstored.iter().map(|(_, id, at)| (*id, *at)).collect()).await?;
        for (name, _, at) in unstored {
            if let Some(row) = snapshot.keys.get(name) {
                row.uses.stored(at);
            }
        }
        Ok(())
    }

    async fn catch_up(&self) -> Result<bool, RegistryError> {
        let before = self.current.load_full();
        let changes = self.store.changes(before.generation).await?;
        if changes.generation == before.generation {
            return Ok(false);
        }
        let draft = Draft { generation: changes.generation, ..Draft::after(&before) };
        self.current.store(Arc::new(with(draft, changes.keys, changes.teams).build(&self.attach)));
        Ok(true)
    }

    /// Makes one change: `make` gives the subject from the snapshot of this instant, and is asked again if another gate
    /// changed the store first. Requests see the change before this returns.
    async fn change(
        &self,
        act: Act,
        at: Timestamp,
        make: impl Fn(&Snapshot<A>) -> Result<Subject, RegistryError>,
    ) -> Result<Change, RegistryError> {
        let _one = self.editing.lock().await;
        for _ in 0..TRIES {
            let before = self.current.load_full();
            let generation = before.generation + 1;
            let subject = numbered(make(&before)?, generation);
            fault::at(Point::ChangeBegun);
            match self.store.apply(before.generation, edit(&subject)).await? {
                Applied::Done => {
                    fault::at(Point::ChangeStored);
                    let mut draft = Draft { generation, ..Draft::after(&before) };
                    put(&mut draft, &subject);
                    self.current.store(Arc::new(draft.build(&self.attach)));
                    fault::at(Point::ChangeDone);
                    return Ok(Change { generation, at, act, subject });
                }
                Applied::Stale => self.catch_up().await?,
            };
        }
        Err(StoreError::Busy.into())
    }
}

fn with<A>(mut draft: Draft<'_, A>, keys: Vec<KeyRow>, teams: Vec<crate::record::TeamRecord>) -> Draft<'_, A> {
    for team in teams {
        draft.put_team(team);
    }
    for row in keys {
        draft.put_key(row);
    }
    draft
}

/// The subject with the version that the change gives it.
fn numbered(mut subject: Subject, generation: u64) -> Subject {
    match &mut subject {
        Subject::Key { after, .. } => Arc::make_mut(after).version = generation,
        Subject::Team { after, .. } => Arc::make_mut(after).version = generation,
    }
    subject
}

fn edit(subject: &Subject) -> Edit {
    match subject {
        Subject::Key { after, .. } => Edit::Key(after.as_ref().clone()),
        Subject::Team { after, .. } => Edit::Team(after.as_ref().clone()),
    }
}

fn put<A>(draft: &mut Draft<'_, A>, subject: &Subject) {
    match edit(subject) {
        Edit::Key(record) => {
            let last_used = record.created;
            draft.put_key(KeyRow { record, last_used });
        }
        Edit::Team(record) => draft.put_team(record),
    }
}

/// The version that a change was made for is still the one there is.
fn unchanged(name: &Name, version: u64, expected: Option<u64>) -> Result<(), RegistryError> {
    match expected {
        Some(expected) if expected != version => Err(RegistryError::Changed { name: name.clone(), version }),
        _ => Ok(()),
    }
}

fn draw<const N: usize>(random: fn(&mut [u8]) -> bool) -> Result<[u8; N], RegistryError> {
    let mut bytes = [0; N];
    if random(&mut bytes) { Ok(bytes) } else { Err(RegistryError::NoRandomness) }
}

#[cfg(test)]
mod tests;
