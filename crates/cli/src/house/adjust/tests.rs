use serde_json::json;
use tempfile::TempDir;
use tollgate_admin::{Acts, AdminAct, Door, Stage};
use tollgate_audit::Journal;
use tollgate_gateway::clock::Clock;
use tollgate_model::{KeyId, Name};

use super::super::lane::DeskLane;
use super::*;

const ID: RequestId = RequestId::from_bytes([7; 16]);

fn lane(folder: &TempDir) -> DeskLane {
    let clock = Clock::begin();
    DeskLane::new(Journal::open(folder.path(), clock.now().wall).unwrap().lane("desk").unwrap(), clock)
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
    lane.correction(ID, &correction());
    for _ in 0..20 {
        for stage in [Stage::Intent, Stage::Done] {
            let (by, subject, detail) = (Door::Socket { uid: 0 }, "shop".to_owned(), json!({ "id": ID.to_string() }));
            lane.write(AdminAct { action: "books.adjust", subject, by, stage, detail }).await.unwrap();
        }
    }
    assert_eq!(actions(&told_of(folder.path(), ID).unwrap()), [CORRECTION]);
    assert!(told_of(folder.path(), RequestId::from_bytes([8; 16])).unwrap().is_empty());
}
