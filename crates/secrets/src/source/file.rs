//! A key from a file: private, plain, and read again when it changes.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use zeroize::Zeroizing;

use super::{Source, SourceError, Version, VersionId};
use crate::value::Rules;

/// One byte more than the longest value with its newline.
const MOST_BYTES: u64 = 4096 + 3;
const PERMISSIONS: u32 = 0o7777;

/// A key in a file. Symbolic links are followed, since mounted secrets are links to a folder that is switched as a whole;
/// what they lead to is judged, by the open handle.
pub struct FileSource {
    path: PathBuf,
    name: String,
    rules: Rules,
    seen: Option<Stamp>,
    last: Option<blake3::Hash>,
    count: u32,
}

/// What changes when a file is replaced or written.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileSource {
    /// The file of that path.
    pub fn new(path: &Path, rules: Rules) -> Self {
        Self { path: path.to_owned(), name: format!("file {}", path.display()), rules, seen: None, last: None, count: 0 }
    }
}

impl Source for FileSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&mut self) -> Result<Option<Version>, SourceError> {
        let stamp = Stamp::of(&std::fs::metadata(&self.path).map_err(SourceError::Unreadable)?);
        if self.seen == Some(stamp) {
            return Ok(None);
        }
        let file = open(&self.path).map_err(SourceError::Unreadable)?;
        let (stamp, bytes) = value(&file)?;
        let secret = self.rules.admit(&bytes).map_err(SourceError::Value)?;
        self.seen = Some(stamp);
        // a file that was only touched, or saved as it was, is no new version
        let digest = blake3::hash(secret.expose());
        if self.last.replace(digest) == Some(digest) {
            return Ok(None);
        }
        self.count += 1;
        Ok(Some(Version { id: VersionId::new(&format!("file:{}-{}", stamp.modified.0, self.count)), secret }))
    }
}

/// Opens without waiting for a writer, as a pipe would make us.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// What an open file holds, and the stamp it had all the while.
fn value(file: &File) -> Result<(Stamp, Zeroizing<Vec<u8>>), SourceError> {
    let before = file.metadata().map_err(SourceError::Unreadable)?;
    judge(&before)?;
    let mut value = Zeroizing::new(Vec::with_capacity(usize::try_from(MOST_BYTES).unwrap_or(0)));
    file.take(MOST_BYTES).read_to_end(&mut value).map_err(SourceError::Unreadable)?;
    let stamp = Stamp::of(&file.metadata().map_err(SourceError::Unreadable)?);
    if stamp == Stamp::of(&before) { Ok((stamp, value)) } else { Err(SourceError::Changing) }
}

/// A plain file of ours or root's that nobody else may touch; root may let a group read it.
fn judge(file: &Metadata) -> Result<(), SourceError> {
    if !file.file_type().is_file() {
        return Err(SourceError::NotRegular);
    }
    let uid = file.uid();
    if uid != 0 && uid != rustix::process::geteuid().as_raw() {
        return Err(SourceError::Foreign { uid });
    }
    let mode = file.mode() & PERMISSIONS;
    let others_may = if uid == 0 { 0o037 } else { 0o077 };
    if mode & others_may == 0 { Ok(()) } else { Err(SourceError::Exposed { mode }) }
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests;
