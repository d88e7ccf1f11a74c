//! How far is a lane sealed? Its tree, the reader that feeds it, and the sidecar of the file being read.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::SealError;
use crate::place::{self, Head};
use crate::reader::{LaneReader, Position, Step};
use crate::sidecar::Sidecar;
use crate::tree::{self, Follows, Tree};

/// One lane under the sealer.
#[derive(Debug)]
pub(super) struct SealedLane {
    dir: PathBuf,
    name: String,
    reader: LaneReader,
    tree: Tree,
    sidecar: Option<(u64, Sidecar)>,
    /// Files read from since the last fsync.
    dirty: Vec<(PathBuf, Arc<File>)>,
    /// The time of its newest line.
    at: String,
}

impl SealedLane {
    /// From the lane's first line.
    pub(super) fn new(dir: &Path, name: &str) -> Self {
        Self {
            dir: dir.to_owned(),
            name: name.to_owned(),
            reader: LaneReader::new(dir, name),
            tree: Tree::default(),
            sidecar: None,
            dirty: Vec::new(),
            at: String::new(),
        }
    }

    /// From where an earlier sealer was; nothing if the file or its sidecar do not reach so far.
    pub(super) fn resume(dir: &Path, name: &str, tree: Tree, position: Position) -> io::Result<Option<Self>> {
        let reached = place::path(dir, name, position.file).metadata().is_ok_and(|found| found.len() >= position.offset);
        if !reached {
            return Ok(None);
        }
        let Some(sidecar) = Sidecar::resume(dir, name, position.file, tree.size())? else { return Ok(None) };
        let reader = LaneReader::at(dir, name, position)?;
        Ok(Some(Self { reader, tree, sidecar: Some((position.file, sidecar)), ..Self::new(dir, name) }))
    }

    /// Takes in what is written, up to that size.
    pub(super) fn advance(&mut self, size: u64) -> Result<(), SealError> {
        while self.tree.size() < size {
            match self.reader.step().map_err(|source| self.failed(source))? {
                Step::End => break,
                Step::Half => tracing::error!(lane = self.name, "half a line stands before the end of the audit log"),
                Step::Line => self.take().map_err(|source| self.failed(source))?,
            }
        }
        if let Some((_, sidecar)) = &mut self.sidecar {
            sidecar.write().map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    /// Makes what was taken in survive a power cut.
    pub(super) fn sync(&mut self) -> Result<(), SealError> {
        for (path, file) in self.dirty.drain(..) {
            file.sync_data().map_err(|source| SealError::Fsync { file: place::name(&path), source })?;
        }
        Ok(())
    }

    pub(super) const fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(super) fn position(&self) -> Position {
        self.reader.position()
    }

    pub(super) fn at(&self) -> &str {
        &self.at
    }

    fn take(&mut self) -> io::Result<()> {
        let line = self.reader.line();
        let head = Head::of(line).filter(|head| head.lane == self.name);
        let Some(head) = head.filter(|head| self.tree.follows(head.number) != Follows::Never) else {
            // verification names it: no checkpoint vouches for it
            tracing::error!(lane = self.name, line = self.reader.position().line, "a line that is not ours stands in the audit log");
            return Ok(());
        };
        let file = self.reader.position().file;
        let leaf = tree::leaf(line);
        head.at.clone_into(&mut self.at);
        let opened = match &mut self.sidecar {
            Some((of, _)) if *of == file => None,
            other => {
                if let Some((_, sidecar)) = other {
                    sidecar.write()?;
                }
                Some((file, Sidecar::create(&self.dir, &self.name, file, head.number)?))
            }
        };
        let missing = head.number.saturating_sub(self.tree.size()).saturating_sub(1);
        let empty = tree::leaf(b"");
        for _ in 0..missing {
            self.tree.push(empty);
            if let (None, Some((_, sidecar))) = (&opened, &mut self.sidecar) {
                sidecar.note(&empty);
            }
        }
        self.sidecar = opened.or(self.sidecar.take());
        self.tree.push(leaf);
        if let Some((_, sidecar)) = &mut self.sidecar {
            sidecar.note(&leaf);
        }
        self.touch();
        Ok(())
    }

    fn touch(&mut self) {
        if let (Some(place), Some(handle)) = (self.reader.place(), self.reader.handle())
            && self.dirty.last().is_none_or(|(path, _)| *path != place.path)
        {
            self.dirty.push((place.path.clone(), handle));
        }
    }

    fn failed(&self, source: io::Error) -> SealError {
        let file = self.reader.place().map_or_else(|| self.name.clone(), |place| place::name(&place.path));
        SealError::File { file, source }
    }
}
