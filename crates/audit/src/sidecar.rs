//! Which line was altered? Beside each file, 8 bytes of every leaf's hash, so that verification can name the line.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::place::append;
use crate::tree::Hash;

/// A prefix of a leaf's hash: enough to point at a line, the root proves it.
pub(crate) type Prefix = [u8; 8];

/// The first line's number, then a prefix for each number from there on.
const HEAD: u64 = 8;

/// A sidecar being written.
#[derive(Debug)]
pub(crate) struct Sidecar {
    file: File,
    fresh: Vec<u8>,
}

/// A sidecar being read: the prefixes of one file's lines.
#[derive(Debug, Default)]
pub(crate) struct Prefixes {
    first: u64,
    bytes: Vec<u8>,
}

fn path(dir: &Path, lane: &str, file: u64) -> PathBuf {
    dir.join(format!("{lane}-{file}.leaves"))
}

pub(crate) fn prefix(leaf: &Hash) -> Prefix {
    leaf.first_chunk().copied().unwrap_or_default()
}

impl Sidecar {
    /// A new one for a file whose first line has this number.
    pub(crate) fn create(dir: &Path, lane: &str, file: u64, first: u64) -> io::Result<Self> {
        let file = append(&path(dir, lane, file), false)?;
        file.set_len(0)?;
        Ok(Self { file, fresh: first.to_be_bytes().to_vec() })
    }

    /// Goes on behind the line of number `size`, forgetting what was noted beyond; nothing if it does not reach so far.
    pub(crate) fn resume(dir: &Path, lane: &str, file: u64, size: u64) -> io::Result<Option<Self>> {
        let file = append(&path(dir, lane, file), false)?;
        let mut head = [0; 8];
        if file.metadata()?.len() < HEAD {
            return Ok(None);
        }
        file.read_exact_at(&mut head, 0)?;
        let noted = size.saturating_add(1).checked_sub(u64::from_be_bytes(head)).map(|lines| lines.saturating_mul(8).saturating_add(HEAD));
        match noted {
            Some(length) if length <= file.metadata()?.len() => {
                file.set_len(length)?;
                Ok(Some(Self { file, fresh: Vec::new() }))
            }
            Some(_) | None => Ok(None),
        }
    }

    pub(crate) fn note(&mut self, leaf: &Hash) {
        self.fresh.extend_from_slice(&prefix(leaf));
    }

    pub(crate) fn write(&mut self) -> io::Result<()> {
        self.file.write_all(&self.fresh)?;
        self.fresh.clear();
        Ok(())
    }
}

impl Prefixes {
    /// What stands beside the file; nothing noted where there is no sidecar.
    pub(crate) fn of(dir: &Path, lane: &str, file: u64) -> io::Result<Self> {
        let mut bytes = Vec::new();
        match File::open(path(dir, lane, file)) {
            Ok(mut file) => file.read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let first = bytes.first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
        Ok(Self { first, bytes })
    }

    /// What was noted for the line of this number.
    pub(crate) fn noted(&self, number: u64) -> Option<Prefix> {
        let place = usize::try_from(number.checked_sub(self.first)?.checked_mul(8)?.checked_add(HEAD)?).ok()?;
        self.bytes.get(place..)?.first_chunk().copied()
    }
}
