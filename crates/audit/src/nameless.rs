//! Which files hold no named submission? Said beside a file when its successor begins, so that a start need not read all of a day for
//! the few callers who name theirs.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::place::{self, Place};

fn path(dir: &Path, lane: &str, file: u64) -> PathBuf {
    dir.join(format!("{lane}-{file}.nameless"))
}

/// Says it of a whole file of this size, to which nothing is added any more. Lost in a crash, the file is read.
pub(crate) fn say(dir: &Path, lane: &str, file: u64, size: u64) -> io::Result<()> {
    let mut said = place::append(&path(dir, lane, file), false)?;
    said.set_len(0)?;
    writeln!(said, "{size}")
}

/// Takes it back: the file is written to.
pub(crate) fn unsay(dir: &Path, lane: &str, file: u64) -> io::Result<()> {
    match fs::remove_file(path(dir, lane, file)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether it was said of this very file: one of another size has been touched since, or is another.
pub(crate) fn is_said(dir: &Path, lane: &str, place: &Place) -> io::Result<bool> {
    let said = match fs::read_to_string(path(dir, lane, place.number)) {
        Ok(said) => said,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let size = File::open(&place.path)?.metadata()?.len();
    Ok(said.trim_end().parse() == Ok(size))
}
