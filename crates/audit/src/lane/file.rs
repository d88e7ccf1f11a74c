//! Which file does a lane write to? The one it opened, as long as the path still leads to it and nobody has cut it.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::place;

/// A lane's open file.
#[derive(Debug)]
pub(super) struct LaneFile {
    handle: Arc<File>,
    path: PathBuf,
    number: u64,
    size: u64,
    /// Whether a named submission may stand in it.
    is_named: bool,
    /// Device and inode.
    inode: (u64, u64),
}

/// What a look at the path finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Our file, whole.
    Ours,
    /// No file, or another one.
    Gone,
    /// Ours, shorter than what we have written.
    Cut,
}

impl LaneFile {
    /// Opens the file, or makes it.
    pub(super) fn open(path: PathBuf, number: u64) -> io::Result<Self> {
        Self::of(place::append(&path, false)?, path, number)
    }

    /// Makes the first file behind that number whose name is free; its name survives a power cut.
    pub(super) fn next(dir: &Path, lane: &str, behind: u64) -> io::Result<Self> {
        let mut number = behind.saturating_add(1);
        loop {
            let path = place::path(dir, lane, number);
            match place::append(&path, true) {
                Ok(file) => {
                    place::sync_folder(dir)?;
                    return Self::of(file, path, number);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.saturating_add(1),
                Err(error) => return Err(error),
            }
        }
    }

    fn of(file: File, path: PathBuf, number: u64) -> io::Result<Self> {
        let found = file.metadata()?;
        // what was in it before is not known
        let is_named = found.len() > 0;
        Ok(Self { handle: Arc::new(file), path, number, size: found.len(), is_named, inode: (found.dev(), found.ino()) })
    }

    /// Writes all of it, or says how much went in before the error.
    pub(super) fn write(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            match (&*self.handle).write(rest) {
                Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    written += count;
                    self.size = self.size.saturating_add(u64::try_from(count).unwrap_or(0));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (written, Err(error)),
            }
        }
        (written, Ok(()))
    }

    /// Whether what was written can still be found under the path. A path that cannot be looked at is taken for gone: a new
    /// file is tried, and if that fails too the lane is failing.
    pub(super) fn look(&self) -> Look {
        match self.path.metadata() {
            Ok(found) if (found.dev(), found.ino()) != self.inode => Look::Gone,
            Ok(found) if found.len() < self.size => Look::Cut,
            Ok(_) => Look::Ours,
            Err(_) => Look::Gone,
        }
    }

    /// A named submission is about to be written into it.
    pub(super) const fn names(&mut self) {
        self.is_named = true;
    }

    pub(super) const fn is_named(&self) -> bool {
        self.is_named
    }

    pub(super) fn handle(&self) -> &Arc<File> {
        &self.handle
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Makes it as large as that.
    #[cfg(test)]
    pub(super) fn grow(&mut self, size: u64) {
        self.handle.set_len(size).unwrap();
        self.size = size;
    }

    /// Swaps the open file and leaves the path: a full disk, a pipe that takes half.
    #[cfg(test)]
    pub(super) fn swap(&mut self, file: File) -> Arc<File> {
        std::mem::replace(&mut self.handle, Arc::new(file))
    }
}
