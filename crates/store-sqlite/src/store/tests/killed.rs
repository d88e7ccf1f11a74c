//! Does a process that is killed in the middle of its writes lose anything it was told is done? It is run again as a child.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tollgate_books::{Counter, Fact, Fence, Holder, LeaseWant, Store, Unit};
use tollgate_model::{KeyId, Money, Name, Period, RequestId, Scope, Timestamp, Zone};

use super::super::SqliteStore;
use super::run;

const ROUNDS: usize = 5;
/// Beside the file, so that the child does nothing when somebody else runs it.
const GO: &str = "go";

fn want(used: Option<i64>) -> LeaseWant {
    let account = Name::parse("solver").unwrap();
    let at = Timestamp::from_millis(1_795_424_400_000);
    let counter = Counter {
        scope: Scope::Upstream(account.clone()),
        unit: Unit::Tasks,
        period: Period::Day,
        zone: Zone::utc(),
        window: Period::Day.window(&Zone::utc(), at),
    };
    LeaseWant { counter, holder: Holder { instance: "gate".to_owned(), account }, cap: i64::MAX, used, least: 1, slice: 1 }
}

fn hold(number: i64) -> Fact {
    let at = Timestamp::from_millis(1_795_424_400_000 + number);
    Fact::Held {
        request: RequestId::new(at, [0; 10]),
        key: KeyId::from_bytes([1; 16]),
        team: None,
        upstream: Name::parse("solver").unwrap(),
        method: "NormalCaptcha".to_owned(),
        at,
        held: Money::from_nanos(1),
    }
}

async fn opened(path: &Path) -> (std::sync::Arc<SqliteStore>, Fence) {
    let store = SqliteStore::open(path).unwrap();
    let fence = store.open("gate", "boot", true).await.unwrap().fence;
    (store, fence)
}

#[test]
#[ignore = "the child of `what_was_acknowledged_outlives_a_kill`"]
fn child() {
    if fs::remove_file(GO).is_err() {
        return;
    }
    run(async {
        let (store, fence) = opened(Path::new("tollgate.db")).await;
        let from = i64::try_from(store.unsettled(None, usize::MAX).await.unwrap().len()).unwrap();
        for number in from.. {
            let posted = async {
                store
                    .post(fence, vec![hold(number)], HashMap::from([("lane".to_owned(), number.unsigned_abs())]), Vec::new())
                    .await
                    .unwrap();
                say(&format!("held {number}"));
            };
            let leased = async {
                let lease = store.lease(fence, vec![want(Some(number))]).await.unwrap();
                say(&format!("leased {}", lease[0].ceiling));
            };
            tokio::join!(posted, leased);
        }
    });
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{line}").unwrap();
    out.flush().unwrap();
}

/// The highest number that the child acknowledged with this word.
fn highest(lines: &[String], word: &str) -> i64 {
    lines.iter().filter_map(|line| line.strip_prefix(word)?.trim().parse().ok()).max().unwrap()
}

#[test]
fn what_was_acknowledged_outlives_a_kill() {
    let folder = TempDir::new().unwrap();
    for round in 1..=ROUNDS {
        File::create(folder.path().join(GO)).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "store::tests::killed::child"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut lines: Vec<String> = told.by_ref().take(60 + 17 * round).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        lines.extend(told);
        run(async {
            let (store, fence) = opened(&folder.path().join("tollgate.db")).await;
            let (held, leased) = (highest(&lines, "held "), highest(&lines, "leased "));
            assert!(held > 3 && leased > 3, "it was killed at work: {lines:?}");
            let holds = i64::try_from(store.unsettled(None, usize::MAX).await.unwrap().len()).unwrap();
            assert!(holds > held, "{holds} holds, and {held} was acknowledged");
            let lane = store.open("gate", "boot", true).await.unwrap().replay_from["lane"];
            assert!(lane >= held.unsigned_abs());
            let late = store.lease(fence, vec![want(Some(0))]).await;
            assert!(late.is_err(), "the opening was fenced");
            let fence = store.open("gate", "boot", true).await.unwrap().fence;
            let lease = store.lease(fence, vec![want(Some(0))]).await.unwrap();
            assert!(lease[0].ceiling >= leased, "{lease:?}, and {leased} was acknowledged");
        });
    }
}
