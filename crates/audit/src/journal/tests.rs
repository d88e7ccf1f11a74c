use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use tollgate_model::{Mono, Now, RequestId, Timestamp};

use super::*;
use crate::record::{Kind, Record};

pub(crate) fn now(millis: i64) -> Now {
    Now { wall: Timestamp::from_millis(millis), mono: Mono::from_nanos(u64::try_from(millis).unwrap() * 1_000_000) }
}

pub(crate) fn arrival(millis: i64, random: u8) -> Record<'static> {
    let at = Timestamp::from_millis(millis);
    Record::new(at, Kind::Request, RequestId::new(at, [random; 10]))
}

pub(crate) fn read(dir: &Path, file: &str) -> Vec<Value> {
    let text = fs::read_to_string(dir.join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn seqs(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["tollgate"]["seq"].as_str().unwrap()).collect()
}

#[test]
fn numbers_go_on_after_a_restart() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("audit");
    for start in 0..3 {
        let journal = Journal::open(&dir, Timestamp::from_millis(start)).unwrap();
        assert_eq!(journal.last_at(), Timestamp::from_millis((start - 1).max(0)));
        let mut lane = journal.lane("w0").unwrap();
        assert!(matches!(journal.lane("w0"), Err(JournalError::Taken(_))));
        lane.append(&arrival(start, 1));
        assert_eq!(lane.append(&arrival(start, 2)), u64::try_from(start).unwrap() * 2 + 2);
        lane.flush(now(start)).unwrap();
    }
    assert_eq!(seqs(&read(&dir, "w0-1.jsonl")), ["w0:1", "w0:2", "w0:3", "w0:4", "w0:5", "w0:6"]);
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(dir.join("w0-1.jsonl")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_half_written_last_line_is_cut_off_and_the_cut_is_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let mut lane = Journal::open(dir.path(), Timestamp::from_millis(1)).unwrap().lane("w0").unwrap();
    lane.append(&arrival(1, 1));
    lane.append(&arrival(2, 2));
    lane.flush(now(2)).unwrap();
    let path = dir.path().join("w0-1.jsonl");
    let whole = fs::read(&path).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for half in first + 1..whole.len() {
        fs::write(&path, &whole[..half]).unwrap();
        let journal = Journal::open(dir.path(), Timestamp::from_millis(9)).unwrap();
        let lines = read(dir.path(), "w0-1.jsonl");
        assert_eq!(seqs(&lines), ["w0:1", "w0:2"], "the cut-off line's number is free again");
        assert_eq!(lines[1]["event"]["action"], "journal_tail_cut");
        assert_eq!(lines[1]["tollgate"]["detail"], json!({"file": "w0-1.jsonl", "bytes": half - first}));
        assert_eq!(journal.lane("w0").unwrap().append(&arrival(9, 3)), 3);
    }
}

#[test]
fn a_line_that_is_nobodys_does_not_stop_the_count() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), Timestamp::from_millis(1)).unwrap();
    let mut lane = journal.lane("w0").unwrap();
    lane.append(&arrival(1, 1));
    lane.flush(now(1)).unwrap();
    drop(lane);
    let path = dir.path().join("w0-1.jsonl");
    fs::write(&path, [fs::read(&path).unwrap(), b"{\"forged\":true}\n".to_vec()].concat()).unwrap();
    assert_eq!(journal.lane("w0").unwrap().append(&arrival(2, 2)), 2);
    fs::write(dir.path().join("w0-2.jsonl"), b"").unwrap();
    assert_eq!(journal.lane("w0").unwrap().append(&arrival(2, 2)), 2);
    for bad in ["", "W", "a-b", "a/b", ".."] {
        assert!(matches!(journal.lane(bad), Err(JournalError::Name(_))), "{bad}");
    }
}

#[test]
fn tm_08_a_clock_that_is_accepted_is_not_doubted_again_and_each_lane_says_so() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("audit");
    let journal = Journal::open(&dir, Timestamp::from_millis(0)).unwrap();
    for (name, at) in [("w0", 9_000), ("w1", 500), ("w2", 8_000)] {
        let mut lane = journal.lane(name).unwrap();
        lane.append(&arrival(at, 1));
        lane.flush(now(at)).unwrap();
    }
    drop(journal);
    let mut journal = Journal::open(&dir, Timestamp::from_millis(1_000)).unwrap();
    assert_eq!(journal.last_at(), Timestamp::from_millis(9_000));
    assert_eq!(journal.accept_clock(Timestamp::from_millis(1_000)).unwrap(), Some(Timestamp::from_millis(9_000)));
    assert_eq!((journal.last_at(), journal.lane("w2").unwrap().append(&arrival(1_001, 2))), (Timestamp::from_millis(1_000), 3));
    drop(journal);
    let mut journal = Journal::open(&dir, Timestamp::from_millis(1_002)).unwrap();
    assert!(journal.last_at() <= Timestamp::from_millis(1_002));
    assert_eq!(journal.accept_clock(Timestamp::from_millis(1_002)).unwrap(), None);
    assert_eq!(read(&dir, "w1-1.jsonl").len(), 1, "a lane of the past has nothing to say");
    let said = read(&dir, "w0-1.jsonl");
    assert_eq!(said[1]["event"]["action"], "clock_accepted");
    assert_eq!(said[1]["tollgate"]["detail"]["last"], "1970-01-01T00:00:09.000Z");
}

#[test]
fn tm_08_what_is_written_under_a_clock_that_went_back_does_not_hide_the_time_before() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("audit");
    let write = |journal: &Journal, name: &str, at: i64| {
        let mut lane = journal.lane(name).unwrap();
        lane.append(&arrival(at, 1));
        lane.flush(now(at)).unwrap();
    };
    write(&Journal::open(&dir, Timestamp::from_millis(0)).unwrap(), "w0", 9_000);
    for clock in [1_000, 2_000, 500] {
        let journal = Journal::open(&dir, Timestamp::from_millis(clock)).unwrap();
        assert_eq!(journal.last_at(), Timestamp::from_millis(9_000), "at {clock}");
        write(&journal, "w0", clock);
    }
    // no lane ends in the future any longer, and the acceptance is written down all the same
    let mut journal = Journal::open(&dir, Timestamp::from_millis(3_000)).unwrap();
    assert_eq!(journal.accept_clock(Timestamp::from_millis(3_000)).unwrap(), Some(Timestamp::from_millis(9_000)));
    assert_eq!(read(&dir, "w0-1.jsonl").last().unwrap()["event"]["action"], "clock_accepted");
    drop(journal);
    assert_eq!(Journal::open(&dir, Timestamp::from_millis(3_001)).unwrap().last_at(), Timestamp::from_millis(3_000));
}

#[test]
fn tm_08_a_clock_that_goes_back_in_a_running_process_is_known_to_the_next_start() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("audit");
    let at = Timestamp::from_millis;
    let mut floor = Journal::open(&dir, at(1_000)).unwrap().floor(at(1_000));
    for clock in [2_000, 9_000, 4_000, 5_000] {
        floor.see(at(clock)).unwrap();
    }
    assert_eq!(Journal::open(&dir, at(5_000)).unwrap().last_at(), at(9_000));
    for clock in [9_500, 9_400] {
        floor.see(at(clock)).unwrap();
    }
    let journal = Journal::open(&dir, at(9_401)).unwrap();
    assert_eq!(journal.last_at(), at(9_500), "each step back is kept");
    let (mut floor, mut lane) = (journal.floor(at(9_600)), journal.lane("w0").unwrap());
    for clock in [9_900, 9_700] {
        lane.append(&arrival(clock, 1));
        lane.flush(now(clock)).unwrap();
    }
    floor.see(at(9_700)).unwrap();
    assert_eq!(Journal::open(&dir, at(9_700)).unwrap().last_at(), at(9_900), "a time that only a line has seen");
    fs::write(dir.join("clock"), "soon\n").unwrap();
    let refused = Journal::open(&dir, at(9_402)).unwrap_err();
    assert!(matches!(&refused, JournalError::File { file, .. } if file == "clock"), "{refused}");
}
