//! Is a provider's answer read in one way however it arrives, and never with two ends?
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_wire::{AnswerFraming, Decoder, Framing, Limits, Reject, ResponseHead, parse_response_head};

const BODY: u64 = 256;

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, bytes) = input;
    let whole = parse_response_head(bytes, &Limits::ANSWER);
    let at = usize::from(cut) % (bytes.len() + 1);
    match parse_response_head(&bytes[..at], &Limits::ANSWER) {
        Ok(None) => {}
        early => assert_eq!(early, whole, "judged otherwise after {at} bytes"),
    }
    if let Ok(Some((head, length))) = whole {
        sound(&head, &bytes[..length]);
        let framing = match head.framing {
            AnswerFraming::Length(length) => Framing::Length(length),
            AnswerFraming::Chunked => Framing::Chunked,
            AnswerFraming::None | AnswerFraming::UntilClose => return,
        };
        let body = &bytes[length..];
        assert_eq!(decoded(framing, body, body.len().max(1)), decoded(framing, body, usize::from(cut).max(1)), "in pieces of {cut}");
    }
});

/// What an accepted head promises to everything behind it.
fn sound(head: &ResponseHead, bytes: &[u8]) {
    assert!(bytes.ends_with(b"\r\n\r\n"));
    assert!((100..=599).contains(&head.status) && head.status != 101);
    let lengths = head.values(bytes, "content-length").count();
    let codings = head.values(bytes, "transfer-encoding").count();
    assert!(lengths + codings <= 1, "two ends");
    match head.framing {
        // a 304 may name the coding that a 200 would have had (RFC 9112 §6.1)
        AnswerFraming::None => assert!(codings == 0 || head.status == 304),
        AnswerFraming::Length(length) => assert!(lengths == 1 && length > 0),
        AnswerFraming::Chunked => assert_eq!(codings, 1),
        AnswerFraming::UntilClose => assert!(lengths + codings == 0 && !head.keep_alive),
    }
    for (name, value) in head.headers(bytes) {
        assert!(!name.is_empty() && name.iter().all(u8::is_ascii_graphic));
        assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
    }
}

/// Bytes used, the body, and whether it has ended.
fn decoded(framing: Framing, bytes: &[u8], step: usize) -> Result<(usize, Vec<u8>, bool), Reject> {
    let mut decoder = Decoder::new(framing, BODY)?;
    let (mut used, mut body) = (0, Vec::new());
    for piece in bytes.chunks(step) {
        used += decoder.push(piece, &mut body)?.used;
    }
    Ok((used, body, decoder.is_done()))
}
