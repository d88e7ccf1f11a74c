use std::fs;

use super::*;
use crate::journal::Journal;
use crate::journal::tests::{arrival, now};
use crate::record::Record;
use tollgate_model::Timestamp;

fn seqs(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["tollgate"]["seq"].as_str().unwrap()).collect()
}

#[test]
fn lines_of_all_lanes_come_by_their_time_over_files() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), Timestamp::default()).unwrap();
    let (mut first, mut second) = (journal.lane("w0").unwrap(), journal.lane("w1").unwrap());
    let mut write = |millis, number| {
        let lane = if number == 1 { &mut first } else { &mut second };
        lane.append(&arrival(millis, number));
        lane.flush(now(millis)).unwrap();
    };
    for (millis, number) in [(1, 1), (2, 1), (3, 2), (4, 1), (5, 2)] {
        write(millis, number);
    }
    // the second lane's last line stands in a later file
    let path = dir.path().join("w1-1.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let (early, late) = text.split_at(text.find('\n').unwrap() + 1);
    fs::write(&path, early).unwrap();
    fs::write(dir.path().join("w1-2.jsonl"), late).unwrap();
    assert_eq!(seqs(&tail(dir.path(), 3).unwrap()), ["w1:1", "w0:3", "w1:2"]);
    assert_eq!(seqs(&tail(dir.path(), 9).unwrap()), ["w0:1", "w0:2", "w1:1", "w0:3", "w1:2"]);
    assert_eq!(seqs(&tail(dir.path(), 0).unwrap()), [""; 0]);

    let (lines, mut follow) = Follow::new(dir.path(), 1).unwrap();
    assert_eq!(seqs(&lines), ["w1:2"]);
    assert_eq!(seqs(&follow.fresh().unwrap()), [""; 0]);
    write(6, 1);
    let mut third = journal.lane("desk").unwrap();
    third.append(&arrival(6, 3));
    third.flush(now(6)).unwrap();
    assert_eq!(seqs(&follow.fresh().unwrap()), ["desk:1", "w0:4"]);
    assert_eq!(seqs(&follow.fresh().unwrap()), [""; 0]);
}

#[test]
fn a_request_is_found_by_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), Timestamp::default()).unwrap();
    let (mut first, mut second) = (journal.lane("w0").unwrap(), journal.lane("w1").unwrap());
    second.append(&arrival(4, 7));
    for millis in 0..5 {
        second.append(&arrival(9, u8::try_from(millis).unwrap()));
        first.append(&arrival(millis, 7));
    }
    first.flush(now(9)).and_then(|()| second.flush(now(9))).unwrap();
    let id = |millis| arrival(millis, 7).request.to_string();
    let found = find(dir.path(), id(4).as_bytes(), 10).unwrap();
    let places: Vec<_> = found.iter().map(|found| (&*found.file, found.line)).collect();
    assert_eq!(places, [("w0-1.jsonl", 5), ("w1-1.jsonl", 1)]);
    assert_eq!(found[0].value["tollgate"]["request_id"], id(4));
    assert_eq!(find(dir.path(), b"no such request", 10).unwrap(), []);
    assert_eq!(seqs(&find(dir.path(), b"request", 2).unwrap().into_iter().map(|found| found.value).collect::<Vec<_>>()), ["w1:5", "w1:6"]);
}

#[test]
fn the_line_that_is_about_an_id_is_found_behind_any_number_that_only_contain_it() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), Timestamp::default()).unwrap();
    let mut lane = journal.lane("w0").unwrap();
    let sought = arrival(0, 7).request;
    let id = sought.to_string();
    lane.append(&arrival(0, 7));
    for millis in 1..100 {
        lane.append(&Record { reason: Some(&id), ..arrival(millis, 7) });
    }
    lane.flush(now(100)).unwrap();
    assert_eq!(find(dir.path(), id.as_bytes(), 200).unwrap().len(), 100);
    let found = about(dir.path(), sought).unwrap();
    assert_eq!(found.iter().map(|found| found.line).collect::<Vec<_>>(), [1]);
}
