//! One HTTP/1.1 call over a socket of its own, bytes in and bytes out: nothing is hidden and nothing is repaired.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use socket2::{Domain, Socket, Type};

/// Nothing here waits longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The task's id, if one was bought.
    pub fn task(&self) -> Option<&str> {
        self.body.strip_prefix("OK|")
    }

    /// The refusal's code.
    pub fn denied(&self) -> Option<&str> {
        self.header("tollgate-denied")
    }

    /// The request's id.
    pub fn id(&self) -> &str {
        self.header("tollgate-request-id").unwrap_or_default()
    }

    /// Reads an answer's bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").with_context(|| format!("no answer but {text:?}"))?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?.parse()?;
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        Ok(Self { status, headers: headers.collect(), body: body.to_owned() })
    }
}

/// Reads the answers to pipelined requests, each of which has a `Content-Length` or no body.
pub fn answers(bytes: &[u8]) -> Result<Vec<Answer>> {
    let (mut rest, mut answers) = (bytes, Vec::new());
    while !rest.is_empty() {
        let end = rest.windows(4).position(|window| window == b"\r\n\r\n").context("an answer that breaks off")? + 4;
        let (head, behind) = rest.split_at(end);
        let mut answer = Answer::parse(head)?;
        let length = answer.header("content-length").unwrap_or("0").parse()?;
        let (body, next) = behind.split_at_checked(length).context("a body that breaks off")?;
        answer.body = String::from_utf8_lossy(body).into_owned();
        answers.push(answer);
        rest = next;
    }
    Ok(answers)
}

/// A connection that is kept between calls.
pub struct Kept {
    stream: BufReader<TcpStream>,
}

impl Kept {
    /// Connects.
    pub fn open(at: SocketAddr) -> Result<Self> {
        Self::open_from(at, Ipv4Addr::LOCALHOST)
    }

    /// Connects from one of this machine's addresses.
    pub fn open_from(at: SocketAddr, source: Ipv4Addr) -> Result<Self> {
        Ok(Self { stream: BufReader::new(connect(at, source)?) })
    }

    /// A GET and its answer, which has a `Content-Length`; after an error the connection is of no use.
    pub fn call(&mut self, target: &str) -> Result<Answer> {
        self.send(&format!("GET {target} HTTP/1.1\r\nHost: gate\r\n\r\n"))
    }

    /// A request as it is written, and its answer.
    pub fn send(&mut self, request: &str) -> Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            ensure!(self.stream.read_until(b'\n', &mut bytes)? > 0, "no answer but {:?}", String::from_utf8_lossy(&bytes));
        }
        let mut answer = Answer::parse(&bytes)?;
        let mut body = vec![0; answer.header("content-length").context("no length")?.parse()?];
        self.stream.read_exact(&mut body)?;
        answer.body = String::from_utf8(body)?;
        Ok(answer)
    }
}

/// A GET from this machine's usual address.
pub fn call(at: SocketAddr, target: &str) -> Result<Answer> {
    from(at, Ipv4Addr::LOCALHOST, target, &[])
}

/// A GET from one of this machine's addresses, with further header lines.
pub fn from(at: SocketAddr, source: Ipv4Addr, target: &str, headers: &[&str]) -> Result<Answer> {
    let mut request = format!("GET {target} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    let mut stream = connect(at, source)?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Answer::parse(&answer)
}

/// Raw bytes in, raw bytes out until the other side closes.
pub fn exchange(at: SocketAddr, request: &[u8]) -> Result<Vec<u8>> {
    exchange_from(at, Ipv4Addr::LOCALHOST, request)
}

/// The same from one of this machine's addresses.
pub fn exchange_from(at: SocketAddr, source: Ipv4Addr, request: &[u8]) -> Result<Vec<u8>> {
    let mut stream = connect(at, source)?;
    // whoever refuses early need not read it all
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    // a reset behind an answer is an end too
    let _ = stream.read_to_end(&mut answer);
    Ok(answer)
}

/// One request over a Unix socket, with a JSON body or none.
pub fn unix(socket: &Path, method: &str, path: &str, body: Option<&serde_json::Value>) -> Result<Answer> {
    let body = body.map(ToString::to_string).unwrap_or_default();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    let mut stream = UnixStream::connect(socket).with_context(|| format!("nobody at {}", socket.display()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Answer::parse(&answer)
}

fn connect(at: SocketAddr, source: Ipv4Addr) -> Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, None)?;
    if source != Ipv4Addr::LOCALHOST {
        socket.bind(&SocketAddr::new(IpAddr::V4(source), 0).into())?;
    }
    socket.connect(&at.into())?;
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}
