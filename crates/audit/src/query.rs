//! What happened lately, or to this request? Lines as JSON for people and tools, over all lanes.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tollgate_model::RequestId;

use crate::place::{self, Head};
use crate::reader::{LaneReader, Position, Step};

/// Where a line was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The file's name in the folder.
    pub file: String,
    /// The line in it, counted from one.
    pub line: u64,
    /// What it says.
    pub value: Value,
}

/// A reader that goes on where it was: each `fresh` gives what was written since.
#[derive(Debug)]
pub struct Follow {
    dir: PathBuf,
    lanes: BTreeMap<String, LaneReader>,
}

/// The last `count` lines of all lanes by their time, the newest last.
pub fn tail(dir: &Path, count: usize) -> io::Result<Vec<Value>> {
    Ok(last(dir, count)?.0)
}

/// Every line that contains the bytes, by time, the newest last; the search ends behind `max`. A request's id finds all its
/// lines, a credential's hash all that was presented with it.
pub fn find(dir: &Path, needle: &[u8], max: usize) -> io::Result<Vec<Found>> {
    gather(dir, needle, max, |_| true)
}

/// Every line that is about this request, or about the correction of this id, by time, however many others contain the id.
pub fn about(dir: &Path, id: RequestId) -> io::Result<Vec<Found>> {
    let id = id.to_string();
    let names = |line: &Value, place: &str| line.pointer(place).and_then(Value::as_str) == Some(&id);
    gather(dir, id.as_bytes(), usize::MAX, |line| names(line, "/tollgate/request_id") || names(line, "/tollgate/subject"))
}

fn gather(dir: &Path, needle: &[u8], max: usize, wanted: impl Fn(&Value) -> bool) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let needle = memchr::memmem::Finder::new(needle);
    for lane in place::lanes(dir)?.into_keys() {
        let mut reader = LaneReader::new(dir, &lane);
        // each lane may have the oldest ones: what is too much is dropped at the end
        let mut lines = VecDeque::new();
        loop {
            match reader.step()? {
                Step::End => break,
                Step::Half => {}
                Step::Line => {
                    if needle.find(reader.line()).is_some()
                        && let Some(line) = Line::of(&reader).filter(|line| wanted(&line.found.value))
                    {
                        lines.push_back(line);
                    }
                }
            }
            if lines.len() > max {
                lines.pop_front();
            }
        }
        found.extend(lines);
    }
    let skip = found.len().saturating_sub(max);
    found.sort_by(|one, other| one.at.cmp(&other.at));
    Ok(found.into_iter().skip(skip).map(|line| line.found).collect())
}

impl Follow {
    /// Gives the last `count` lines, and a reader of those that come after them.
    pub fn new(dir: &Path, count: usize) -> io::Result<(Vec<Value>, Self)> {
        let (latest, lanes) = last(dir, count)?;
        Ok((latest, Self { dir: dir.to_owned(), lanes }))
    }

    /// What was written since, by time; to be asked again and again.
    pub fn fresh(&mut self) -> io::Result<Vec<Value>> {
        let mut fresh = Vec::new();
        for lane in place::lanes(&self.dir)?.into_keys() {
            let reader = self.lanes.entry(lane).or_insert_with_key(|lane| LaneReader::new(&self.dir, lane));
            read(reader, usize::MAX, &mut fresh)?;
        }
        Ok(sorted(fresh, usize::MAX))
    }
}

/// A line and its time as text.
struct Line {
    at: String,
    found: Found,
}

impl Line {
    fn of(reader: &LaneReader) -> Option<Self> {
        let at = Head::of(reader.line())?.at.to_owned();
        let value = serde_json::from_slice(reader.line()).ok()?;
        let file = reader.place().map(|place| place::name(&place.path)).unwrap_or_default();
        Some(Self { at, found: Found { file, line: reader.position().line, value } })
    }
}

fn last(dir: &Path, count: usize) -> io::Result<(Vec<Value>, BTreeMap<String, LaneReader>)> {
    let (mut lines, mut readers) = (Vec::new(), BTreeMap::new());
    for (lane, places) in place::lanes(dir)? {
        // the newest files that hold enough lines
        let mut first = places.len();
        let mut reader = LaneReader::new(dir, &lane);
        let mut of_lane = VecDeque::new();
        while of_lane.len() < count.max(1) && first > 0 {
            first -= 1;
            let Some(place) = places.get(first) else { break };
            reader = LaneReader::at(dir, &lane, Position { file: place.number, ..Position::default() })?;
            of_lane.clear();
            read_last(&mut reader, count, &mut of_lane)?;
        }
        lines.extend(of_lane.into_iter().filter_map(|(at, text): (String, Vec<u8>)| Some((at, serde_json::from_slice(&text).ok()?))));
        readers.insert(lane, reader);
    }
    Ok((sorted(lines, count), readers))
}

/// Reads to the end and keeps the last lines unparsed.
fn read_last(reader: &mut LaneReader, count: usize, lines: &mut VecDeque<(String, Vec<u8>)>) -> io::Result<()> {
    loop {
        match reader.step()? {
            Step::End => return Ok(()),
            Step::Half => {}
            Step::Line => {
                if let Some(head) = Head::of(reader.line()) {
                    lines.push_back((head.at.to_owned(), reader.line().to_vec()));
                }
            }
        }
        if lines.len() > count {
            lines.pop_front();
        }
    }
}

fn read(reader: &mut LaneReader, count: usize, lines: &mut Vec<(String, Value)>) -> io::Result<()> {
    let mut texts = VecDeque::new();
    read_last(reader, count, &mut texts)?;
    lines.extend(texts.into_iter().filter_map(|(at, text)| Some((at, serde_json::from_slice(&text).ok()?))));
    Ok(())
}

/// The last `count` by time; within a lane the order stays.
fn sorted(mut lines: Vec<(String, Value)>, count: usize) -> Vec<Value> {
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    let skip = lines.len().saturating_sub(count);
    lines.into_iter().skip(skip).map(|(_, value)| value).collect()
}
