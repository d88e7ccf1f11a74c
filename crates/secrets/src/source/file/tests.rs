use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::value::ValueError;

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const NEXT: &[u8] = b"fedcba9876543210fedcba9876543210";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, value: &[u8], mode: u32) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, value).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    fn source(&self, name: &str) -> FileSource {
        FileSource::new(&self.path(name), Rules { tripwire: true })
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_private_file_gives_its_key() {
    for mode in [0o400, 0o600] {
        let place = Place::new();
        place.write("key", KEY, mode);
        let version = place.source("key").read().unwrap().unwrap();
        assert_eq!(version.secret.expose(), KEY);
        assert!(version.id.as_str().starts_with("file:") && version.id.as_str().ends_with("-1"), "{}", version.id);
    }
}

#[test]
fn se_13_a_file_that_others_may_touch_is_refused() {
    for mode in [0o644, 0o604, 0o620, 0o602, 0o660, 0o444, 0o666, 0o410] {
        let place = Place::new();
        place.write("key", KEY, mode);
        let refused = place.source("key").read();
        assert!(matches!(refused, Err(SourceError::Exposed { mode: found }) if found == mode), "{mode:o}: {refused:?}");
    }
}

#[test]
fn se_13_only_root_may_let_a_group_read() {
    let place = Place::new();
    place.write("key", KEY, 0o440);
    assert_eq!(place.source("key").read().is_ok(), is_root());
}

#[test]
fn se_13_what_is_no_plain_file_is_refused_at_once() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, place.path("pipe"), rustix::fs::FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    symlink(place.path("pipe"), place.path("link")).unwrap();
    for name in ["folder", "pipe", "link"] {
        assert!(matches!(place.source(name).read(), Err(SourceError::NotRegular)), "{name}");
    }
    assert!(matches!(place.source("absent").read(), Err(SourceError::Unreadable(_))));
}

#[test]
fn se_13_a_link_is_judged_by_what_it_leads_to() {
    let place = Place::new();
    place.write("private", KEY, 0o400);
    place.write("open", KEY, 0o644);
    symlink(place.path("private"), place.path("good")).unwrap();
    symlink(place.path("open"), place.path("bad")).unwrap();
    assert!(place.source("good").read().is_ok());
    assert!(matches!(place.source("bad").read(), Err(SourceError::Exposed { .. })));
}

#[test]
fn a_mounted_secret_that_is_switched_as_a_folder_is_read_again() {
    let place = Place::new();
    for (folder, key) in [("1", KEY), ("2", NEXT)] {
        std::fs::create_dir(place.path(folder)).unwrap();
        place.write(&format!("{folder}/key"), key, 0o400);
    }
    symlink("1", place.path("data")).unwrap();
    symlink("data/key", place.path("key")).unwrap();
    let mut source = place.source("key");
    assert_eq!(source.read().unwrap().unwrap().secret.expose(), KEY);
    symlink("2", place.path("next")).unwrap();
    std::fs::rename(place.path("next"), place.path("data")).unwrap();
    assert_eq!(source.read().unwrap().unwrap().secret.expose(), NEXT);
}

#[test]
fn an_unchanged_or_only_touched_file_is_no_new_version() {
    let place = Place::new();
    place.write("key", KEY, 0o600);
    let mut source = place.source("key");
    source.read().unwrap().unwrap();
    assert!(source.read().unwrap().is_none());
    place.write("new", &[KEY, b"\n"].concat(), 0o600);
    std::fs::rename(place.path("new"), place.path("key")).unwrap();
    assert!(source.read().unwrap().is_none());
}

#[test]
fn a_bad_value_is_an_error_until_it_is_good() {
    let place = Place::new();
    place.write("key", KEY, 0o600);
    let mut source = place.source("key");
    source.read().unwrap().unwrap();
    place.write("key", b"", 0o600);
    for _ in 0..2 {
        assert!(matches!(source.read(), Err(SourceError::Value(ValueError::Empty))));
    }
    place.write("key", NEXT, 0o600);
    assert!(source.read().unwrap().unwrap().id.as_str().ends_with("-2"));
}

#[test]
fn a_huge_file_is_not_read_whole() {
    let place = Place::new();
    let path = place.write("key", KEY, 0o600);
    std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(place.source("key").read(), Err(SourceError::Value(ValueError::TooLong))));
}
