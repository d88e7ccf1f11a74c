//! Is a chunked body decoded alike however it arrives, within its limit, and as a plain second reading of it says?
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_wire::{Decoder, Framing, Reject};

const LIMIT: u64 = 256;

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    let whole = decoded(&[bytes]);
    let pieces: Vec<&[u8]> = bytes.chunks(usize::from(step).max(1)).collect();
    assert_eq!(decoded(&pieces), whole, "in pieces of {step}");
    if let Ok((used, body, done)) = whole {
        assert!(body.len() as u64 <= LIMIT);
        assert!(used <= bytes.len());
        assert!(done || used == bytes.len(), "an unfinished body takes everything");
        if done {
            assert_eq!(plain(&bytes[..used]), Some(body));
        }
    }
});

/// Bytes used, the body, and whether it has ended.
fn decoded(pieces: &[&[u8]]) -> Result<(usize, Vec<u8>, bool), Reject> {
    let mut decoder = Decoder::new(Framing::Chunked, LIMIT)?;
    let (mut used, mut body) = (0, Vec::new());
    for piece in pieces {
        used += decoder.push(piece, &mut body)?.used;
    }
    Ok((used, body, decoder.is_done()))
}

/// The same grammar read line by line from a whole body.
fn plain(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = bytes.windows(2).position(|pair| pair == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).ok()?, 16).ok()?;
        bytes = &bytes[line + 2..];
        body.extend_from_slice(bytes.get(..size)?);
        bytes = bytes[size..].strip_prefix(b"\r\n")?;
        if size == 0 {
            return bytes.is_empty().then_some(body);
        }
    }
}
