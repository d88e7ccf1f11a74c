use super::*;
use crate::fixture::{Fixture, text};

#[tokio::test]
async fn health_is_answered_before_anything_is_asked() {
    let stage = Fixture::new().await;
    let reply = stage.get("/healthz").await;
    assert_eq!((reply.status, text(&reply)), (200, "ok"));
    let reply = stage.get("/readyz").await;
    assert_eq!((reply.status, text(&reply)), (200, "ready"));
}

#[tokio::test]
async fn an_upstream_stands_at_its_root_at_its_host_and_below_u() {
    let stage = Fixture::new().await;
    let nowhere = Entrance { root: None };
    let rooted = Entrance { root: Some(stage.upstream.clone()) };
    let found = |entrance: &Entrance, host: &[u8], path: &'static [u8]| {
        route(&stage.worker, entrance, host, path).map(|(upstream, rest)| (upstream.name.to_string(), rest)).map_err(|(status, _)| status)
    };
    let provider = "provider".to_owned();
    assert_eq!(found(&rooted, b"anything", b"/in.php"), Ok((provider.clone(), &b"/in.php"[..])));
    assert_eq!(found(&nowhere, b"GATE.example:8080", b"/in.php"), Ok((provider.clone(), &b"/in.php"[..])));
    assert_eq!(found(&nowhere, b"evil.example", b"/in.php"), Err(421));
    assert_eq!(found(&nowhere, b"", b"/u/provider/in.php"), Ok((provider, &b"/in.php"[..])));
    assert_eq!(found(&nowhere, b"gate.example", b"/u/other/in.php"), Err(404));
    assert_eq!(found(&nowhere, b"gate.example", b"/u/provider"), Err(404));
}

#[test]
fn only_paths_that_take_images_take_large_bodies() {
    assert_eq!(body_limit(b"/in.php", 2 << 20), 2 << 20);
    assert_eq!(body_limit(b"/u/provider/solve.php", 2 << 20), 2 << 20);
    assert_eq!(body_limit(b"/res.php", 2 << 20), 16 << 10);
}

#[tokio::test]
async fn the_budget_for_bodies_is_taken_before_reading_and_given_back() {
    let stage = Fixture::new().await;
    let all = stage.worker.gate.settings.budgets.body_bytes;
    let mut large = BodyBudget::new(&stage.worker);
    assert!(large.cover(1 << 20) && large.cover(all - all / 8));
    let mut second = BodyBudget::new(&stage.worker);
    assert!(!second.cover(17 << 10), "the last eighth is for small bodies");
    drop(second);
    let mut small = BodyBudget::new(&stage.worker);
    assert!(small.cover(16 << 10));
    drop((large, small));
    assert_eq!(stage.worker.gate.body_bytes.load(Ordering::Relaxed), 0);
}
