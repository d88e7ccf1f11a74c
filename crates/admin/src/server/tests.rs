use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::*;
use crate::fixture::{Fixture, TOKEN};
use crate::route::{ROUTES, Route};

/// A path of the route, with something in its variable part.
fn path(route: &Route) -> String {
    route.path.replace("{name}", "ci").replace("{id}", "01JDABCDEFGHJKMNPQRSTVWXYZ")
}

#[tokio::test]
async fn ad_02_no_route_but_liveness_answers_without_the_token() {
    let desk = Fixture::new().await;
    let virtual_key = format!("Bearer {}", desk.key("ci", json!({})).await);
    let host = ("host", "127.0.0.1");
    let before = desk.registry.snapshot().generation;
    for route in ROUTES {
        for credential in [None, Some("Bearer tga_wrong"), Some(&*virtual_key), Some("Basic dGdhOg==")] {
            let lines: Vec<_> = [host].into_iter().chain(credential.map(|value| ("authorization", value))).collect();
            let answer = desk.send(route.method, &path(route), &lines, b"").await;
            if route.verb.is_open() {
                assert_eq!(answer.status, 200, "{} {}", route.method, route.path);
            } else {
                let (status, slug, _) = answer.problem();
                assert_eq!((status, &*slug), (401, "unauthenticated"), "{} {} {credential:?}", route.method, route.path);
                assert!(answer.header("www-authenticate").is_some());
            }
        }
    }
    assert_eq!(desk.registry.snapshot().generation, before);
}

#[tokio::test]
async fn ad_04_no_route_answers_under_another_name_even_with_the_token() {
    let desk = Fixture::new().await;
    let bearer = format!("Bearer {TOKEN}");
    for route in ROUTES {
        for host in ["attacker.example", "127.0.0.1.attacker.example", "0.0.0.0", ""] {
            let lines = [("host", host), ("authorization", &*bearer)];
            let (status, slug, _) = desk.send(route.method, &path(route), &lines, b"").await.problem();
            assert_eq!((status, &*slug), (421, "misdirected"), "{} {} {host}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn ad_07_nothing_of_the_desk_is_cached_framed_or_sniffed() {
    let desk = Fixture::new().await;
    desk.key("ci", json!({})).await;
    for route in ROUTES {
        let bearer = format!("Bearer {TOKEN}");
        for lines in [&[("host", "127.0.0.1")][..], &[("host", "127.0.0.1"), ("authorization", &*bearer)]] {
            let answer = desk.send(route.method, &path(route), lines, b"").await;
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", route.path);
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", route.path);
            assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"), "{}", route.path);
        }
    }
}

#[tokio::test]
async fn every_refusal_is_a_problem_document() {
    let desk = Fixture::new().await;
    for (method, path, wanted) in [
        ("GET", "/", "not_found"),
        ("GET", "/v1/keys/none", "not_found"),
        ("GET", "/v1/keys/", "not_found"),
        ("GET", "/..;/v1/keys", "not_found"),
        ("GET", "/v1/keys/%ff", "malformed"),
        ("GET", "/v1/keys/Not%20A%20Name", "malformed"),
        ("GET", "/v1/explain/%ff", "malformed"),
        ("GET", "/v1/usage?by=name&by=key", "malformed"),
        ("GET", "/v1/audit/tail?n=many", "malformed"),
        ("GET", "/v1/audit/tail?role=owner", "malformed"),
        ("DELETE", "/v1/keys/ci", "method_not_allowed"),
        ("PUT", "/v1/keys", "method_not_allowed"),
    ] {
        let (_, slug, _) = desk.ask(method, path, None).await.problem();
        assert_eq!(slug, wanted, "{method} {path}");
    }
}

#[tokio::test]
async fn ad_01_the_socket_is_this_users_and_needs_no_token() {
    let desk = Fixture::new().await;
    assert_eq!(fs::metadata(&desk.running.socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(desk.over_socket("GET", "/v1/keys").await.status, 200);
}

#[tokio::test]
async fn ad_01_a_port_beyond_loopback_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let doors = Doors {
            socket: folder.path().join("admin.sock"),
            port: Some(address.parse().unwrap()),
            token: Token::new(TOKEN.as_bytes()).unwrap(),
        };
        let refused = open(Router::new(), doors, Arc::new(tollgate_model::Now::default)).await.err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput, "{address}");
    }
}

#[tokio::test]
async fn a_second_gate_on_the_same_state_folder_is_refused() {
    let desk = Fixture::new().await;
    let doors = Doors { socket: desk.running.socket.clone(), port: None, token: Token::new(TOKEN.as_bytes()).unwrap() };
    let refused = open(Router::new(), doors, Arc::new(tollgate_model::Now::default)).await.err().unwrap();
    assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
    assert_eq!(desk.over_socket("GET", "/healthz").await.body, "ok");
}

#[tokio::test]
async fn a_stop_takes_the_socket_away() {
    let desk = Fixture::new().await;
    let socket = desk.running.socket.clone();
    desk.running.shutdown().await;
    assert!(!socket.exists());
}
