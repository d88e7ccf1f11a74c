//! A store of keys in memory: the reference that the laws are checked against, and what `dev` and tests run on.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tollgate_books::Reply;
use tollgate_model::{CredentialHash, KeyId, Name, Pepper, Timestamp};

use crate::port::{Applied, Changes, Edit, KeyRow, Loaded, RegistryStore};
use crate::record::TeamRecord;

/// Keeps everything until it is dropped.
#[derive(Default)]
pub struct MemoryStore(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    pepper: Option<[u8; 32]>,
    mark: Option<CredentialHash>,
    generation: u64,
    keys: BTreeMap<KeyId, KeyRow>,
    teams: BTreeMap<Name, TeamRecord>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every call is done when it is made: the reply is ready.
    fn reply<T: Send + 'static>(&self, act: impl FnOnce(&mut Kept) -> T) -> Reply<'_, T> {
        let done = act(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        Box::pin(std::future::ready(Ok(done)))
    }
}

impl Kept {
    fn apply(&mut self, expected: u64, edit: Edit) -> Applied {
        if self.generation != expected {
            return Applied::Stale;
        }
        self.generation += 1;
        match edit {
            Edit::Key(mut record) => {
                record.version = self.generation;
                let last_used = self.keys.get(&record.id).map_or(record.created, |row| row.last_used);
                self.keys.insert(record.id, KeyRow { record, last_used });
            }
            Edit::Team(mut record) => {
                record.version = self.generation;
                self.teams.insert(record.name.clone(), record);
            }
        }
        Applied::Done
    }
}

impl RegistryStore for MemoryStore {
    fn load(&self, fresh: Pepper) -> Reply<'_, Loaded> {
        self.reply(|kept| Loaded {
            pepper: Pepper::new(*kept.pepper.get_or_insert(*fresh.expose())),
            generation: kept.generation,
            keys: kept.keys.values().cloned().collect(),
            teams: kept.teams.values().cloned().collect(),
        })
    }

    fn mark(&self, mark: CredentialHash) -> Reply<'_, CredentialHash> {
        self.reply(|kept| *kept.mark.get_or_insert(mark))
    }

    fn apply(&self, expected: u64, edit: Edit) -> Reply<'_, Applied> {
        self.reply(|kept| kept.apply(expected, edit))
    }

    fn changes(&self, since: u64) -> Reply<'_, Changes> {
        self.reply(|kept| Changes {
            generation: kept.generation,
            keys: kept.keys.values().filter(|row| row.record.version > since).cloned().collect(),
            teams: kept.teams.values().filter(|team| team.version > since).cloned().collect(),
        })
    }

    fn used(&self, uses: Vec<(KeyId, Timestamp)>) -> Reply<'_, ()> {
        self.reply(|kept| {
            for (id, at) in uses {
                if let Some(row) = kept.keys.get_mut(&id) {
                    row.last_used = row.last_used.max(at);
                }
            }
        })
    }
}
