use std::fs;
use std::thread::sleep;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tollgate_admin::{Acts, AdminAct, Door, Stage};
use tollgate_audit::{Found, Journal};
use tollgate_books::LaneMark;
use tollgate_gateway::clock::Clock;
use tollgate_model::{KeyId, Name};

use super::*;

const ID: RequestId = RequestId::from_bytes([7; 16]);

fn lane(folder: &TempDir) -> DeskLane {
    let clock = Clock::begin();
    DeskLane::new(Journal::open(folder.path(), clock.now().wall).unwrap().lane("desk").unwrap(), LaneMark::default(), clock)
}

fn correction() -> Correction {
    let name = Name::parse("shop").unwrap();
    let (on, amount, reason) = ("2026-11-23".to_owned(), "0.1".to_owned(), "bought around the gate".to_owned());
    Correction { key: KeyId::from_bytes([1; 16]), name, on, amount, reason, entries: Vec::new() }
}

fn actions(found: &[Found]) -> Vec<&str> {
    found.iter().filter_map(|found| text(&found.value, "/event/action")).collect()
}

#[tokio::test]
async fn a_correction_is_found_however_often_it_was_said_again() {
    let folder = TempDir::new().unwrap();
    let lane = lane(&folder);
    lane.correction(ID, &correction()).unwrap();
    for _ in 0..20 {
        for stage in [Stage::Intent, Stage::Done] {
            let (by, subject, detail) = (Door::Socket { uid: 0 }, "shop".to_owned(), json!({ "id": ID.to_string() }));
            lane.write(AdminAct { action: "books.adjust", subject, by, stage, detail }).await.unwrap();
        }
    }
    assert_eq!(actions(&tollgate_audit::about(folder.path(), ID).unwrap()), [CORRECTION]);
    assert!(tollgate_audit::about(folder.path(), RequestId::from_bytes([8; 16])).unwrap().is_empty());
}

/// Sweeps as the house does until it is so.
fn sweep_until(lane: &DeskLane, mut is_so: impl FnMut() -> bool) {
    for _ in 0..100 {
        lane.sweep();
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("it did not come to that");
}

#[test]
fn the_books_are_told_of_a_correction_when_its_line_is_written_and_not_before() {
    let folder = TempDir::new().unwrap();
    let lane = lane(&folder);
    fs::remove_dir_all(folder.path()).unwrap();
    sweep_until(&lane, || lane.written().is_err());
    let upstream = Name::parse("provider").unwrap();
    let (key, at, amount) = (KeyId::from_bytes([1; 16]), Timestamp::default(), Money::from_nanos(1));
    let entry = Adjustment { request: ID, key, team: None, upstream, method: METHOD.to_owned(), at, amount };
    let mut untold = Untold::default();
    let refused = untold.write(&lane, ID, &correction(), vec![entry]);
    assert!(matches!(&refused, Err(NotAdjusted::Unavailable(why)) if why.contains(&ID.to_string())), "{refused:?}");
    assert!(matches!(untold.out(&lane), Err(NotAdjusted::Unavailable(_))), "its line still waits");
    fs::create_dir(folder.path()).unwrap();
    let mut told = Vec::new();
    sweep_until(&lane, || untold.out(&lane).map(|entries| told = entries).is_ok());
    assert_eq!(told.iter().map(|entry| entry.request).collect::<Vec<_>>(), [ID]);
    assert_eq!(actions(&tollgate_audit::about(folder.path(), ID).unwrap()), [CORRECTION], "said again it is found");
    assert!(untold.out(&lane).unwrap().is_empty(), "once");
}
