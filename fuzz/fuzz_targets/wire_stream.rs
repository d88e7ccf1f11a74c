//! Are the requests of a connection the same ones however their bytes arrive, and does none begin inside another?
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_wire::{Decoder, Limits, Reject, parse_head};

const BODY: u64 = 512;
const MOST_PIECES: usize = 128;

/// A request as the rooms see it: where it began, its head and its body.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    at: usize,
    head: Vec<u8>,
    body: Vec<u8>,
}

/// What a connection has brought, and the reason why it ended, if it did.
type Brought = (Vec<Seen>, Option<Reject>);

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    let whole = read(&[bytes]);
    // a head is read anew with each piece: more of them would cost the search more than they find
    let pieces: Vec<&[u8]> = bytes.chunks(usize::from(step).max(bytes.len() / MOST_PIECES).max(1)).collect();
    assert_eq!(read(&pieces), whole, "in pieces of {step}");
    let mut free = 0;
    for seen in &whole.0 {
        assert!(seen.at >= free, "a request begins inside another");
        free = seen.at + seen.head.len() + seen.body.len();
    }
    assert!(free <= bytes.len());
});

/// Reads as a connection does: what is not read yet is kept, and a request is taken from its start.
fn read(pieces: &[&[u8]]) -> Brought {
    let (mut inbox, mut gone, mut seen) = (Vec::new(), 0, Vec::new());
    for piece in pieces {
        inbox.extend_from_slice(piece);
        loop {
            match first(&inbox) {
                Ok(Some((head, body, used))) => {
                    seen.push(Seen { at: gone, head: inbox[..head].to_vec(), body });
                    inbox.drain(..used);
                    gone += used;
                }
                Ok(None) => break,
                Err(reject) => return (seen, Some(reject)),
            }
        }
    }
    (seen, None)
}

/// The length of the first head, its body, and the bytes that both took.
fn first(bytes: &[u8]) -> Result<Option<(usize, Vec<u8>, usize)>, Reject> {
    let Some((head, length)) = parse_head(bytes, &Limits::REQUEST)? else { return Ok(None) };
    let mut decoder = Decoder::new(head.framing, BODY)?;
    let mut body = Vec::new();
    let progress = decoder.push(&bytes[length..], &mut body)?;
    Ok(progress.done.then(|| (length, body, length + progress.used)))
}
