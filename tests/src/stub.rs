//! A provider that says whatever bytes it is told, in pieces, and remembers what it was sent and over which connection.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// Between two pieces, so that each is read alone.
const PAUSE: Duration = Duration::from_millis(3);
/// Nobody is waited for longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What it says to every request from now on.
#[derive(Clone, Debug)]
pub enum Said {
    /// These pieces, and the end.
    Pieces(Vec<Vec<u8>>),
    /// These bytes, and the connection stays.
    Kept(Vec<u8>),
    /// These bytes once, then the others without end.
    Endless(Vec<u8>, Vec<u8>),
    /// `OK|` and a number that nobody has had, as if the connection stayed; it ends at once or a moment later.
    Leaving,
    /// Nothing: the request is read and the connection ends.
    Nothing,
}

impl Said {
    /// A `200` with this body, and the end.
    pub fn body(body: &[u8]) -> Self {
        Self::with("", body)
    }

    /// A `200` with further header lines, and the end.
    pub fn with(headers: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        Self::Pieces(vec![[head.as_bytes(), body].concat()])
    }
}

/// What it was sent.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The number of the connection, from 1.
    pub connection: usize,
    /// The request's bytes.
    pub request: String,
}

struct Shared {
    said: Mutex<Said>,
    heard: Mutex<Vec<Heard>>,
    ended: AtomicBool,
}

/// The provider.
pub struct Stub {
    /// Its address.
    pub at: SocketAddr,
    shared: Arc<Shared>,
}

impl Stub {
    /// Listens on a free port; says nothing yet.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let at = listener.local_addr()?;
        let shared = Arc::new(Shared { said: Mutex::new(Said::Nothing), heard: Mutex::default(), ended: AtomicBool::new(false) });
        let served = shared.clone();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (Ok(stream), false) = (stream, served.ended.load(Ordering::Relaxed)) else { return };
                let served = served.clone();
                thread::spawn(move || served.serve(stream, number + 1));
            }
        });
        Ok(Self { at, shared })
    }

    /// Says this from now on.
    pub fn say(&self, said: Said) {
        *self.shared.said.lock().unwrap_or_else(PoisonError::into_inner) = said;
    }

    /// Every request so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.at);
    }
}

impl Shared {
    /// An error is the other side's end: the gate goes away in the middle of what it does not like.
    fn serve(&self, mut stream: TcpStream, connection: usize) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        while let Some(request) = read(&mut stream)? {
            self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(Heard { connection, request });
            let said = self.said.lock().unwrap_or_else(PoisonError::into_inner).clone();
            match said {
                Said::Kept(bytes) => stream.write_all(&bytes)?,
                Said::Leaving => {
                    let body = format!("OK|{}", 1_000_000 + connection);
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    stream.write_all(answer.as_bytes())?;
                    // within the time in which the next request comes
                    let micros = u64::try_from(connection % 16).unwrap_or(0) * 60;
                    thread::sleep(Duration::from_micros(micros));
                    return Ok(());
                }
                Said::Nothing => return Ok(()),
                Said::Pieces(pieces) => {
                    for piece in pieces {
                        stream.write_all(&piece)?;
                        thread::sleep(PAUSE);
                    }
                    return Ok(());
                }
                Said::Endless(first, rest) => {
                    stream.write_all(&first)?;
                    loop {
                        stream.write_all(&rest)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A whole request, whose body is as long as `Content-Length` says; nothing at the connection's end.
fn read(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let (mut bytes, mut block) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).and_then(|length| length.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Ok(Some(text));
            }
        }
        let read = stream.read(&mut block)?;
        if read == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(block.get(..read).unwrap_or_default());
    }
}
