//! What has this gate seen of the book? Kept in a file beside its journal, outside the database, so that no restore takes it back.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Lag, Standing};
use crate::open::OpenError;

/// The highest that was seen of one store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    store: String,
    epoch: i64,
    numbers: BTreeMap<String, i64>,
}

/// What had been seen at some moment.
pub(crate) struct Recalled(Option<Seen>);

/// The file, and what will stand in it next.
#[derive(Clone)]
pub(crate) struct Memory {
    path: Arc<Path>,
    seen: Arc<Mutex<State>>,
}

struct State {
    seen: Option<Seen>,
    kept: Option<Seen>,
    /// Nothing was remembered at the start, and the book was not opened since.
    stranger: bool,
}

impl Recalled {
    /// What is wrong with a book that stands there later; nothing for a gate without memory.
    pub(super) fn judge(&self, now: &Standing) -> Option<Lag> {
        if let Some(reason) = &now.behind {
            return Some(Lag::Noted(reason.clone()));
        }
        let seen = self.0.as_ref()?;
        if seen.store != now.store {
            return Some(Lag::OtherStore { seen: seen.store.clone(), found: now.store.clone() });
        }
        if now.epoch < seen.epoch {
            return Some(Lag::Unaccepted { seen: seen.epoch, found: now.epoch });
        }
        // accepted since by somebody: from then on the numbers are others
        if now.epoch > seen.epoch {
            return None;
        }
        let found = |instance: &String| now.numbers.get(instance).copied().unwrap_or(0);
        let lost = seen.numbers.iter().find(|(instance, seen)| found(instance) < **seen);
        lost.map(|(instance, seen)| Lag::Lost { instance: instance.clone(), seen: *seen, found: found(instance) })
    }

    /// The same as a refusal, if there is one.
    pub(crate) fn check(&self, now: &Standing) -> Result<(), Lag> {
        self.judge(now).map_or(Ok(()), Err)
    }

    /// Whether nothing was ever seen.
    pub(crate) const fn is_blank(&self) -> bool {
        self.0.is_none()
    }

    /// How often a store had been accepted when it was last seen.
    pub(super) fn epoch(&self, store: &str) -> i64 {
        self.0.as_ref().filter(|seen| seen.store == store).map_or(0, |seen| seen.epoch)
    }
}

impl Memory {
    /// Reads the file; there is none at the first start.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Memory { path: path.to_owned(), source };
        let seen: Option<Seen> = match std::fs::read(path) {
            Ok(bytes) => Some(serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        Ok(Self::with(path, seen))
    }

    /// Nothing, whatever the file says: an operator accepts a book without it.
    pub(crate) fn blank(path: &Path) -> Self {
        Self::with(path, None)
    }

    fn with(path: &Path, seen: Option<Seen>) -> Self {
        Self { path: path.into(), seen: Arc::new(Mutex::new(State { kept: seen.clone(), stranger: seen.is_none(), seen })) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been seen up to now. Taken before the book is asked where it stands: what another call learns meanwhile may be newer
    /// than the answer.
    pub(crate) fn recall(&self) -> Recalled {
        Recalled(self.state().seen.clone())
    }

    /// Whether the gate came without memory: then neither is its journal the one that the book knows of.
    pub(crate) fn is_strangers(&self) -> bool {
        self.state().stranger
    }

    /// The book was opened.
    pub(crate) fn belongs(&self) {
        self.state().stranger = false;
    }

    /// Remembers where the book stood; commits may be told out of order.
    pub(crate) fn learn(&self, now: &Standing) {
        let mut state = self.state();
        match &mut state.seen {
            Some(seen) if seen.store == now.store && seen.epoch > now.epoch => {}
            Some(seen) if seen.store == now.store && seen.epoch == now.epoch => {
                for (instance, number) in &now.numbers {
                    let known = seen.numbers.entry(instance.clone()).or_default();
                    *known = (*known).max(*number);
                }
            }
            seen => *seen = Some(Seen { store: now.store.clone(), epoch: now.epoch, numbers: now.numbers.clone() }),
        }
    }

    /// Takes a standing for the truth, whatever was seen before.
    pub(super) fn adopt(&self, now: Standing) {
        self.state().seen = Some(Seen { store: now.store, epoch: now.epoch, numbers: now.numbers });
    }

    /// Writes it down, durably, if it has changed. Waits for the disk.
    pub(crate) fn keep(&self) -> io::Result<()> {
        let (seen, kept) = {
            let state = self.state();
            (state.seen.clone(), state.kept.clone())
        };
        let Some(seen) = seen.filter(|seen| kept.as_ref() != Some(seen)) else { return Ok(()) };
        write(&self.path, &serde_json::to_vec(&seen)?)?;
        self.state().kept = Some(seen);
        Ok(())
    }

    /// Where it is written.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Puts a whole file in place of the one there, durably: file, name, folder.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
