use serde_json::json;

use super::*;
use crate::fixture::{Fixture, submission};
use crate::room::listen::{Arrived, Entrance, arrive};

#[tokio::test]
async fn a_request_that_is_dropped_on_its_way_still_has_its_line() {
    let stage = Fixture::new().await;
    let bytes = format!("GET {} HTTP/1.1\r\nHost: gate\r\n\r\n", submission("tgk_x"));
    let (head, _) = tollgate_wire::parse_head(bytes.as_bytes(), &stage.worker.gate.settings.limits).unwrap().unwrap();
    let entrance = Entrance { root: Some(stage.upstream.clone()) };
    let Arrived::Call(arrival) = arrive(&stage.worker, &entrance, "127.0.0.1".parse().unwrap(), &head, bytes.as_bytes(), b"") else {
        panic!("not a call")
    };
    let mut line = Line::open(&stage.worker, &arrival);
    drop(line.intend(arrival.now.wall));
    drop(line);
    let lines = stage.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1].pointer("/tollgate/hold"), Some(&json!("unknown")));
}

#[tokio::test]
async fn do_14_a_flood_of_strangers_is_counted_not_written() {
    let stage = Fixture::new().await;
    for _ in 0..500 {
        stage.submit("nobody").await;
    }
    let lines = stage.lines();
    assert!(lines.len() < 40, "{}", lines.len());
    let counted: u64 = lines.iter().filter_map(|line| line.pointer("/tollgate/detail/count")?.as_u64()).sum();
    let written = lines.iter().filter(|line| line.pointer("/event/action") == Some(&json!("request"))).count() as u64;
    assert_eq!(counted + written, 500, "every arrival is in a line or in a count");
}
