use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::pin::pin;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use tempfile::TempDir;
use tollgate_model::{Fingerprint, KeyId, Name, Pepper, RequestId};

use super::*;
use crate::aggregate::Aggregator;
use crate::answered::answered;
use crate::journal::Journal;
use crate::journal::tests::{arrival, now, read};
use crate::record::{Idempotency, Kind};

fn lane() -> (TempDir, Lane) {
    let dir = tempfile::tempdir().unwrap();
    let lane = Journal::open(dir.path(), Timestamp::from_millis(1)).unwrap().lane("w0").unwrap();
    (dir, lane)
}

fn full_disk() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

fn actions(dir: &TempDir, file: &str) -> Vec<String> {
    read(dir.path(), file).iter().map(|line| line["event"]["action"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn lines_wait_for_a_flush_or_for_their_age() {
    let (dir, mut lane) = lane();
    lane.append(&arrival(1000, 1));
    lane.sweep(now(1999), 1000);
    assert!(lane.has_unflushed());
    assert_eq!((lane.flushed_upto(), read(dir.path(), "w0-1.jsonl").len()), (0, 0));
    lane.sweep(now(2000), 1000);
    assert!(!lane.has_unflushed());
    assert_eq!((lane.flushed_upto(), read(dir.path(), "w0-1.jsonl").len()), (1, 1));
}

#[test]
fn a_full_disk_makes_the_lane_fail_and_loses_no_line() {
    let (dir, mut lane) = lane();
    let disk = lane.file.swap(full_disk());
    lane.append(&arrival(1, 1));
    assert!(lane.flush(now(1)).is_err());
    assert!(lane.health().is_failing());
    lane.append(&arrival(2, 2));
    lane.sweep(now(2), 0);
    assert_eq!((lane.flushed_upto(), lane.has_unflushed()), (0, true));

    lane.file.swap(disk.try_clone().unwrap());
    lane.sweep(now(3), 0);
    assert!(lane.flush(now(3)).is_err(), "between two sweeps everybody is still refused");
    lane.sweep(now(4), 0);
    assert!(!lane.health().is_failing());
    lane.flush(now(4)).unwrap();
    assert_eq!(
        (lane.flushed_upto(), actions(&dir, "w0-1.jsonl")),
        (3, ["request", "request", "journal_recovered"].map(str::to_owned).to_vec())
    );
}

#[test]
fn lines_beyond_the_bound_are_counted_in_the_next_line() {
    let (dir, mut lane) = lane();
    let disk = lane.file.swap(full_disk());
    let mut appended = 0;
    while !lane.health().is_failing() {
        appended = lane.append(&arrival(1, 1));
    }
    let first_lost = appended;
    lane.append(&arrival(1, 1));
    assert!(lane.flush(now(1)).is_err());
    lane.file.swap(disk.try_clone().unwrap());
    lane.sweep(now(2), 0);
    assert!(lane.flushed_upto() < first_lost, "nobody may take a lost line for a written one");
    lane.sweep(now(3), 0);
    let lines = read(dir.path(), "w0-1.jsonl");
    let gap = lines.last().unwrap();
    assert_eq!(u64::try_from(lines.len()).unwrap(), first_lost);
    assert_eq!(gap["tollgate"]["detail"], json!({"first": first_lost, "last": first_lost + 1}));
    assert_eq!(gap["tollgate"]["seq"], format!("w0:{}", first_lost + 2));
}

#[test]
fn a_short_write_is_continued_where_it_ended() {
    const O_NONBLOCK: i32 = 0o4000;
    let (dir, mut lane) = lane();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
    let narrow = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(path).unwrap();
    let disk = lane.file.swap(narrow);
    for _ in 0..1000 {
        lane.append(&arrival(1, 1));
    }
    assert!(lane.flush(now(1)).is_err());
    drop((lane.file.swap(disk.try_clone().unwrap()), writer));
    let mut taken = Vec::new();
    reader.read_to_end(&mut taken).unwrap();
    assert!(!taken.is_empty() && taken.last() != Some(&b'\n'), "the pipe took half a line");
    fs::write(dir.path().join("w0-1.jsonl"), taken).unwrap();
    lane.sweep(now(2), 0);
    assert_eq!(read(dir.path(), "w0-1.jsonl").len(), 1001);
}

#[test]
fn a_file_that_was_taken_away_or_cut_is_noticed_within_a_second() {
    let (dir, mut lane) = lane();
    let flush = |lane: &mut Lane, millis| {
        lane.append(&arrival(millis, 1));
        lane.flush(now(millis)).unwrap();
    };
    flush(&mut lane, 1);
    fs::rename(dir.path().join("w0-1.jsonl"), dir.path().join("w0-1.jsonl.1")).unwrap();
    fs::write(dir.path().join("w0-1.jsonl"), b"").unwrap();
    lane.sweep(now(1001), 0);
    flush(&mut lane, 1002);
    assert_eq!(actions(&dir, "w0-2.jsonl"), ["journal_file_gone", "request"]);
    fs::write(dir.path().join("w0-2.jsonl"), b"").unwrap();
    lane.sweep(now(2001), 0);
    flush(&mut lane, 2002);
    assert_eq!(actions(&dir, "w0-3.jsonl"), ["journal_file_cut", "request"]);
    assert_eq!(read(dir.path(), "w0-3.jsonl")[1]["tollgate"]["seq"], "w0:5");
}

#[test]
fn without_a_folder_the_lane_fails_until_there_is_one() {
    let (dir, mut lane) = lane();
    fs::remove_dir_all(dir.path()).unwrap();
    lane.sweep(now(1001), 0);
    assert!(lane.health().is_failing());
    lane.append(&arrival(1002, 1));
    lane.sweep(now(1100), 0);
    assert!(lane.has_unflushed() && lane.health().is_failing(), "nothing goes into a file that nobody can find");
    fs::create_dir(dir.path()).unwrap();
    for millis in [2001, 2100, 2200] {
        lane.sweep(now(millis), 0);
    }
    assert!(!lane.health().is_failing());
    assert_eq!(actions(&dir, "w0-2.jsonl"), ["request", "journal_file_gone", "journal_recovered"]);
}

#[test]
fn a_full_file_is_followed_by_the_next() {
    let (dir, mut lane) = lane();
    lane.append(&arrival(1, 1));
    lane.flush(now(1)).unwrap();
    lane.file.handle().set_len(FILE).unwrap();
    lane.file = LaneFile::open(dir.path().join("w0-1.jsonl"), 1).unwrap();
    lane.sweep(now(1001), 0);
    lane.append(&arrival(1001, 1));
    lane.flush(now(1001)).unwrap();
    assert_eq!(read(dir.path(), "w0-2.jsonl")[0]["tollgate"]["seq"], "w0:2");
}

/// As a full file is: the lane goes on in the next.
fn fill(lane: &mut Lane, millis: i64) {
    lane.file.grow(FILE);
    lane.sweep(now(millis), 1_000_000);
}

#[test]
fn bu_19_a_full_file_without_a_named_submission_says_so_and_is_not_read_for_them() {
    let (dir, mut lane) = lane();
    let print = |number: u8| Fingerprint::of(&Pepper::new([1; 32]), &[&[number]]);
    let (owner, name) = (KeyId::from_bytes([9; 16]), Name::parse("shop").unwrap());
    let named = |number: u8| Record {
        key: Some((owner, &name)),
        idempotency: Some(Idempotency { key: print(number), body: print(0) }),
        ..Record::new(Timestamp::from_millis(5_000), Kind::Intent, RequestId::from_bytes([number; 16]))
    };
    lane.append(&arrival(1, 1));
    lane.flush(now(1)).unwrap();
    fill(&mut lane, 1_001);
    lane.append(&named(2));
    lane.flush(now(1_001)).unwrap();
    fill(&mut lane, 2_002);
    lane.append(&arrival(1, 1));
    lane.flush(now(2_002)).unwrap();
    // it goes into the next
    lane.append(&named(4));
    fill(&mut lane, 3_003);
    lane.flush(now(3_003)).unwrap();
    let said = || (1..=4).filter(|file| dir.path().join(format!("w0-{file}.nameless")).exists()).collect::<Vec<u64>>();
    assert_eq!(said(), [1, 3]);
    let found = || answered(dir.path(), Timestamp::default()).unwrap().iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(found(), [print(2), print(4)]);
    // who says it of a file is believed, unless it was of another file of that name
    nameless::say(dir.path(), "w0", 2, FILE).unwrap();
    assert_eq!(found(), [print(4)]);
    nameless::say(dir.path(), "w0", 2, FILE - 1).unwrap();
    assert_eq!(found(), [print(2), print(4)]);
    // a file that is written to says nothing of itself, and what was in it before is not known
    drop(lane);
    nameless::say(dir.path(), "w0", 4, FILE).unwrap();
    let mut lane = Journal::open(dir.path(), Timestamp::from_millis(1)).unwrap().lane("w0").unwrap();
    assert_eq!(said(), [1, 2, 3]);
    fill(&mut lane, 4_004);
    assert_eq!(said(), [1, 2, 3]);
    assert!(dir.path().join("w0-5.jsonl").exists());
}

#[test]
fn a_hanging_write_is_seen_from_another_thread() {
    let (_dir, mut lane) = lane();
    let health = lane.health();
    let (mut reader, writer) = std::io::pipe().unwrap();
    lane.file.swap(File::from(std::os::fd::OwnedFd::from(writer)));
    let writing = thread::spawn(move || {
        for _ in 0..1000 {
            lane.append(&arrival(5000, 1));
        }
        lane.flush(now(5000)).unwrap();
        lane
    });
    while !health.is_hanging(now(5251).mono) {
        thread::yield_now();
    }
    assert!(!health.is_hanging(now(5250).mono));
    let drained = thread::spawn(move || reader.read_to_end(&mut Vec::new()));
    let lane = writing.join().unwrap();
    assert!(!health.is_hanging(now(60_000).mono));
    drop(lane);
    drained.join().unwrap().unwrap();
}

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

fn wait(synced: &Synced, number: u64) -> io::Result<()> {
    let waker = Waker::from(std::sync::Arc::new(Unpark(thread::current())));
    let mut future = pin!(std::future::poll_fn(|context| synced.poll(number, context)));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn everybody_who_waits_shares_an_fsync() {
    let (_dir, mut lane) = lane();
    let synced = lane.synced().unwrap();
    for round in 0..20 {
        let number = lane.append(&arrival(round, 1));
        assert!(wait(&synced, number).is_err(), "a line that was not flushed will never be synced");
        lane.flush(now(round)).unwrap();
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| wait(&synced, number).unwrap());
            }
        });
        assert_eq!(synced.upto(), number);
    }
    assert!(!lane.health().is_hanging(now(1_000_000).mono));
}

#[test]
fn an_fsync_that_fails_ends_the_lane_until_a_restart() {
    let (dir, mut lane) = lane();
    let synced = lane.synced().unwrap();
    // a pipe can be written and not synced
    let (_reader, writer) = std::io::pipe().unwrap();
    let disk = lane.file.swap(File::from(std::os::fd::OwnedFd::from(writer)));
    let number = lane.append(&arrival(1, 1));
    lane.flush(now(1)).unwrap();
    assert!(wait(&synced, number).is_err());
    lane.file.swap(disk.try_clone().unwrap());
    let next = lane.append(&arrival(2, 2));
    assert!(lane.flush(now(2)).is_err() && wait(&synced, next).is_err() && lane.sync().is_err());
    lane.sweep(now(3), 0);
    assert!(lane.health().is_failing());
    assert_eq!(read(dir.path(), "w0-1.jsonl").len(), 1, "what can be written still is");
}

#[test]
fn every_stranger_is_in_a_line_or_in_a_count() {
    let (dir, mut lane) = lane();
    let mut strangers = Aggregator::default();
    let (mut lines, mut arrivals) = (0_u64, 0_u64);
    for second in 0..3_u32 {
        for host in 0..5000_u32 {
            for _ in 0..if host == 7 { 50 } else { 1 } {
                let source = IpAddr::from(std::net::Ipv4Addr::from_bits(0x0a00_0000 + host));
                arrivals += 1;
                lines += u64::from(strangers.allow(source, now(i64::from(second) * 1000).mono));
            }
        }
    }
    assert_eq!(lines, 3 * (4096 + 9));
    strangers.sweep(now(2999), &mut lane);
    strangers.finish(now(2999), &mut lane);
    lane.flush(now(2999)).unwrap();
    let lines_of_counts = read(dir.path(), "w0-1.jsonl");
    let counted: u64 = lines_of_counts.iter().map(|line| line["tollgate"]["detail"]["count"].as_u64().unwrap()).sum();
    assert_eq!(lines + counted, arrivals);
    let busy = lines_of_counts.iter().find(|line| line["tollgate"]["subject"] == "10.0.0.7").unwrap();
    assert_eq!(busy["tollgate"]["detail"], json!({"count": 80, "second": "1970-01-01T00:00:00.000Z", "source": "10.0.0.7"}));
    assert_eq!(busy["event"]["action"], "unauthenticated_many");
}

#[test]
fn numbers_that_a_power_cut_has_taken_are_not_given_again() {
    let (dir, mut lane) = lane();
    lane.append(&arrival(1, 1));
    lane.continue_behind(1, now(1));
    assert_eq!(lane.append(&arrival(1, 2)), 2);
    lane.continue_behind(7, now(2));
    assert_eq!(lane.append(&arrival(2, 3)), 9);
    lane.flush(now(2)).unwrap();
    let lines = read(dir.path(), "w0-1.jsonl");
    assert_eq!(actions(&dir, "w0-1.jsonl"), ["request", "request", "journal_gap", "request"]);
    assert_eq!((lines[2]["tollgate"]["seq"].as_str(), lines[2]["tollgate"]["detail"]["first"].as_u64()), (Some("w0:8"), Some(3)));
}
