//! Who may come in? The same user over the socket, the bearer of the token over the loopback port, under a loopback name.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::{Kind, Problem};
use crate::route;

/// Names of this machine for itself; a page of another name that resolves to loopback (DNS rebinding) is none of them.
const LOOPBACK_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// How a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Over the socket in the state folder, by this user.
    Socket {
        /// The peer's user id.
        uid: u32,
    },
    /// Over the loopback port.
    Port {
        /// The peer's address.
        peer: SocketAddr,
    },
}

/// The admin token, as a hash: the token itself is in no memory of the desk.
#[derive(Clone)]
pub struct Token(blake3::Hash);

impl Token {
    /// Takes the token's text as `state/admin.token` has it; white space around it is no part of it. Nothing for an empty one.
    pub fn new(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        (!text.is_empty()).then(|| Self(blake3::hash(text)))
    }

    /// Whether the presented text is the token; the hashes are compared in constant time.
    pub fn is(&self, presented: &[u8]) -> bool {
        self.0 == blake3::hash(presented)
    }
}

/// Lets in or turns away: first the host (421), then the credential (401); what is open needs no credential.
pub(crate) async fn admit(State(token): State<Arc<Token>>, request: Request, next: Next) -> Response {
    let door = request.extensions().get::<Door>().copied();
    match door.ok_or_else(unauthenticated).and_then(|door| may_enter(door, &token, request.uri(), request.headers())) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn may_enter(door: Door, token: &Token, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    match door {
        // the folder is 0700, the socket 0600, and the peer's user was compared when it connected
        Door::Socket { .. } => Ok(()),
        Door::Port { .. } => {
            is_loopback_name(uri, headers)?;
            if route::is_open(uri.path()) { Ok(()) } else { bears(token, headers) }
        }
    }
}

fn is_loopback_name(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let mut hosts = headers.get_all(header::HOST).iter().filter_map(|host| host.to_str().ok());
    let (host, second) = (hosts.next(), hosts.next());
    let loopback = |authority: &str| LOOPBACK_NAMES.contains(&without_port(authority).to_ascii_lowercase().as_str());
    let target = uri.authority().is_none_or(|authority| loopback(authority.as_str()));
    if host.is_some_and(loopback) && second.is_none() && target {
        return Ok(());
    }
    Err(Problem::new(Kind::Misdirected, "the admin API answers to loopback names only").hint("ask for `127.0.0.1` or `localhost`"))
}

/// The name of an authority; `[::1]:8081` keeps its brackets.
fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => authority,
    }
}

fn bears(token: &Token, headers: &HeaderMap) -> Result<(), Problem> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (given.next(), given.next());
    let presented =
        first.and_then(|value| value.as_bytes().split_at_checked(7)).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
    match presented {
        Some((_, presented)) if second.is_none() && token.is(presented) => Ok(()),
        _ => Err(unauthenticated()),
    }
}

fn unauthenticated() -> Problem {
    Problem::new(Kind::Unauthenticated, "the admin API wants its token over this port")
        .hint("send `Authorization: Bearer …` with the content of `admin.token` in the state folder, or come over its `admin.sock`")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: Door = Door::Port { peer: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 40_000) };

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (axum::http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn enter(lines: &[(&'static str, &str)], uri: &str) -> Result<(), Kind> {
        let token = Token::new(b"tga_right\n").unwrap();
        may_enter(PORT, &token, &uri.parse().unwrap(), &headers(lines)).map_err(|problem| problem.kind())
    }

    #[test]
    fn the_token_opens_under_a_loopback_name_alone() {
        for host in ["127.0.0.1:8081", "localhost", "LOCALHOST:8081", "[::1]:8081"] {
            assert_eq!(enter(&[("host", host), ("authorization", "Bearer tga_right")], "/v1/keys"), Ok(()), "{host}");
        }
        for host in ["gate.example:8081", "127.0.0.1.example", "127.0.0.1:80:81", "127.0.0.1@evil", ""] {
            assert_eq!(enter(&[("host", host), ("authorization", "Bearer tga_right")], "/v1/keys"), Err(Kind::Misdirected), "{host}");
        }
    }

    #[test]
    fn ad_04_a_rebound_name_is_turned_away_even_where_no_token_is_wanted() {
        assert_eq!(enter(&[("host", "attacker.example")], "/healthz"), Err(Kind::Misdirected));
        assert_eq!(enter(&[], "/healthz"), Err(Kind::Misdirected));
        assert_eq!(enter(&[("host", "127.0.0.1")], "http://attacker.example/healthz"), Err(Kind::Misdirected));
        assert_eq!(enter(&[("host", "127.0.0.1"), ("host", "attacker.example")], "/healthz"), Err(Kind::Misdirected));
        assert_eq!(enter(&[("host", "127.0.0.1")], "/healthz"), Ok(()));
    }

    #[test]
    fn a_token_that_is_missing_wrong_or_doubled_is_no_token() {
        let host = ("host", "127.0.0.1");
        for wrong in ["Bearer tga_wrong", "Bearer ", "Bearer  tga_right", "tga_right", "Basic tga_right", "Bearer tga_right "] {
            assert_eq!(enter(&[host, ("authorization", wrong)], "/v1/keys"), Err(Kind::Unauthenticated), "{wrong}");
        }
        assert_eq!(enter(&[host], "/v1/keys"), Err(Kind::Unauthenticated));
        let twice = [host, ("authorization", "Bearer tga_right"), ("authorization", "Bearer tga_right")];
        assert_eq!(enter(&twice, "/v1/keys"), Err(Kind::Unauthenticated));
    }

    #[test]
    fn an_empty_token_is_none() {
        assert!(Token::new(b" \n").is_none());
    }
}
