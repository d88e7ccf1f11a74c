//! Somebody between a command and the gate, who lets an answer through or not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use anyhow::Result;
use tollgate_tests::Stand;

/// Stands between the command and the gate's admin port; `passes` sees each request and says whether its answer comes through.
pub(super) fn middle(stand: &Stand, passes: impl Fn(&str) -> bool + Send + 'static) -> Result<SocketAddr> {
    let (listener, gate) = (TcpListener::bind("127.0.0.1:0")?, stand.gate.address("admin")?);
    let here = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming() {
            let _ = client.map_err(anyhow::Error::from).and_then(|client| relay(client, gate, &passes));
        }
    });
    Ok(here)
}

fn relay(mut client: TcpStream, gate: SocketAddr, passes: &impl Fn(&str) -> bool) -> Result<()> {
    let request = message(&mut client)?;
    let through = passes(&String::from_utf8_lossy(&request));
    let mut gate = TcpStream::connect(gate)?;
    gate.write_all(&request)?;
    let answer = message(&mut gate)?;
    if through {
        client.write_all(&answer)?;
    }
    Ok(())
}

/// One message with its body.
fn message(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        bytes.extend(byte);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).and_then(|text| text.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok([bytes, body].concat())
}
