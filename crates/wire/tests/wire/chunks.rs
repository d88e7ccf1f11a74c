//! Where does a body end?

use tollgate_wire::{Decoder, Framing, Progress, Reject};

use crate::corpus::{self, unescape};

const LIMIT: u64 = 100;

/// A chunked body by its words: its text and what is left over, `more`, or the reason of the refusal.
pub(crate) fn verdict(bytes: &[u8]) -> String {
    let mut body = Vec::new();
    match Decoder::new(Framing::Chunked, LIMIT).unwrap().push(bytes, &mut body) {
        Ok(Progress { done: false, .. }) => "more".to_owned(),
        Ok(Progress { used, .. }) => format!("+{}={}", bytes.len() - used, body.escape_ascii()),
        Err(reject) => format!("{reject:?}"),
    }
}

/// As in the table, but `=text` with its surplus spelt out.
fn expected(word: &str) -> String {
    let (surplus, text) = match word.split_once('=') {
        Some(("", text)) => ("+0", text),
        Some(parts) => parts,
        None => return word.to_owned(),
    };
    format!("{surplus}={}", unescape(text).escape_ascii())
}

#[test]
fn sm_08_every_body_of_the_table_is_judged_as_it_says() {
    let wrong: Vec<String> = corpus::chunks()
        .iter()
        .filter(|case| verdict(&case.bytes) != expected(case.words[0]))
        .map(|case| format!("{}: expected {}, got {}", case.name(), expected(case.words[0]), verdict(&case.bytes)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn sm_08_an_endless_extension_is_refused_at_its_first_byte() {
    let mut decoder = Decoder::new(Framing::Chunked, LIMIT).unwrap();
    assert_eq!(decoder.push(b"5", &mut Vec::new()), Ok(Progress { used: 1, done: false }));
    assert_eq!(decoder.push(b";", &mut Vec::new()), Err(Reject::Chunk));
}

#[test]
fn a_refused_body_stays_refused() {
    let mut decoder = Decoder::new(Framing::Chunked, LIMIT).unwrap();
    let mut body = Vec::new();
    assert_eq!(decoder.push(b"65\r\n", &mut body), Err(Reject::BodyTooLarge));
    assert_eq!(decoder.push(b"0\r\n\r\n", &mut body), Err(Reject::BodyTooLarge));
    assert!(!decoder.is_done() && body.is_empty());
}

#[test]
fn a_body_may_be_as_long_as_its_limit_and_no_longer() {
    assert!(Decoder::new(Framing::Length(LIMIT), LIMIT).is_ok());
    assert_eq!(Decoder::new(Framing::Length(LIMIT + 1), LIMIT).unwrap_err(), Reject::BodyTooLarge);
    let whole = format!("32\r\n{0}\r\n32\r\n{0}\r\n0\r\n\r\n", "x".repeat(50));
    assert_eq!(verdict(whole.as_bytes()), format!("+0={}", "x".repeat(100)));
    let over = format!("32\r\n{0}\r\n32\r\n{0}\r\n1\r\nx\r\n0\r\n\r\n", "x".repeat(50));
    assert_eq!(verdict(over.as_bytes()), "BodyTooLarge");
}

#[test]
fn a_length_takes_its_bytes_and_leaves_the_rest() {
    let mut decoder = Decoder::new(Framing::Length(5), LIMIT).unwrap();
    let mut body = Vec::new();
    assert_eq!(decoder.push(b"he", &mut body), Ok(Progress { used: 2, done: false }));
    assert_eq!(decoder.push(b"lloGET", &mut body), Ok(Progress { used: 3, done: true }));
    assert_eq!(decoder.push(b"GET", &mut body), Ok(Progress { used: 0, done: true }));
    assert_eq!(body, b"hello");
}

#[test]
fn no_body_has_ended_before_it_began() {
    let mut decoder = Decoder::new(Framing::None, 0).unwrap();
    assert!(decoder.is_done());
    assert_eq!(decoder.push(b"GET", &mut Vec::new()), Ok(Progress { used: 0, done: true }));
    assert!(Decoder::new(Framing::Length(0), 0).unwrap().is_done());
}
