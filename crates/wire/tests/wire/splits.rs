//! Does it matter how the bytes arrive? An unfinished message is unfinished, or refused for the whole one's reason.

use proptest::prelude::*;
use tollgate_wire::{Decoder, Framing};

use crate::{answers, chunks, corpus, heads};

/// Every start of the bytes: `more` until the verdict falls, and then that verdict.
pub(crate) fn check(name: &str, bytes: &[u8], verdict: impl Fn(&[u8]) -> String) {
    let whole = verdict(bytes);
    for end in 0..bytes.len() {
        let part = verdict(&bytes[..end]);
        assert!(part == "more" || part == whole, "{name}: {part} after {end} bytes, {whole} after {}", bytes.len());
    }
}

#[test]
fn a_head_is_judged_alike_at_every_split() {
    for case in corpus::heads() {
        check(case.name(), &case.bytes, heads::verdict);
    }
}

#[test]
fn an_answer_is_judged_alike_at_every_split() {
    for case in corpus::answers() {
        check(case.name(), &case.bytes, answers::verdict);
    }
}

#[test]
fn limits_are_judged_alike_at_every_split() {
    let target = format!("GET /{} HTTP/1.1\r\nHost: g\r\n\r\n", "x".repeat(5000));
    check("a long target", target.as_bytes(), heads::verdict);
    let spoilt = format!("GET http://{}#/ HTTP/1.1\r\nHost: g\r\n\r\n", "x".repeat(5000));
    check("a long spoilt authority", spoilt.as_bytes(), heads::verdict);
    let many = format!("GET / HTTP/1.1\r\n{}Bad name: x\r\n\r\n", "X: y\r\n".repeat(64));
    check("many headers", many.as_bytes(), heads::verdict);
    let large = format!("GET / HTTP/1.1\r\nX: {}\0\r\n\r\n", "x".repeat(17 << 10));
    check("a large head", large.as_bytes(), heads::verdict);
}

#[test]
fn a_chunked_body_is_decoded_alike_at_every_split() {
    for case in corpus::chunks() {
        check(case.name(), &case.bytes, |bytes| without_surplus(&chunks::verdict(bytes)));
        let whole = decoded(&[&case.bytes]);
        for at in 0..case.bytes.len() {
            let (before, after) = case.bytes.split_at(at);
            assert_eq!(decoded(&[before, after]), whole, "{} split at {at}", case.name());
        }
        let single: Vec<&[u8]> = case.bytes.chunks(1).collect();
        assert_eq!(decoded(&single), whole, "{} byte by byte", case.name());
    }
}

/// A whole body's verdict does not change by what follows it.
fn without_surplus(verdict: &str) -> String {
    verdict.split_once('=').map_or(verdict, |(_, text)| text).to_owned()
}

/// What comes out of the pieces: used bytes and body, or the refusal.
fn decoded(pieces: &[&[u8]]) -> Result<(usize, Vec<u8>), tollgate_wire::Reject> {
    let mut decoder = Decoder::new(Framing::Chunked, 100)?;
    let (mut used, mut body) = (0, Vec::new());
    for piece in pieces {
        used += decoder.push(piece, &mut body)?.used;
    }
    Ok((used, body))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_are_judged_alike_at_every_split(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..14),
    ) {
        let bytes = pieces.concat();
        check("a request", &bytes, heads::verdict);
        check("an answer", &bytes, answers::verdict);
    }
}

/// What heads are made of, whole and broken.
const PIECES: &[&[u8]] = &[
    b"GET ",
    b"POST ",
    b"GET / HTTP/1.1\r\n",
    b"POST /in.php?a=b HTTP/1.1\r\n",
    b"/",
    b"/in.php?a",
    b" HTTP/1.1\r\n",
    b" HTTP/1.0\r\n",
    b"http://g/",
    b"HTTP/1.1 200 OK\r\n",
    b"Host: g\r\n",
    b"Content-Length: 3\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"X: ",
    b"\r\n",
    b"\r\n\r\n",
    b"\r",
    b"\n",
    b" ",
    b"\t",
    b":",
    b"#",
    b"\0",
    b"\xff",
    b"x",
];
