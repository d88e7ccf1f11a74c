//! What is sealed? All lanes up to the last checkpoint; a round takes in what is new and sets the next.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::SealError;
use super::kept::{Kept, KeptLane};
use super::lane::SealedLane;
use crate::checkpoint::{self, Checkpoint, LaneHead};
use crate::place;
use crate::tree;

/// The sealer's memory.
#[derive(Debug)]
pub(super) struct Sealing {
    dir: PathBuf,
    lanes: BTreeMap<String, SealedLane>,
    log: File,
    /// Bytes of whole checkpoints.
    length: u64,
    last: Option<Checkpoint>,
    /// The hash of the last line.
    previous: String,
    cut: Option<u64>,
    /// A lane could not be taken in to its end: its tree may lack a line, and is made again.
    doubtful: bool,
}

impl Sealing {
    /// Reads the lanes up to the last checkpoint and holds them against it.
    pub(super) fn open(dir: &Path) -> Result<Self, SealError> {
        let (length, line) = checkpoint::last(dir).map_err(log_failed)?.unwrap_or_default();
        let log = place::append(&checkpoint::path(dir), false).map_err(log_failed)?;
        let half = log.metadata().map_err(log_failed)?.len().saturating_sub(length);
        if half > 0 {
            log.set_len(length).map_err(log_failed)?;
        }
        place::sync_folder(dir).map_err(log_failed)?;
        let last = line.as_deref().map(serde_json::from_slice::<Checkpoint>).transpose().map_err(|_| SealError::Checkpoints)?;
        let previous = line.as_deref().map(tree::quote).unwrap_or_default();
        let cut = (half > 0).then_some(half);
        let mut sealing = Self { dir: dir.to_owned(), lanes: BTreeMap::new(), log, length, last, previous, cut, doubtful: false };
        sealing.catch_up()?;
        Ok(sealing)
    }

    /// Takes in what is written; if that is anything, fsyncs it and sets a checkpoint over it.
    pub(super) fn round(&mut self) -> Result<(), SealError> {
        self.check_log()?;
        if std::mem::replace(&mut self.doubtful, true) {
            self.lanes.clear();
            self.catch_up()?;
        }
        for name in place::lanes(&self.dir).map_err(log_failed)?.into_keys() {
            let lane = self.lanes.entry(name).or_insert_with_key(|name| SealedLane::new(&self.dir, name));
            lane.advance(u64::MAX)?;
        }
        self.doubtful = false;
        if self.lanes.iter().all(|(name, lane)| lane.tree().size() == self.sealed(name)) {
            return Ok(());
        }
        // the checkpoint says that its lines are on disk: they must be, before it is
        self.lanes.values_mut().try_for_each(SealedLane::sync)?;
        let checkpoint = self.next();
        self.append(&checkpoint)?;
        self.last = Some(checkpoint);
        self.cut = None;
        let lanes = self.lanes.iter().map(|(name, lane)| (name.clone(), KeptLane::of(lane))).collect();
        let kept = Kept { checkpoint: self.last.as_ref().map_or(0, |last| last.number), lanes };
        kept.write(&self.dir).map_err(|source| SealError::File { file: "frontier.json".into(), source })
    }

    /// The number of a lane's last sealed line.
    pub(super) fn sealed(&self, lane: &str) -> u64 {
        self.last.as_ref().and_then(|last| last.lanes.get(lane)).map_or(0, |head| head.size)
    }

    fn catch_up(&mut self) -> Result<(), SealError> {
        let kept = Kept::read(&self.dir);
        let Some(last) = &self.last else {
            // a sealer that has set a checkpoint finds it again, or somebody took it away
            return if kept.checkpoint == 0 { Ok(()) } else { Err(SealError::Checkpoints) };
        };
        if kept.checkpoint > last.number {
            return Err(SealError::Checkpoints);
        }
        for (name, head) in &last.lanes {
            let lane = match resumed(&self.dir, name, kept.lanes.get(name), head)? {
                Some(lane) => lane,
                None => advanced(SealedLane::new(&self.dir, name), head)?.ok_or_else(|| SealError::Lane(name.clone()))?,
            };
            self.lanes.insert(name.clone(), lane);
        }
        Ok(())
    }

    fn next(&self) -> Checkpoint {
        let newest = self.lanes.values().map(SealedLane::at).chain(self.last.as_ref().map(|last| &*last.at)).max().unwrap_or_default();
        Checkpoint {
            at: newest.to_owned(),
            number: self.last.as_ref().map_or(0, |last| last.number).saturating_add(1),
            lanes: self.lanes.iter().map(|(name, lane)| (name.clone(), LaneHead::of(lane.tree()))).collect(),
            previous: self.previous.clone(),
            cut: self.cut,
        }
    }

    fn append(&mut self, checkpoint: &Checkpoint) -> Result<(), SealError> {
        let mut line = serde_json::to_vec(checkpoint).map_err(|error| log_failed(error.into()))?;
        let quote = tree::quote(&line);
        line.push(b'\n');
        if let Err(error) = self.log.write_all(&line) {
            // the next try must not stand behind half a line
            self.log.set_len(self.length).map_err(log_failed)?;
            return Err(log_failed(error));
        }
        self.log.sync_data().map_err(|source| SealError::Fsync { file: "checkpoints.jsonl".into(), source })?;
        self.length = self.length.saturating_add(u64::try_from(line.len()).unwrap_or(0));
        self.previous = quote;
        Ok(())
    }

    /// Whether the file under the path is still ours, and whole.
    fn check_log(&self) -> Result<(), SealError> {
        let ours = self.log.metadata().map_err(log_failed)?;
        let found = checkpoint::path(&self.dir).metadata().map_err(log_failed)?;
        let same = (ours.dev(), ours.ino(), self.length) == (found.dev(), found.ino(), found.len());
        if same { Ok(()) } else { Err(SealError::Checkpoints) }
    }
}

/// The lane from where it was kept, if that and the lines since lead to the checkpoint.
fn resumed(dir: &Path, name: &str, kept: Option<&KeptLane>, head: &LaneHead) -> Result<Option<SealedLane>, SealError> {
    let Some((tree, position)) = kept.and_then(KeptLane::tree) else { return Ok(None) };
    let failed = |source| SealError::File { file: name.to_owned(), source };
    match SealedLane::resume(dir, name, tree, position).map_err(failed)? {
        Some(lane) => advanced(lane, head),
        None => Ok(None),
    }
}

/// The lane at the checkpoint's size, if it has the checkpoint's root.
fn advanced(mut lane: SealedLane, head: &LaneHead) -> Result<Option<SealedLane>, SealError> {
    lane.advance(head.size)?;
    Ok(Some(lane).filter(|lane| LaneHead::of(lane.tree()) == *head))
}

fn log_failed(source: io::Error) -> SealError {
    SealError::File { file: "checkpoints.jsonl".into(), source }
}
