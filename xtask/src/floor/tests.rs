use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use super::serve;

/// More than the sockets between hold, so that each end is full for a while.
const MUCH: usize = 24 << 20;

/// Takes everything in, then says it all again, and ends.
fn parrot() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut said = vec![0; MUCH];
                stream.read_exact(&mut said).unwrap();
                stream.write_all(&said).unwrap();
            });
        }
    });
    at
}

#[test]
fn every_byte_comes_over_in_its_order_however_full_an_end_is() {
    let upstream = parrot();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || serve(&listener, upstream));
    let clients = [0_u8, 1].map(|client| {
        thread::spawn(move || {
            let mut stream = TcpStream::connect(at).unwrap();
            let said: Vec<u8> = (0..MUCH).map(|byte| u8::try_from(byte % 251).unwrap() ^ client).collect();
            stream.write_all(&said).unwrap();
            let mut heard = vec![0; MUCH];
            stream.read_exact(&mut heard).unwrap();
            assert!(heard == said);
        })
    });
    for client in clients {
        client.join().unwrap();
    }
}
