use crate::bench::load::request::Mix;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use super::drive;
use crate::bench::load::request::Keys;

/// Answers at once, but for one stall of so many milliseconds.
fn stalling(listener: &TcpListener, stall: Duration) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut block = [0; 4096];
    let mut answered = 0;
    while let Ok(1..) = stream.read(&mut block) {
        answered += 1;
        if answered == 10 {
            thread::sleep(stall);
        }
        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nOK|1").is_err() {
            return;
        }
    }
}

#[test]
fn who_would_have_come_during_a_stall_is_counted_with_the_wait() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let stall = Duration::from_millis(100);
    let server = thread::spawn(move || stalling(&listener, stall));
    let took = drive(at, &Keys::new(vec!["k".to_owned()]), Mix::SubmitAndPolls, 1, 500.0, Duration::from_millis(400)).unwrap();
    server.join().unwrap();
    assert_eq!((took.requests, took.wrong.as_deref()), (200, None));
    // one request met the stall, and fifty were due while it lasted: a closed loop would have seen one slow answer in two hundred
    assert!(took.percentile(90) > stall / 4, "{:?}", took.percentile(90));
}
