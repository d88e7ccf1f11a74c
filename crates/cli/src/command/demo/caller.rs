//! What does a caller see? One HTTP/1.1 call over a socket of its own, from an address of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

/// Where a caller calls from; the whole of 127.0.0.0/8 is this machine.
pub(super) const HOME: Ipv4Addr = Ipv4Addr::LOCALHOST;
pub(super) const ABROAD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

/// An answer, as an SDK would see it.
pub(super) struct Seen {
    /// The request's id, by which the audit log knows it.
    pub(super) id: String,
    /// The body.
    pub(super) body: String,
}

/// Calls longer than this are given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends one GET.
pub(super) async fn get(gate: SocketAddr, from: Ipv4Addr, target: &str) -> Result<Seen> {
    tokio::time::timeout(PATIENCE, exchange(gate, from, target)).await.context("no answer in time")?
}

async fn exchange(gate: SocketAddr, from: Ipv4Addr, target: &str) -> Result<Seen> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
    let mut stream = socket.connect(gate).await?;
    let request = format!("GET {target} HTTP/1.1\r\nHost: {gate}\r\nUser-Agent: legacy-service/1.0\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8(answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer broke off")?;
    ensure!(head.starts_with("HTTP/1.1 "), "not an HTTP answer");
    let id = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("tollgate-request-id").then(|| value.to_owned())
    });
    Ok(Seen { id: id.unwrap_or_default(), body: body.to_owned() })
}

/// A submission's target.
pub(super) fn submission(key: &str) -> String {
    format!("/in.php?key={key}&method=userrecaptcha&googlekey=site-key&pageurl=https://example.com/")
}

/// A poll's target.
pub(super) fn poll(key: &str, task: &str) -> String {
    format!("/res.php?key={key}&action=get&id={task}")
}

impl Seen {
    /// The task's id, if one was bought.
    pub(super) fn task(&self) -> Option<&str> {
        self.body.strip_prefix("OK|")
    }
}
