//! Are folder and file ours alone? Judged by the file system, without opening the database.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::OpenError;

const ONLY_OURS: u32 = 0o600;
/// The bits of a folder with which others could put another file in place of the store.
const OTHERS_WRITE: u32 = 0o022;
const LOCK: &str = "tollgate.lock";

/// The folder of the store: made for its owner alone if there is none.
pub(super) fn folder(path: &Path) -> Result<PathBuf, OpenError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(OpenError::folder(folder))?;
    let mode = mode(&folder.metadata().map_err(OpenError::folder(folder))?);
    if mode & OTHERS_WRITE != 0 {
        return Err(OpenError::FolderShared { folder: folder.to_owned(), mode });
    }
    Ok(folder.to_owned())
}

/// One process per state folder; the lock goes with the process, however it ends.
pub(super) fn lock(folder: &Path) -> Result<File, OpenError> {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(ONLY_OURS).open(folder.join(LOCK));
    let lock = lock.map_err(OpenError::folder(folder))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(OpenError::folder(folder)(error)),
    }
}

/// Whether there is a file to open, and it is ours alone.
pub(super) fn is_there(path: &Path, folder: &Path) -> Result<bool, OpenError> {
    let found = match path.symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(OpenError::folder(folder)(error)),
    };
    // a link could lead to a file in a folder that was not judged
    if !found.is_file() || found.len() == 0 {
        return Err(OpenError::NotADatabase { path: path.to_owned() });
    }
    is_ours_alone(path, own_uid(folder)?, found.uid(), mode(&found)).map(|()| true)
}

fn is_ours_alone(path: &Path, own: u32, owner: u32, mode: u32) -> Result<(), OpenError> {
    if owner != own {
        return Err(OpenError::Owner { path: path.to_owned(), owner });
    }
    if mode & !ONLY_OURS != 0 {
        return Err(OpenError::Mode { path: path.to_owned(), mode });
    }
    Ok(())
}

/// Whom the system takes us for: the owner of a file just made, gone again at once. It shows too that the folder can be written.
fn own_uid(folder: &Path) -> Result<u32, OpenError> {
    let probe = folder.join(format!(".tollgate-{}", std::process::id()));
    let made = OpenOptions::new().create_new(true).write(true).mode(ONLY_OURS).open(&probe);
    let uid = made.and_then(|file| file.metadata()).map(|made| made.uid());
    std::fs::remove_file(&probe).and(uid).map_err(OpenError::folder(folder))
}

/// Whether a process that was killed has left commits in the write-ahead log.
pub(super) fn has_log(path: &Path) -> bool {
    beside(path, "-wal").metadata().is_ok_and(|log| log.len() > 0)
}

/// The name under which a new store is made; what an interrupted start left there held nothing yet.
pub(super) fn unfinished(path: &Path) -> Result<PathBuf, OpenError> {
    let folder = path.parent().unwrap_or(path);
    let unfinished = beside(path, ".new");
    for leftover in [&unfinished, &beside(path, ".new-journal")] {
        match std::fs::remove_file(leftover) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(OpenError::folder(folder)(error)),
            Ok(()) | Err(_) => {}
        }
    }
    let made = OpenOptions::new().create_new(true).write(true).mode(ONLY_OURS).open(&unfinished);
    made.map(|_| unfinished).map_err(OpenError::folder(folder))
}

/// Puts the finished store in its place, durably: file, name, folder.
pub(super) fn finish(unfinished: &Path, path: &Path) -> Result<(), OpenError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let moved = File::open(unfinished)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(unfinished, path))
        .and_then(|()| File::open(folder)?.sync_all());
    moved.map_err(OpenError::folder(folder))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn mode(of: &Metadata) -> u32 {
    of.permissions().mode() & 0o7777
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_user_is_refused_before_its_mode_is_looked_at() {
        let path = Path::new("/state/tollgate.db");
        let refused = is_ours_alone(path, 1000, 0, 0o644).unwrap_err();
        let said = "`/state/tollgate.db` belongs to another user (id 0): run as that user, or `chown` it to the one that runs the gate";
        assert_eq!(refused.to_string(), said);
        assert!(is_ours_alone(path, 1000, 1000, 0o600).is_ok());
        assert!(is_ours_alone(path, 0, 0, 0o400).is_ok());
    }

    #[test]
    fn the_owner_of_the_probe_is_the_owner_of_what_we_make() {
        let folder = tempfile::TempDir::new().unwrap();
        assert_eq!(own_uid(folder.path()).unwrap(), folder.path().metadata().unwrap().uid());
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }
}
