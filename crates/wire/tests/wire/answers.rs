//! Which answers can be trusted?

use tollgate_wire::{AnswerFraming, Limits, ResponseError, ResponseHead, parse_response_head};

use crate::corpus;

fn parsed(bytes: &[u8]) -> (ResponseHead, usize) {
    parse_response_head(bytes, &Limits::ANSWER).expect("accepted").expect("whole")
}

pub(crate) fn verdict(bytes: &[u8]) -> String {
    match parse_response_head(bytes, &Limits::ANSWER) {
        Ok(Some((head, _))) => match head.framing {
            AnswerFraming::None => "none".to_owned(),
            AnswerFraming::Length(length) => format!("length={length}"),
            AnswerFraming::Chunked => "chunked".to_owned(),
            AnswerFraming::UntilClose => "close".to_owned(),
        },
        Ok(None) => "more".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn sm_14_every_answer_of_the_table_is_judged_as_it_says() {
    let wrong: Vec<String> = corpus::answers()
        .iter()
        .filter(|case| verdict(&case.bytes) != case.words[1])
        .map(|case| format!("{}: expected {}, got {}", case.name(), case.words[1], verdict(&case.bytes)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_parts_are_where_they_stand() {
    let bytes = b"HTTP/1.1 429 Slow down\r\nContent-Type: text/html\r\nContent-Type: text/plain\r\nRetry-After: 5\r\n\
        retry-after: 6\r\nContent-Length: 2\r\n\r\nhi";
    let (head, length) = parsed(bytes);
    assert_eq!((head.status, head.framing, head.keep_alive), (429, AnswerFraming::Length(2), true));
    assert_eq!(head.content_type.unwrap().of(bytes), b"text/html");
    assert_eq!(head.values(bytes, "Retry-After").collect::<Vec<_>>(), [b"5", b"6"]);
    assert_eq!(head.headers(bytes).count(), 5);
    assert_eq!(&bytes[length..], b"hi");
}

#[test]
fn sm_14_interim_answers_announce_another_head() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let (interim, length) = parsed(bytes);
    assert!(interim.is_interim());
    let (last, rest) = parsed(&bytes[length..]);
    assert!(!last.is_interim());
    assert_eq!(length + rest, bytes.len());
}

#[test]
fn a_connection_is_used_again_only_when_both_the_head_and_the_framing_allow_it() {
    let stays = |head: &str| parsed(head.as_bytes()).0.keep_alive;
    assert!(stays("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    assert!(stays("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"));
    assert!(!stays("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
    assert!(!stays("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
    assert!(!stays("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n"), "its end is its close");
}

#[test]
fn the_keep_alive_hint_is_read() {
    let hint = |value: &str| parsed(format!("HTTP/1.1 204 x\r\nKeep-Alive: {value}\r\n\r\n").as_bytes()).0.keep_alive_s;
    assert_eq!(hint("timeout=5, max=100"), Some(5));
    assert_eq!(hint("max=100,Timeout=75"), Some(75));
    assert_eq!(hint("timeout=-1"), None);
    assert_eq!(hint("timeout"), None);
    assert_eq!(hint("\u{e9}imeout=5"), None);
}

#[test]
fn an_answer_keeps_to_its_limits() {
    let lines = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(count));
    assert_eq!(verdict(lines(100).as_bytes()), "close");
    assert_eq!(verdict(lines(101).as_bytes()), "HeadTooLarge");
    let long = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(300 << 10));
    assert_eq!(verdict(long.as_bytes()), "HeadTooLarge");
    let reason = format!("HTTP/1.1 200 {}", "x".repeat(300 << 10));
    assert_eq!(verdict(reason.as_bytes()), "HeadTooLarge");
}

#[test]
fn a_bad_byte_is_refused_before_its_line_has_ended() {
    let error = |bytes: &[u8]| parse_response_head(bytes, &Limits::ANSWER).unwrap_err();
    assert_eq!(error(b"OK|"), ResponseError::StatusLine);
    assert_eq!(error(b"HTTP/1.1 200 a\rb"), ResponseError::StatusLine);
    assert_eq!(error(b"HTTP/1.1 200 OK\r\nX: a\n"), ResponseError::Header);
    assert_eq!(error(b"HTTP/1.1 101 x\r\n"), ResponseError::Switch);
}
