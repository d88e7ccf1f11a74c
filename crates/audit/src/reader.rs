//! What stands in a lane? Its whole lines in order over all its files, while it may still be written.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::place::{self, Place};

/// A reader of one lane, one line in memory.
#[derive(Debug)]
pub(crate) struct LaneReader {
    dir: PathBuf,
    lane: String,
    open: Option<Open>,
    /// The number of the file to go on after.
    behind: u64,
    line: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    place: Place,
    reader: BufReader<Shared>,
    position: Position,
    /// There is a later file: what this one has now is all it will ever have.
    ended: bool,
}

/// The file is shared with whoever must fsync it.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<File>);

/// Where the next line begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// The file's number.
    pub(crate) file: u64,
    /// Bytes before it.
    pub(crate) offset: u64,
    /// Lines before it.
    pub(crate) line: u64,
}

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A whole line.
    Line,
    /// The end of a file that is not the last, and it stands in the middle of a line.
    Half,
    /// No more for now; perhaps half a line that is being written.
    End,
}

impl io::Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl LaneReader {
    /// From the first line of the lane.
    pub(crate) fn new(dir: &Path, lane: &str) -> Self {
        Self { dir: dir.to_owned(), lane: lane.to_owned(), open: None, behind: 0, line: Vec::new() }
    }

    /// From a position that an earlier reader has told.
    pub(crate) fn at(dir: &Path, lane: &str, position: Position) -> io::Result<Self> {
        let place = Place { number: position.file, path: place::path(dir, lane, position.file) };
        let mut open = Open::new(place)?;
        open.reader.get_mut().0.as_ref().seek(SeekFrom::Start(position.offset))?;
        open.position = position;
        Ok(Self { open: Some(open), behind: position.file, ..Self::new(dir, lane) })
    }

    /// Goes to the next line; after `Line` it can be looked at.
    pub(crate) fn step(&mut self) -> io::Result<Step> {
        if self.line.last() == Some(&b'\n') {
            self.line.clear();
        }
        loop {
            let Some(open) = &mut self.open else {
                let Some(next) = self.later()? else { return Ok(Step::End) };
                self.behind = next.number;
                self.open = Some(Open::new(next)?);
                continue;
            };
            let count = open.reader.read_until(b'\n', &mut self.line)?;
            open.position.offset = open.position.offset.saturating_add(u64::try_from(count).unwrap_or(0));
            if self.line.last() == Some(&b'\n') {
                open.position.line = open.position.line.saturating_add(1);
                return Ok(Step::Line);
            }
            // the writer opens the next file after the last write into this one: look for it, then read once more
            if !open.ended {
                if self.later()?.is_none() {
                    return Ok(Step::End);
                }
                self.open.iter_mut().for_each(|open| open.ended = true);
                continue;
            }
            if self.line.is_empty() {
                self.open = None;
            } else {
                self.line.clear();
                return Ok(Step::Half);
            }
        }
    }

    /// The line, without its newline.
    pub(crate) fn line(&self) -> &[u8] {
        self.line.strip_suffix(b"\n").unwrap_or_default()
    }

    /// The file of the last step.
    pub(crate) fn place(&self) -> Option<&Place> {
        self.open.as_ref().map(|open| &open.place)
    }

    /// Where the next line begins: before the half of it that was read.
    pub(crate) fn position(&self) -> Position {
        let half = if self.line.last() == Some(&b'\n') { 0 } else { u64::try_from(self.line.len()).unwrap_or(0) };
        let position = self.open.as_ref().map_or(Position::default(), |open| open.position);
        Position { offset: position.offset.saturating_sub(half), ..position }
    }

    /// The file of the last step, to be fsynced.
    pub(crate) fn handle(&self) -> Option<Arc<File>> {
        self.open.as_ref().map(|open| open.reader.get_ref().0.clone())
    }

    fn later(&self) -> io::Result<Option<Place>> {
        let places = place::lanes(&self.dir)?.remove(&self.lane).unwrap_or_default();
        Ok(places.into_iter().find(|place| place.number > self.behind))
    }
}

impl Open {
    fn new(place: Place) -> io::Result<Self> {
        let file = Shared(Arc::new(File::open(&place.path)?));
        let position = Position { file: place.number, ..Position::default() };
        Ok(Self { place, reader: BufReader::with_capacity(128 * 1024, file), position, ended: false })
    }
}
