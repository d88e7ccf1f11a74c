use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use tollgate_model::{RequestId, TaskId};

use super::*;
use crate::journal::Journal;
use crate::journal::tests::now;
use crate::record::{HoldEnd, Kind, Record};
use crate::seal::Sealer;
use crate::seal::tests::{seal_more, sealed, write};

fn at(findings: &[Finding]) -> Vec<(&str, Option<u64>)> {
    findings.iter().map(|finding| (&*finding.file, finding.line)).collect()
}

/// Changes the lines of a file.
fn change(dir: &TempDir, file: &str, change: impl Fn(&mut Vec<String>)) {
    let path = dir.path().join(file);
    let mut lines: Vec<_> = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

#[test]
fn an_untouched_journal_is_verified() {
    let dir = sealed();
    let expected = Verified { lanes: 2, lines: 20, unsealed: 0, checkpoints: 3, last_at: Some(Timestamp::from_millis(3)) };
    assert_eq!(verify(dir.path()), Ok(expected));
    write(&mut Journal::open(dir.path(), Timestamp::default()).unwrap().lane("w2").unwrap(), 4);
    assert_eq!(verify(dir.path()), Ok(Verified { lanes: 3, lines: 24, unsealed: 4, ..expected }));
    assert_eq!(verify(&dir.path().join("none")), Ok(Verified::default()));
}

#[test]
fn every_altered_byte_names_its_line() {
    let dir = sealed();
    let path = dir.path().join("w0-1.jsonl");
    let whole = fs::read(&path).unwrap();
    let mut line = 1;
    for (place, byte) in whole.iter().enumerate() {
        let mut altered = whole.clone();
        altered[place] = byte ^ 1;
        fs::write(&path, altered).unwrap();
        let findings = verify(dir.path()).unwrap_err();
        let named = findings.iter().any(|finding| finding.file == "w0-1.jsonl" && finding.line == Some(line));
        // without its newline the last line is half a line
        assert!(named || place + 1 == whole.len(), "byte {place} of line {line}: {findings:?}");
        line += u64::from(*byte == b'\n');
    }
}

#[test]
fn an_altered_amount_is_told_once_and_nothing_else_is_accused() {
    let dir = sealed();
    change(&dir, "w1-1.jsonl", |lines| lines[4] = lines[4].replace("allowed", "denied!"));
    seal_more(dir.path(), 5).unwrap();
    assert_eq!(at(&verify(dir.path()).unwrap_err()), [("w1-1.jsonl", Some(5))]);
}

#[test]
fn altered_with_its_note_the_span_between_two_checkpoints_is_named() {
    let dir = sealed();
    change(&dir, "w1-1.jsonl", |lines| lines[4] = lines[4].replace("allowed", "denied!"));
    fs::remove_file(dir.path().join("w1-1.leaves")).unwrap();
    let findings = verify(dir.path()).unwrap_err();
    assert_eq!(findings[0].to_string(), "w1-1.jsonl: lines 4 to 6 of lane w1 are not those that checkpoint 2 sealed");
    assert_eq!(findings.len(), 1);
}

#[test]
fn altered_notes_accuse_no_line() {
    let dir = sealed();
    let path = dir.path().join("w0-1.leaves");
    let mut notes = fs::read(&path).unwrap();
    notes[30] ^= 1;
    fs::write(path, notes).unwrap();
    assert_eq!(at(&verify(dir.path()).unwrap_err()), [("w0-1.leaves", None)]);
}

#[test]
fn removed_inserted_and_swapped_lines_are_named() {
    let named = |edit: fn(&mut Vec<String>)| {
        let dir = sealed();
        change(&dir, "w0-1.jsonl", edit);
        let findings = verify(dir.path()).unwrap_err();
        at(&findings).into_iter().map(|(file, line)| format!("{file}:{}", line.unwrap_or(0))).collect::<Vec<_>>()
    };
    assert_eq!(named(|lines| drop(lines.remove(4))), ["w0-1.jsonl:5"]);
    assert_eq!(named(|lines| drop(lines.remove(0))), ["w0-1.jsonl:1"]);
    assert_eq!(named(|lines| lines.insert(4, lines[3].clone())), ["w0-1.jsonl:5"]);
    assert_eq!(named(|lines| lines.insert(4, "{}".into())), ["w0-1.jsonl:5"]);
    assert_eq!(named(|lines| lines.swap(4, 5)), ["w0-1.jsonl:5", "w0-1.jsonl:6"]);
}

#[test]
fn a_tail_cut_anywhere_below_the_last_checkpoint_is_found() {
    let dir = sealed();
    let path = dir.path().join("w0-1.jsonl");
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let findings = verify(dir.path()).unwrap_err();
        assert!(findings.iter().any(|finding| finding.what.starts_with("cut short")), "{length}: {findings:?}");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(at(&verify(dir.path()).unwrap_err()), [("w0", None)]);
}

#[test]
fn a_touched_chain_of_checkpoints_is_found() {
    let named = |edit: fn(&mut Vec<String>)| {
        let dir = sealed();
        change(&dir, "checkpoints.jsonl", edit);
        let findings = verify(dir.path()).unwrap_err();
        findings.iter().map(|finding| finding.line.unwrap_or(0)).collect::<Vec<_>>()
    };
    assert_eq!(named(|lines| lines[1] = lines[1].replace("00.002Z", "00.001Z")), [3]);
    assert_eq!(named(|lines| drop(lines.remove(1))), [2, 2]);
    assert_eq!(named(|lines| drop(lines.remove(0))), [1, 1]);
    assert_eq!(named(|lines| drop(lines.pop())), [0], "the sealer remembers how many there were");
    assert_eq!(named(|lines| lines[1] = "{}".into()), [2, 3, 3]);
    assert!(named(|lines| lines[2] = lines[2].replacen("\"size\":10", "\"size\":9", 1)).len() == 1, "a root that is not that of its size");
}

#[test]
fn a_gap_that_the_lane_has_told_is_none() {
    let dir = sealed();
    let path = dir.path().join("w0-1.jsonl");
    let gap = |first: u64, last: u64, number: u64| {
        format!(
            "{{\"@timestamp\":\"1970-01-01T00:00:00.009Z\",\"tollgate\":{{\"seq\":\"w0:{number}\",\"detail\":{{\"first\":{first},\"last\":{last}}}}},\
             \"event\":{{\"kind\":\"alert\",\"action\":\"journal_gap\",\"outcome\":\"failure\"}}}}\n"
        )
    };
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{}", gap(11, 12, 13))).unwrap();
    seal_more(dir.path(), 0).unwrap();
    assert!(verify(dir.path()).is_ok());
    // a forged one does not hide what was sealed
    let lines: Vec<_> = text.lines().collect();
    fs::write(&path, format!("{}\n{}{}\n{}", lines[..4].join("\n"), gap(5, 6, 7), lines[7..].join("\n"), gap(11, 12, 13))).unwrap();
    assert_eq!(at(&verify(dir.path()).unwrap_err()), [("w0-1.jsonl", Some(5))]);
}

#[test]
fn books_that_do_not_agree_are_found() {
    let request = |number| RequestId::new(Timestamp::default(), [number; 10]);
    let line =
        |kind, number, hold| Record { hold, task: TaskId::parse(b"7").ok(), ..Record::new(Timestamp::default(), kind, request(number)) };
    let (intent, outcome) = (|number| line(Kind::Intent, number, None), |number, hold| line(Kind::Outcome, number, Some(hold)));
    let settle = |number| line(Kind::Settle, number, Some(HoldEnd::Settled));
    let findings = |records: &[Record<'_>]| {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path(), Timestamp::default()).unwrap();
        // the settling worker's lane is read first
        let (mut settles, mut rest) = (journal.lane("a").unwrap(), journal.lane("b").unwrap());
        for record in records {
            if record.kind == Kind::Settle {
                settles.append(record)
            } else {
                rest.append(record)
            };
        }
        settles.flush(now(0)).and_then(|()| rest.flush(now(0))).unwrap();
        verify(dir.path())
            .map_or_else(|findings| findings.into_iter().map(|finding| (finding.file, finding.line.unwrap())).collect(), |_| Vec::new())
    };
    let at_line = |name: &str, line: u64| (format!("{name}-1.jsonl"), line);
    assert_eq!(findings(&[intent(1), outcome(1, HoldEnd::Opened), settle(1), intent(2), outcome(2, HoldEnd::Voided), intent(3)]), []);
    assert_eq!(findings(&[intent(1), outcome(1, HoldEnd::Unknown)]), []);
    assert_eq!(findings(&[intent(1), outcome(1, HoldEnd::Opened), settle(1), settle(1)]), [at_line("a", 2)]);
    assert_eq!(findings(&[intent(1), outcome(1, HoldEnd::Settled), settle(1)]), [at_line("a", 1)]);
    assert_eq!(findings(&[outcome(1, HoldEnd::Opened)]), [at_line("b", 1)]);
    assert_eq!(findings(&[intent(1), outcome(1, HoldEnd::Settled), outcome(1, HoldEnd::Settled)]), [at_line("b", 3)]);
}

#[test]
fn a_lane_over_several_files_is_one_lane() {
    let dir = sealed();
    let (first, second): (PathBuf, PathBuf) = (dir.path().join("w0-1.jsonl"), dir.path().join("w0-2.jsonl"));
    fs::write(&second, b"").unwrap();
    let journal = Journal::open(dir.path(), Timestamp::default()).unwrap();
    let sealer = Sealer::start(&journal).unwrap();
    write(&mut journal.lane("w0").unwrap(), 5);
    sealer.stop().unwrap();
    assert_eq!(verify(dir.path()).unwrap().lines, 25);
    change(&dir, "w0-2.jsonl", |lines| lines[1] = lines[1].replace("allowed", "denied!"));
    assert_eq!(at(&verify(dir.path()).unwrap_err()), [("w0-2.jsonl", Some(2))]);
    fs::remove_file(first).unwrap();
    assert_eq!(at(&verify(dir.path()).unwrap_err())[0], ("w0-2.jsonl", Some(1)));
}
