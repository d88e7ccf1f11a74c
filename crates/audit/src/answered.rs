//! What was already answered under an `Idempotency-Key`? The submissions of the last hours that were named by their callers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use memchr::memmem::Finder;
use serde::Deserialize;
use tollgate_model::{Fingerprint, KeyId, RequestId, TaskId, Timestamp};

use crate::nameless;
use crate::place::{self, Head, Place};

/// A named submission that may have been bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The request that was sent.
    pub request: RequestId,
    /// Whose.
    pub key: KeyId,
    /// The hash of its name.
    pub name: Fingerprint,
    /// The hash of what it was.
    pub body: Fingerprint,
    /// When it was sent.
    pub at: Timestamp,
    /// The provider's task; nothing if that is not known, or if the answer needed none.
    pub task: Option<TaskId>,
}

/// What stands in every line of a named submission and in no other.
const MARK: &[u8] = b",\"idempotency\":{\"key\":\"";

/// Bytes read at once.
const READ: usize = 256 * 1024;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    event: Event<'a>,
    #[serde(borrow)]
    tollgate: Facts<'a>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Facts<'a> {
    request_id: RequestId,
    key: Key,
    task: Option<TaskId>,
    #[serde(borrow)]
    hold: Option<Cow<'a, str>>,
    idempotency: Named,
}

#[derive(Deserialize)]
struct Key {
    id: KeyId,
}

#[derive(Deserialize)]
struct Named {
    key: Fingerprint,
    body: Fingerprint,
}

/// Reads back what was sent since then under a name; what cost nothing is left out, since its name is free again. By time.
pub fn answered(dir: &Path, since: Timestamp) -> io::Result<Vec<Answered>> {
    let mut found = HashMap::new();
    let (mark, mut line) = (Finder::new(MARK), Vec::new());
    for (lane, places) in place::lanes(dir)? {
        let Some(first) = first_file(&places, since)? else { continue };
        for place in places.iter().filter(|place| place.number >= first) {
            if nameless::is_said(dir, &lane, place)? {
                continue;
            }
            let mut reader = BufReader::with_capacity(READ, File::open(&place.path)?);
            // half a line at the end is none
            while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
                if mark.find(&line).is_some() {
                    note(&line, since, &mut found);
                }
                line.clear();
            }
            line.clear();
        }
    }
    let mut found: Vec<Answered> = found.into_values().collect();
    found.sort_by_key(|one| (one.at, one.request));
    Ok(found)
}

fn note(line: &[u8], since: Timestamp, found: &mut HashMap<RequestId, Answered>) {
    // a line that cannot be read back is `verify`'s and the replay's to tell of
    let Some(at) = Head::of(line).and_then(|head| head.time()).filter(|at| *at >= since) else { return };
    let Ok(Line { event, tollgate: facts }) = serde_json::from_slice::<Line<'_>>(line) else { return };
    let Facts { request_id: request, key, task, hold, idempotency: Named { key: name, body } } = facts;
    match (&*event.action, hold.as_deref()) {
        ("outcome", Some("voided")) => drop(found.remove(&request)),
        ("intent" | "outcome", _) => {
            found.insert(request, Answered { request, key: key.id, name, body, at, task });
        }
        _ => {}
    }
}

/// The last file whose first line is not younger than `since`: those before it are older as a whole.
fn first_file(places: &[Place], since: Timestamp) -> io::Result<Option<u64>> {
    let mut first = places.first().map(|place| place.number);
    for place in places.iter().skip(1) {
        let mut line = Vec::new();
        BufReader::new(File::open(&place.path)?).read_until(b'\n', &mut line)?;
        match Head::of(&line).and_then(|head| head.time()) {
            Some(at) if at <= since => first = Some(place.number),
            Some(_) => break,
            None => {}
        }
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use tollgate_model::{Name, Pepper};

    use super::*;
    use crate::{HoldEnd, Idempotency, Journal, Kind, Record};

    #[test]
    fn bu_19_a_named_submission_is_found_again_unless_it_cost_nothing_or_is_old() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |millis: i64| Timestamp::from_millis(1_700_000_000_000 + millis);
        let journal = Journal::open(folder.path(), at(0)).unwrap();
        let mut lane = journal.lane("w0").unwrap();
        let print = |text: &[u8]| Fingerprint::of(&Pepper::new([1; 32]), &[text]);
        let (owner, name) = (KeyId::from_bytes([9; 16]), Name::parse("shop").unwrap());
        let task = TaskId::parse(b"7000001").unwrap();
        let mut write = |number: u8, millis, kind, hold, task| {
            let idempotency = Some(Idempotency { key: print(&[number]), body: print(b"body") });
            let request = RequestId::from_bytes([number; 16]);
            lane.append(&Record { key: Some((owner, &name)), hold, task, idempotency, ..Record::new(at(millis), kind, request) });
        };
        write(1, 0, Kind::Intent, None, None);
        write(2, 2_000, Kind::Intent, None, None);
        write(3, 2_001, Kind::Intent, None, None);
        write(4, 2_002, Kind::Intent, None, None);
        write(2, 2_003, Kind::Outcome, Some(HoldEnd::Opened), Some(task));
        write(3, 2_004, Kind::Outcome, Some(HoldEnd::Voided), None);
        lane.flush(tollgate_model::Now { wall: at(3_000), ..Default::default() }).unwrap();
        let found = answered(folder.path(), at(1_000)).unwrap();
        let told: Vec<_> = found.iter().map(|one| (one.request, one.key, one.name, one.task)).collect();
        let id = |number: u8| RequestId::from_bytes([number; 16]);
        assert_eq!(told, [(id(4), owner, print(&[4]), None), (id(2), owner, print(&[2]), Some(task))]);
    }
}
