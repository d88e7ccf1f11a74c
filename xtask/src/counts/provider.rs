//! A provider's stand-in inside this program, so that counting needs no other server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::Result;

/// As long as an ordinary server's.
const HEAD: &str =
    "HTTP/1.1 200 OK\r\nServer: stand-in/1.0\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: ";

/// Listens on a free port for as long as this program runs; each submission is a new task, each poll is answered.
pub(super) fn start() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let at = listener.local_addr()?;
    let tasks = Arc::new(AtomicU64::new(1));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tasks = tasks.clone();
            // an error is the gate's end
            thread::spawn(move || serve(stream, &tasks));
        }
    });
    Ok(at)
}

fn serve(mut stream: TcpStream, tasks: &AtomicU64) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    let mut block = [0; 4096];
    loop {
        let read = stream.read(&mut block)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(block.get(..read).unwrap_or_default());
        if !is_whole(&request) {
            continue;
        }
        let body = if request.starts_with(b"POST /in.php") {
            format!("OK|{:012}", tasks.fetch_add(1, Ordering::Relaxed))
        } else {
            "OK|03AGdBq24PBCbwiDRaS_MJ7Z".to_owned()
        };
        stream.write_all(format!("{HEAD}{}\r\nConnection: keep-alive\r\n\r\n{body}", body.len()).as_bytes())?;
        request.clear();
    }
}

/// Whether the head is there, and as much behind it as it says.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let length = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).find_map(|(_, length)| length.parse().ok());
    body.len() >= length.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn a_request_is_whole_with_its_body() {
        assert!(is_whole(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(!is_whole(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na"));
        assert!(is_whole(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nab"));
        assert!(!is_whole(b"GET / HTTP/1.1\r\n"));
    }
}
