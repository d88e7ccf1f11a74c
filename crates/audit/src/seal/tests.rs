use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use tollgate_model::Timestamp;

use super::state::Sealing;
use super::*;
use crate::journal::tests::{arrival, now, read};
use crate::lane::Lane;
use crate::tree;

/// A journal with two sealed lanes of ten lines, under three checkpoints; the journal's lanes are closed.
pub(crate) fn sealed() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), Timestamp::from_millis(0)).unwrap();
    let (mut first, mut second) = (journal.lane("w0").unwrap(), journal.lane("w1").unwrap());
    let mut sealing = Sealing::open(dir.path()).unwrap();
    for lines in [3, 3, 4] {
        write(&mut first, lines);
        write(&mut second, lines);
        sealing.round().unwrap();
    }
    dir
}

pub(crate) fn write(lane: &mut Lane, lines: u8) {
    for line in 0..lines {
        lane.append(&arrival(i64::from(line), line));
    }
    lane.flush(now(0)).unwrap();
}

/// Writes and seals more, as a later process does.
pub(crate) fn seal_more(dir: &Path, lines: u8) -> Result<(), SealError> {
    let journal = Journal::open(dir, Timestamp::from_millis(0)).unwrap();
    let mut sealing = Sealing::open(dir)?;
    write(&mut journal.lane("w0").unwrap(), lines);
    sealing.round()
}

pub(crate) fn last(dir: &Path) -> Value {
    read(dir, "checkpoints.jsonl").pop().unwrap()
}

#[test]
fn a_checkpoint_stands_over_all_heads_and_quotes_the_one_before() {
    let dir = sealed();
    let checkpoints = read(dir.path(), "checkpoints.jsonl");
    assert_eq!(checkpoints.len(), 3);
    let sizes: Vec<_> = checkpoints.iter().map(|one| (one["lanes"]["w0"]["size"].as_u64(), one["lanes"]["w1"]["size"].as_u64())).collect();
    assert_eq!(sizes, [3, 6, 10].map(|size| (Some(size), Some(size))));
    let text = fs::read_to_string(dir.path().join("checkpoints.jsonl")).unwrap();
    let first = text.lines().next().unwrap();
    assert_eq!(
        (checkpoints[0]["previous"].as_str(), checkpoints[1]["previous"].as_str()),
        (Some(""), Some(&*tree::quote(first.as_bytes())))
    );
    assert_eq!(checkpoints[2]["@timestamp"], "1970-01-01T00:00:00.003Z");
    let mut by_hand = tree::Tree::default();
    for line in fs::read_to_string(dir.path().join("w0-1.jsonl")).unwrap().lines() {
        by_hand.push(tree::leaf(line.as_bytes()));
    }
    assert_eq!(checkpoints[2]["lanes"]["w0"]["root"], tree::encode(&by_hand.root()));
    assert_eq!(fs::read(dir.path().join("w0-1.leaves")).unwrap().len(), 8 + 10 * 8);
}

#[test]
fn nothing_new_sets_no_checkpoint() {
    let dir = sealed();
    Sealing::open(dir.path()).unwrap().round().unwrap();
    assert_eq!(read(dir.path(), "checkpoints.jsonl").len(), 3);
}

#[test]
fn a_start_goes_on_where_the_last_one_was_whatever_was_kept() {
    let whole = sealed();
    seal_more(whole.path(), 5).unwrap();
    for lost in [&["frontier.json"][..], &["w0-1.leaves"], &["w0-1.leaves", "frontier.json"], &[]] {
        let dir = sealed();
        for file in lost {
            fs::remove_file(dir.path().join(file)).unwrap();
        }
        seal_more(dir.path(), 5).unwrap();
        assert_eq!(last(dir.path()), last(whole.path()), "without {lost:?}");
        assert_eq!(fs::read(dir.path().join("w0-1.leaves")).unwrap(), fs::read(whole.path().join("w0-1.leaves")).unwrap());
    }
}

#[test]
fn a_kill_between_lines_checkpoint_and_what_is_kept_changes_no_root() {
    let dir = sealed();
    let kept = fs::read(dir.path().join("frontier.json")).unwrap();
    seal_more(dir.path(), 5).unwrap();
    let expected = last(dir.path());
    // killed behind the checkpoint, before the frontier was kept
    fs::write(dir.path().join("frontier.json"), kept).unwrap();
    seal_more(dir.path(), 0).unwrap();
    assert_eq!(last(dir.path()), expected);
    // killed in the midst of the checkpoint
    let path = dir.path().join("checkpoints.jsonl");
    let text = fs::read(&path).unwrap();
    fs::remove_file(dir.path().join("frontier.json")).unwrap();
    fs::write(&path, &text[..text.len() - 20]).unwrap();
    seal_more(dir.path(), 0).unwrap();
    let again = last(dir.path());
    assert_eq!((&again["lanes"], &again["previous"]), (&expected["lanes"], &expected["previous"]));
    assert!(again["cut"].as_u64().unwrap() > 0, "the cut is recorded");
}

#[test]
fn half_a_line_is_not_sealed_before_it_is_whole() {
    let dir = sealed();
    let mut sealing = Sealing::open(dir.path()).unwrap();
    let path = dir.path().join("w0-1.jsonl");
    let before = fs::read(&path).unwrap();
    write(&mut Journal::open(dir.path(), Timestamp::from_millis(0)).unwrap().lane("w0").unwrap(), 1);
    let after = fs::read(&path).unwrap();
    fs::write(&path, &after[..before.len() + 40]).unwrap();
    sealing.round().unwrap();
    assert_eq!(last(dir.path())["lanes"]["w0"]["size"], 10);
    fs::write(&path, &after).unwrap();
    sealing.round().unwrap();
    let head = last(dir.path())["lanes"]["w0"].clone();
    assert_eq!(head["size"], 11);
    fs::remove_file(dir.path().join("frontier.json")).unwrap();
    Sealing::open(dir.path()).unwrap();
}

#[test]
fn a_gap_and_a_line_that_is_not_ours_do_not_stop_the_seal() {
    let dir = sealed();
    let path = dir.path().join("w0-1.jsonl");
    let sealed = fs::read_to_string(&path).unwrap();
    write(&mut Journal::open(dir.path(), Timestamp::from_millis(0)).unwrap().lane("w0").unwrap(), 3);
    let text = fs::read_to_string(&path).unwrap();
    let fresh: Vec<_> = text[sealed.len()..].lines().collect();
    fs::write(&path, format!("{sealed}{}\nforged\n{}\n", fresh[0], fresh[2])).unwrap();
    let mut sealing = Sealing::open(dir.path()).unwrap();
    sealing.round().unwrap();
    assert_eq!(last(dir.path())["lanes"]["w0"]["size"], 13, "a line that is missing is an empty leaf");
}

#[test]
fn what_the_last_checkpoint_does_not_vouch_for_is_not_sealed_over() {
    let dir = sealed();
    fs::remove_file(dir.path().join("frontier.json")).unwrap();
    let path = dir.path().join("w1-1.jsonl");
    fs::write(&path, fs::read_to_string(&path).unwrap().replacen("allowed", "alloweD", 1)).unwrap();
    assert!(matches!(seal_more(dir.path(), 1), Err(SealError::Lane(lane)) if lane == "w1"));

    let dir = self::sealed();
    fs::remove_file(dir.path().join("checkpoints.jsonl")).unwrap();
    assert!(matches!(seal_more(dir.path(), 1), Err(SealError::Checkpoints)));
}

#[test]
fn checkpoints_that_are_taken_away_under_us_are_noticed() {
    let dir = sealed();
    let mut sealing = Sealing::open(dir.path()).unwrap();
    fs::rename(dir.path().join("checkpoints.jsonl"), dir.path().join("old")).unwrap();
    fs::write(dir.path().join("checkpoints.jsonl"), b"").unwrap();
    assert!(matches!(sealing.round(), Err(SealError::Checkpoints)));
}

#[test]
fn a_round_that_failed_is_made_again_from_the_last_checkpoint() {
    let dir = sealed();
    let mut sealing = Sealing::open(dir.path()).unwrap();
    let journal = Journal::open(dir.path(), Timestamp::from_millis(0)).unwrap();
    let mut lane = journal.lane("w2").unwrap();
    write(&mut lane, 3);
    // the sidecar's name is taken by a folder: the line is read and cannot be noted
    fs::create_dir(dir.path().join("w2-1.leaves")).unwrap();
    assert!(matches!(sealing.round(), Err(SealError::File { .. })));
    fs::remove_dir(dir.path().join("w2-1.leaves")).unwrap();
    sealing.round().unwrap();
    assert_eq!(last(dir.path())["lanes"]["w2"]["size"], 3);
    fs::remove_file(dir.path().join("frontier.json")).unwrap();
    Sealing::open(dir.path()).unwrap();
}

#[test]
fn the_thread_seals_by_itself_and_the_rest_when_it_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), Timestamp::from_millis(0)).unwrap();
    let sealer = Sealer::start(&journal).unwrap();
    let mut lane = journal.lane("w0").unwrap();
    write(&mut lane, 200);
    while fs::metadata(dir.path().join("checkpoints.jsonl")).map_or(0, |found| found.len()) == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(last(dir.path())["lanes"]["w0"]["size"], 200);
    write(&mut lane, 7);
    assert!(!sealer.is_failing());
    sealer.stop().unwrap();
    assert_eq!(last(dir.path())["lanes"]["w0"]["size"], 207);
}
