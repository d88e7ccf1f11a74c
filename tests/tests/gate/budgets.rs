//! What a stranger can make the gate hold: little, and not for long.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tollgate_tests::{Stand, call, submission};

fn memory_kib(stand: &Stand) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", stand.gate.id()))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
}

#[test]
fn do_01_idle_connections_keep_no_bodies_and_slow_ones_shut_nobody_out() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let before = memory_kib(&stand)?;
    let body = vec![b'x'; 2 << 20];
    let mut idle = Vec::new();
    for _ in 0..60 {
        let mut stream = TcpStream::connect(stand.at)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "POST /in.php HTTP/1.1\r\nHost: gate\r\nContent-Length: {}\r\n\r\n", body.len())?;
        stream.write_all(&body)?;
        let mut answer = [0; 512];
        let read = stream.read(&mut answer)?;
        assert!(read > 0);
        idle.push(stream);
    }
    let after = memory_kib(&stand)?;
    assert!(after < before + 40 * 1024, "{before} KiB before, {after} KiB with 60 idle connections");
    // 64 MiB are announced, and a byte each has come
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(stand.at)?;
        stream.write_all(b"POST /in.php HTTP/1.1\r\nHost: gate\r\nContent-Length: 2097152\r\n\r\nx")?;
        slow.push(stream);
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(call(stand.at, &submission(&key))?.task().is_some());
    let task = format!("key={key}&method=userrecaptcha&googlekey=k&pageurl=https://example.com/");
    let request = format!("POST /in.php HTTP/1.1\r\nHost: gate\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{task}", task.len());
    let posted = tollgate_tests::exchange(stand.at, request.as_bytes())?;
    assert!(String::from_utf8_lossy(&posted).contains("OK|"), "{}", String::from_utf8_lossy(&posted));
    drop((idle, slow));
    Ok(())
}
