//! Is a request's head read in one way however it arrives, and does what was read survive being written again?
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_wire::{Framing, Limits, Method, RequestHead, encode, parse_head};

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, bytes) = input;
    let whole = parse_head(bytes, &Limits::REQUEST);
    let cut = usize::from(cut) % (bytes.len() + 1);
    match parse_head(&bytes[..cut], &Limits::REQUEST) {
        Ok(None) => {}
        Ok(Some((_, length))) => assert_eq!(Some(length), whole.as_ref().ok().and_then(|head| head.as_ref().map(|head| head.1))),
        Err(early) => assert_eq!(Some(early), whole.as_ref().err().copied(), "refused after {cut} bytes for another reason"),
    }
    if let Ok(Some((head, length))) = whole {
        sound(&head, &bytes[..length]);
        byte_by_byte(&bytes[..length]);
    }
});

/// No start of an accepted head is refused, and none is taken for the whole.
fn byte_by_byte(head: &[u8]) {
    // every start of a long head would take too long for the search
    for end in 0..head.len().min(256) {
        assert!(matches!(parse_head(&head[..end], &Limits::REQUEST), Ok(None)), "judged after {end} bytes");
    }
}

/// What an accepted head promises to everything behind it.
fn sound(head: &RequestHead, bytes: &[u8]) {
    assert!(bytes.ends_with(b"\r\n\r\n"));
    let (path, query, host) = (head.path.of(bytes), head.query.of(bytes), head.host.of(bytes));
    assert!(path.starts_with(b"/"));
    assert!(path.iter().chain(query).all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\')));
    assert!(head.old_version || !host.is_empty());
    assert!(!host.iter().any(|byte| matches!(byte, b'/' | b'#' | b'@' | b' ' | b',')));
    assert!(head.framing == Framing::None || head.method == Method::Post);
    assert!(!(head.old_version && head.framing == Framing::Chunked));
    for (name, value) in head.headers(bytes) {
        assert!(!name.is_empty() && name.iter().all(u8::is_ascii_graphic) && !name.contains(&b':'));
        assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
    }
    for name in ["host", "content-length", "transfer-encoding", "authorization", "content-type", "expect"] {
        assert!(head.values(bytes, name).count() <= 1, "{name} twice");
    }
    written_again(head, bytes);
}

fn written_again(head: &RequestHead, bytes: &[u8]) {
    let host = std::str::from_utf8(head.host.of(bytes)).expect("ASCII");
    let target = [head.path.of(bytes), b"?", head.query.of(bytes)];
    let mut out = Vec::new();
    if host.is_empty() {
        return;
    }
    encode::request(&mut out, "GET", &target, host, &[], None).expect("what was read can be written");
    let (again, length) = parse_head(&out, &Limits { target: 1 << 14, ..Limits::REQUEST }).expect("accepted").expect("whole");
    assert_eq!(length, out.len());
    assert_eq!(again.path.of(&out), head.path.of(bytes));
    assert_eq!(again.query.of(&out), head.query.of(bytes));
    assert_eq!(again.host.of(&out), head.host.of(bytes));
}
