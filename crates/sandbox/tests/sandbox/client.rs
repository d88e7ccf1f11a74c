//! A plain client over raw sockets: what it sends is what it was told, what it reads is what came.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate_sandbox::{Options, Running, Sandbox};

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const RECAPTCHA: &str = "&method=userrecaptcha&googlekey=k&pageurl=https://a.example/";

pub(crate) struct Client {
    address: SocketAddr,
}

/// An answer with its head.
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A sandbox with one known key.
pub(crate) async fn sandbox() -> Running {
    Sandbox::start(Options { keys: vec![KEY.into()], ..Options::default() }).await.unwrap()
}

impl Client {
    pub(crate) fn new(running: &Running) -> Self {
        Self::at(running.address)
    }

    pub(crate) fn at(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Sends the bytes and reads until the other side closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(bytes).await?;
        let mut seen = Vec::new();
        stream.read_to_end(&mut seen).await?;
        Ok(seen)
    }

    pub(crate) async fn send(&self, method: &str, target: &str, headers: &str, body: &str) -> Seen {
        let length = if method == "GET" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let request = format!("{method} {target} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n{headers}{length}\r\n{body}");
        Seen::parse(&self.raw(request.as_bytes()).await.unwrap())
    }

    pub(crate) async fn get(&self, target: &str) -> Seen {
        self.send("GET", target, "", "").await
    }

    pub(crate) async fn post(&self, target: &str, headers: &str, body: &str) -> Seen {
        self.send("POST", target, headers, body).await
    }

    pub(crate) async fn mode(&self, change: Value) {
        let seen = self.send("PUT", "/_sandbox/mode", "", &change.to_string()).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
    }

    /// Submits a reCAPTCHA and gives its id.
    pub(crate) async fn submit(&self) -> String {
        self.submit_as(&RECAPTCHA[1..]).await
    }

    pub(crate) async fn submit_as(&self, parameters: &str) -> String {
        let seen = self.get(&format!("/in.php?key={KEY}&{parameters}")).await;
        seen.body.strip_prefix("OK|").unwrap_or_else(|| panic!("not taken: {}", seen.body)).to_owned()
    }
}

impl Seen {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text}"));
        Self { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"));
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).filter_map(|line| line.split_once(": ")).find(|(found, _)| *found == name).map(|(_, value)| value)
    }
}
