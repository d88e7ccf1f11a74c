//! The load: keep-alive connections, each sending its next request when the last one is answered.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

/// The task that is submitted: about 190 bytes of request line.
const TASK: &str = "method=userrecaptcha&googlekey=6LfD3PIbAAAAAJs_eEHvoOl75_83eXSqpPSRFJ_u&pageurl=https%3A%2F%2Fexample.com%2Flogin";

/// How an answer says that it is the connection's last.
const CLOSE: &[u8] = b"\r\nconnection: close\r\n";

/// What is sent.
#[derive(Clone, Copy)]
pub(super) enum Mix {
    /// Submit, poll, poll: holds close as they do in life.
    SubmitAndPolls,
    /// The dearest request alone.
    SubmitOnly,
    /// Submissions with a key that nobody has: each must be refused.
    Stranger,
}

/// A key of the right shape.
const STRANGER: &str = "tgk_0000000000000000000000000000";

impl Mix {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SubmitAndPolls => "submit and two polls",
            Self::SubmitOnly => "submit only",
            Self::Stranger => "refusals of an unknown key",
        }
    }
}

/// What a slice of load brought.
#[derive(Default)]
pub(super) struct Took {
    pub(super) requests: u32,
    /// The first answer that was none.
    pub(super) wrong: Option<String>,
    latencies: Vec<Duration>,
}

impl Took {
    pub(super) fn p50(&self) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }
}

/// Drives an address over so many connections for so long; keys are used in turn.
pub(super) async fn drive(address: SocketAddr, keys: &[String], mix: Mix, connections: usize, time: Duration) -> Result<Took> {
    let until = Instant::now() + time;
    let local = LocalSet::new();
    let mut tasks = JoinSet::new();
    for first in 0..connections {
        // every connection walks its own share of the keys
        let share: Vec<String> = keys.iter().skip(first % keys.len()).step_by(connections).cloned().collect();
        tasks.spawn_local_on(async move { client(address, &share, mix, until).await }, &local);
    }
    let mut all = Took::default();
    let gather = async {
        while let Some(done) = tasks.join_next().await {
            let took = done??;
            all.requests += took.requests;
            all.wrong = all.wrong.take().or(took.wrong);
            all.latencies.extend(took.latencies);
        }
        anyhow::Ok(())
    };
    local.run_until(gather).await?;
    Ok(all)
}

async fn client(address: SocketAddr, keys: &[String], mix: Mix, until: Instant) -> Result<Took> {
    let mut line =
        Line { address, stream: connect(address).await?, buffer: Vec::with_capacity(4096), closing: false, took: Took::default() };
    for key in keys.iter().cycle() {
        if matches!(mix, Mix::Stranger) {
            let stranger = request(&format!("/in.php?key={STRANGER}&{TASK}"));
            line.refused(&stranger).await?;
            if Instant::now() >= until {
                break;
            }
            continue;
        }
        let submit = request(&format!("/in.php?key={key}&{TASK}"));
        let Some(task) = line.ask(&submit).await? else { break };
        if matches!(mix, Mix::SubmitAndPolls) {
            let poll = request(&format!("/res.php?key={key}&action=get&id={task}"));
            if line.ask(&poll).await?.is_none() || line.ask(&poll).await?.is_none() {
                break;
            }
        }
        if Instant::now() >= until {
            break;
        }
    }
    Ok(line.took)
}

fn request(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: gate\r\n\r\n")
}

async fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One connection at a time: the gate ends each after a thousand requests, and says so.
struct Line {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
    closing: bool,
    took: Took,
}

impl Line {
    /// What stands behind `OK|`; nothing, and noted, when the answer is another one.
    async fn ask(&mut self, request: &str) -> Result<Option<String>> {
        let body = self.call(request).await?;
        let task = body.strip_prefix("OK|").map(str::to_owned);
        if task.is_none() {
            // with its head: a refusal's code stands there
            self.took.wrong = Some(String::from_utf8_lossy(&self.buffer).into_owned());
        }
        Ok(task)
    }

    /// An answer that must not be `OK|`.
    async fn refused(&mut self, request: &str) -> Result<()> {
        let body = self.call(request).await?;
        if body.starts_with("OK|") {
            self.took.wrong = Some(body);
        }
        Ok(())
    }

    async fn call(&mut self, request: &str) -> Result<String> {
        if self.closing {
            self.stream = connect(self.address).await?;
        }
        let begun = Instant::now();
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let body = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the connection was closed under load");
            }
            if let Some(body) = whole(&self.buffer)? {
                break body.to_owned();
            }
        };
        self.closing = self.buffer.windows(CLOSE.len()).any(|window| window.eq_ignore_ascii_case(CLOSE));
        self.took.requests += 1;
        self.took.latencies.push(begun.elapsed());
        Ok(body)
    }
}

/// The body, once all of it is there.
fn whole(answer: &[u8]) -> Result<Option<&str>> {
    let text = std::str::from_utf8(answer)?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ok(None) };
    let length = head.lines().filter_map(|line| line.split_once(": ")).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.context("an answer without Content-Length")?.1.parse()?;
    Ok((body.len() >= length).then_some(body))
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn an_answer_is_whole_when_its_length_is_there() {
        assert_eq!(whole(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nOK|").unwrap(), None);
        assert_eq!(whole(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nOK|1").unwrap(), Some("OK|1"));
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\nOK|1").is_err());
    }
}
