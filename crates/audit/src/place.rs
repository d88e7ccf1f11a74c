//! Where do lines lie? The files of each lane in order, and the head of a line: its time and number without parsing the rest.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tollgate_model::Timestamp;

/// One file of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
}

/// What every line begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    /// RFC 3339 of fixed length: sorts as text.
    pub(crate) at: &'a str,
    pub(crate) lane: &'a str,
    pub(crate) number: u64,
}

impl<'a> Head<'a> {
    /// The head of a line that we wrote; nothing for any other line.
    pub(crate) fn of(text: &'a [u8]) -> Option<Self> {
        let (at, rest) = text.strip_prefix(b"{\"@timestamp\":\"")?.split_at_checked(24)?;
        let seq = rest.strip_prefix(b"\",\"tollgate\":{\"seq\":\"")?;
        // a lane's name has at most 32 characters, a number at most 20
        let seq = seq.split(|byte| *byte == b'"').next().filter(|seq| seq.len() <= 53)?;
        let (lane, number) = std::str::from_utf8(seq).ok()?.rsplit_once(':')?;
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| plain)?;
        Some(Self { at: std::str::from_utf8(at).ok()?, lane, number })
    }

    /// The line's time.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        Timestamp::parse_rfc3339(self.at)
    }
}

/// Whether a lane may have this name: 1 to 32 of `a-z`, `0-9`, `_`.
pub(crate) fn is_lane(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=32).contains(&name.len()) && name.bytes().all(plain)
}

/// The path of a lane's file.
pub(crate) fn path(dir: &Path, lane: &str, number: u64) -> PathBuf {
    dir.join(format!("{lane}-{number}.jsonl"))
}

/// All lanes' files, each lane's in the order of their numbers; no lane where there is no folder.
pub(crate) fn lanes(dir: &Path) -> io::Result<BTreeMap<String, Vec<Place>>> {
    let mut lanes: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    let entries = match dir.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(lanes),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".jsonl"));
        if let Some((lane, number)) = name.and_then(|name| name.rsplit_once('-'))
            && let Ok(number) = number.parse()
            && is_lane(lane)
        {
            lanes.entry(lane.to_owned()).or_default().push(Place { number, path });
        }
    }
    for places in lanes.values_mut() {
        places.sort_unstable_by_key(|place| place.number);
    }
    Ok(lanes)
}

/// A file's name for people.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Opens a file for appending, made for our own eyes only.
pub(crate) fn append(path: &Path, create_new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).read(true).mode(0o600);
    if create_new { options.create_new(true) } else { options.create(true) }.open(path)
}

/// Makes a new file's name survive a power cut.
pub(crate) fn sync_folder(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// The end of the last whole line, and that line without its newline; zero and nothing in a file without one.
pub(crate) fn last_line(file: &mut File) -> io::Result<(u64, Option<Vec<u8>>)> {
    let mut start = file.seek(SeekFrom::End(0))?;
    let mut tail = Vec::new();
    // a line is far shorter than one step, except an act with a large detail
    while start > 0 {
        let step = start.min(64 * 1024);
        start -= step;
        file.seek(SeekFrom::Start(start))?;
        let mut chunk = Vec::new();
        file.take(step).read_to_end(&mut chunk)?;
        chunk.append(&mut tail);
        tail = chunk;
        let mut ends = tail.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        let Some(end) = ends.next() else { continue };
        let begin = match ends.next() {
            Some(before) => before + 1,
            None if start == 0 => 0,
            None => continue,
        };
        let whole = start.saturating_add(u64::try_from(end).unwrap_or(u64::MAX)).saturating_add(1);
        return Ok((whole, tail.get(begin..end).map(<[u8]>::to_vec)));
    }
    Ok((0, None))
}
