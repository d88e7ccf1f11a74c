use std::fs;

use super::*;
use crate::correction::Corrected;
use crate::journal::Journal;
use crate::journal::tests::now;
use crate::record::{Event, HoldEnd, Kind, Record};

fn request(number: u8) -> RequestId {
    RequestId::new(Timestamp::from_millis(1), [number; 10])
}

fn key() -> KeyId {
    KeyId::new(Timestamp::from_millis(1), [9; 10])
}

fn intent(millis: i64, number: u8, name: &Name) -> Record<'_> {
    Record {
        key: Some((key(), name)),
        upstream: Some(name),
        method: Some("hcaptcha"),
        held: Some(Money::from_nanos(100)),
        ..Record::new(Timestamp::from_millis(millis), Kind::Intent, request(number))
    }
}

fn end(millis: i64, kind: Kind, number: u8, hold: HoldEnd) -> Record<'static> {
    let settled = matches!(hold, HoldEnd::Settled | HoldEnd::Assumed).then(|| Money::from_nanos(70));
    let task = (hold == HoldEnd::Opened).then(|| TaskId::parse(b"77").unwrap());
    Record { hold: Some(hold), settled, task, ..Record::new(Timestamp::from_millis(millis), kind, request(number)) }
}

/// Two workers; the second settles what the first has opened.
fn journal() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), Timestamp::from_millis(0)).unwrap();
    let name = Name::parse("a").unwrap();
    let (mut first, mut second) = (journal.lane("w0").unwrap(), journal.lane("w1").unwrap());
    first.append(&intent(10, 1, &name));
    first.append(&end(20, Kind::Outcome, 1, HoldEnd::Opened));
    first.append(&Record { decision: crate::Decision::Denied, ..Record::new(Timestamp::from_millis(21), Kind::Request, request(9)) });
    first.append(&intent(40, 3, &name));
    first.append(&end(39, Kind::Outcome, 3, HoldEnd::Voided));
    second.append(&intent(15, 2, &name));
    second.append(&end(30, Kind::Settle, 1, HoldEnd::Assumed));
    second.append(&end(35, Kind::Outcome, 2, HoldEnd::Unknown));
    first.flush(now(50)).unwrap();
    second.flush(now(50)).unwrap();
    dir
}

fn checkpoint(dir: &Path, w0: u64, w1: u64) {
    let head = |size: u64| format!("{{\"size\":{size},\"root\":\"\"}}");
    let (w0, w1) = (head(w0), head(w1));
    let line = format!("{{\"@timestamp\":\"\",\"checkpoint\":1,\"lanes\":{{\"w0\":{w0},\"w1\":{w1}}},\"previous\":\"\"}}\n");
    fs::write(checkpoint::path(dir), line).unwrap();
}

#[test]
fn facts_come_back_in_the_order_of_their_time() {
    let dir = journal();
    let replayed = replay(dir.path(), &HashMap::new()).unwrap();
    assert!(replayed.whole);
    let at = Timestamp::from_millis;
    let upstream = Name::parse("a").unwrap();
    let held = |number, millis| {
        let (method, held) = ("hcaptcha".to_owned(), Money::from_nanos(100));
        Happened::Held { request: request(number), key: key(), team: None, upstream: upstream.clone(), method, at: at(millis), held }
    };
    let expected = [
        ("w0", 1, held(1, 10)),
        ("w1", 1, held(2, 15)),
        ("w0", 2, Happened::Opened { request: request(1), task: TaskId::parse(b"77").unwrap(), at: at(20) }),
        ("w1", 2, Happened::Settled { request: request(1), cost: Money::from_nanos(70), assumed: true, at: at(30) }),
        ("w1", 3, Happened::Unknown { request: request(2), at: at(35) }),
        ("w0", 4, held(3, 40)),
        ("w0", 5, Happened::Voided { request: request(3), at: at(39) }),
    ];
    assert_eq!(replayed.lines, expected.map(|(lane, number, fact)| (lane.to_owned(), number, fact)));
}

#[test]
fn only_lines_behind_what_the_books_have_come_back() {
    let dir = journal();
    let lines = |w0, w1| {
        let from = HashMap::from([("w0".to_owned(), w0), ("w1".to_owned(), w1)]);
        let replayed = replay(dir.path(), &from).unwrap();
        replayed.lines.into_iter().map(|(lane, number, _)| format!("{lane}:{number}")).collect::<Vec<_>>()
    };
    assert_eq!(lines(2, 2), ["w1:3", "w0:4", "w0:5"]);
    assert_eq!(lines(5, 3), [""; 0]);
}

#[test]
fn older_files_are_not_read() {
    let dir = journal();
    let path = dir.path().join("w0-1.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let (early, late) = text.split_at(text.match_indices('\n').nth(2).unwrap().0 + 1);
    fs::write(dir.path().join("w0-2.jsonl"), late).unwrap();
    fs::write(&path, early.replace("opened", "garbage")).unwrap();
    let whole = |w0| replay(dir.path(), &HashMap::from([("w0".to_owned(), w0)])).unwrap().whole;
    assert!(whole(3), "what the books have is not read again");
    assert!(!whole(1), "a damaged line about money is told");
}

#[test]
fn a_journal_behind_its_fsynced_mark_is_not_whole() {
    let dir = journal();
    let whole = || replay(dir.path(), &HashMap::new()).unwrap().whole;
    checkpoint(dir.path(), 5, 3);
    assert!(whole());
    checkpoint(dir.path(), 6, 3);
    assert!(!whole());
    checkpoint(dir.path(), 5, 3);
    fs::remove_file(dir.path().join("w1-1.jsonl")).unwrap();
    assert!(!whole());
    assert!(replay(&dir.path().join("none"), &HashMap::new()).unwrap().whole, "where nothing was written nothing is missing");
}

#[test]
fn a_correction_comes_back_whole_and_a_damaged_one_is_said_aloud() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), Timestamp::from_millis(0)).unwrap();
    let mut lane = journal.lane("desk").unwrap();
    let (upstream, method, on) = (Name::parse("a").unwrap(), "hcaptcha".to_owned(), "1970-01-01".to_owned());
    let entry = |number: u8, nanos| Corrected {
        request: request(number),
        team: None,
        upstream: upstream.clone(),
        method: method.clone(),
        at_ms: 5,
        nanos,
    };
    let (amount, reason, entries) = ("-0.000000010".to_owned(), "r".to_owned(), vec![entry(1, -3), entry(2, -7)]);
    let correction = Correction { key: key(), name: upstream.clone(), on, amount, reason, entries };
    let detail = serde_json::to_value(&correction).unwrap();
    let line =
        |detail| Event { at: Timestamp::from_millis(40), kind: "event", action: CORRECTION, outcome: "success", subject: None, detail };
    lane.event(&line(Some(&detail)));
    lane.flush(now(50)).unwrap();
    let replayed = replay(dir.path(), &HashMap::new()).unwrap();
    assert_eq!((replayed.lines, replayed.whole), (vec![("desk".to_owned(), 1, Happened::Corrected(correction))], true));
    lane.event(&line(None));
    lane.flush(now(50)).unwrap();
    assert!(!replay(dir.path(), &HashMap::new()).unwrap().whole);
}
