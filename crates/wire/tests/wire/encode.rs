//! Is what we write what was meant, and can it be read in one way only?

use proptest::prelude::*;
use tollgate_wire::{AnswerFraming, Decoder, EncodeError, FieldName, Framing, Limits, Method, encode, parse_head, parse_response_head};

fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn name(text: &'static str) -> FieldName {
    FieldName::new(text)
}

#[test]
fn a_name_that_could_be_read_in_another_way_is_none() {
    for text in ["X: y\r\nZ", "", "caf\u{e9}", "host", "CONTENT-LENGTH", "transfer-encoding"] {
        assert!(std::panic::catch_unwind(|| FieldName::new(text)).is_err(), "{text:?}");
    }
}

#[test]
fn a_request_has_one_form() {
    let bytes = written(|out| {
        encode::request(
            out,
            "POST",
            &[b"/in.php", b"?", b"a=b"],
            "api.test:443",
            &[(name("Accept"), b"*/*"), (name("X"), b"")],
            Some(b"hi"),
        )
    });
    assert_eq!(bytes, "POST /in.php?a=b HTTP/1.1\r\nHost: api.test:443\r\nAccept: */*\r\nX: \r\nContent-Length: 2\r\n\r\nhi");
    let bytes = written(|out| encode::request(out, "GET", &[b"/"], "a", &[], None));
    assert_eq!(bytes, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let bytes = written(|out| encode::request(out, "POST", &[b"/"], "a", &[], None));
    assert_eq!(bytes, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn an_answer_has_one_form() {
    let answer = |status, keep, head| written(|out| encode::response(out, status, &[(name("A"), b"b")], b"hi", keep, head));
    assert_eq!(answer(200, true, false), "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\nhi");
    assert_eq!(answer(429, false, false), "HTTP/1.1 429 Too Many Requests\r\nA: b\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
    assert_eq!(answer(200, true, true), "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(answer(204, true, false), "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n");
    assert_eq!(answer(304, true, false), "HTTP/1.1 304 Not Modified\r\nA: b\r\n\r\n");
    assert_eq!(answer(299, true, false), "HTTP/1.1 299 \r\nA: b\r\nContent-Length: 2\r\n\r\nhi");
}

#[test]
fn what_could_be_read_in_another_way_is_not_written() {
    let mut out = b"kept".to_vec();
    let refused = [
        (encode::request(&mut out, "GET", &[b"/"], "a\r\nX: y", &[], None), EncodeError::Value),
        (encode::request(&mut out, "GET", &[b"/"], "", &[], None), EncodeError::Value),
        (encode::request(&mut out, "GET", &[b"/"], "a", &[(name("X"), b"b\r\nc: d")], None), EncodeError::Value),
        (encode::request(&mut out, "GET", &[b"/"], "a", &[(name("X"), b"b\nc")], None), EncodeError::Value),
        (encode::request(&mut out, "GET", &[b"/"], "a", &[(name("X"), b"b\0")], None), EncodeError::Value),
        (encode::request(&mut out, "GET", &[b"/"], "a", &[(name("X"), b"caf\xe9")], None), EncodeError::Value),
        (encode::request(&mut out, "GET", &[b"/a b"], "a", &[], None), EncodeError::Target),
        (encode::request(&mut out, "GET", &[b"/a\r\n"], "a", &[], None), EncodeError::Target),
        (encode::request(&mut out, "GET", &[b"/", b"?a#b"], "a", &[], None), EncodeError::Target),
        (encode::request(&mut out, "GET", &[b"", b"a"], "a", &[], None), EncodeError::Target),
        (encode::request(&mut out, "GET", &[], "a", &[], None), EncodeError::Target),
        (encode::request(&mut out, "GET /", &[b"/"], "a", &[], None), EncodeError::Method),
        (encode::request(&mut out, "", &[b"/"], "a", &[], None), EncodeError::Method),
        (encode::response(&mut out, 200, &[(name("X"), b"a\r\nb")], b"", true, false), EncodeError::Value),
        (encode::response(&mut out, 100, &[], b"", true, false), EncodeError::Status),
        (encode::response(&mut out, 1000, &[], b"", true, false), EncodeError::Status),
    ];
    for (at, (result, expected)) in refused.into_iter().enumerate() {
        assert_eq!(result, Err(expected), "case {at}");
    }
    assert_eq!(out, b"kept", "nothing of them was written");
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec(("X-[A-Za-z0-9_.-]{0,20}", "([!-~]([ \t!-~]{0,40}[!-~])?)?"), 0..20)
}

/// Names live as long as the program, as they do in the product.
fn borrowed(headers: &[(String, String)]) -> Vec<(FieldName, &[u8])> {
    headers.iter().map(|(text, value)| (name(Box::leak(text.clone().into_boxed_str())), value.as_bytes())).collect()
}

proptest! {
    #[test]
    fn a_written_request_is_read_back(
        post in any::<bool>(),
        path in "(/[a-zA-Z0-9._~!$&'()*+,;=:@%-]{0,12}){1,4}",
        query in proptest::option::of("[a-zA-Z0-9=&%+._?/{}|^`\\[\\]-]{0,40}"),
        host in "[a-z0-9]{1,8}(\\.[a-z0-9-]{1,8}){0,3}(:[1-9][0-9]{0,3})?",
        headers in headers(),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let method = if post { "POST" } else { "GET" };
        let body = post.then_some(body.as_slice());
        let target = query.as_ref().map_or(path.clone(), |query| format!("{path}?{query}"));
        let mut out = Vec::new();
        encode::request(&mut out, method, &[target.as_bytes()], &host, &borrowed(&headers), body).unwrap();
        let (head, length) = parse_head(&out, &Limits::REQUEST).unwrap().unwrap();
        prop_assert_eq!(head.method, if post { Method::Post } else { Method::Get });
        prop_assert_eq!(head.path.of(&out), path.as_bytes());
        prop_assert_eq!(head.query.of(&out), query.as_deref().unwrap_or_default().as_bytes());
        prop_assert_eq!(head.host.of(&out), host.as_bytes());
        let read: Vec<_> = head.headers(&out).filter(|(name, _)| name.starts_with(b"X-")).collect();
        let meant: Vec<_> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        prop_assert_eq!(read, meant);
        let mut decoder = Decoder::new(head.framing, Limits::REQUEST.body).unwrap();
        let mut read = Vec::new();
        let progress = decoder.push(&out[length..], &mut read).unwrap();
        prop_assert!(progress.done);
        prop_assert_eq!(length + progress.used, out.len());
        prop_assert_eq!(read, body.unwrap_or_default());
    }

    #[test]
    fn a_written_answer_is_read_back(
        status in 200_u16..600,
        headers in headers(),
        body in proptest::collection::vec(any::<u8>(), 0..200),
        keep_alive in any::<bool>(),
        head_only in any::<bool>(),
    ) {
        let mut out = Vec::new();
        encode::response(&mut out, status, &borrowed(&headers), &body, keep_alive, head_only).unwrap();
        let (head, length) = parse_response_head(&out, &Limits::ANSWER).unwrap().unwrap();
        prop_assert_eq!(head.status, status);
        prop_assert_eq!(head.keep_alive, keep_alive);
        let meant: Vec<_> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        let read: Vec<_> = head.headers(&out).filter(|(name, _)| name.starts_with(b"X-")).collect();
        prop_assert_eq!(read, meant);
        let bodiless = matches!(status, 204 | 304);
        let framing = if bodiless || body.is_empty() { AnswerFraming::None } else { AnswerFraming::Length(body.len() as u64) };
        prop_assert_eq!(head.framing, framing);
        prop_assert_eq!(&out[length..], if bodiless || head_only { b"".as_slice() } else { &body });
    }

    #[test]
    fn a_body_in_any_chunks_is_read_back(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..10),
        reads in 1_usize..50,
    ) {
        let mut wire = Vec::new();
        for piece in &pieces {
            wire.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            wire.extend_from_slice(piece);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b"0\r\n\r\n");
        let mut decoder = Decoder::new(Framing::Chunked, 1000).unwrap();
        let mut body = Vec::new();
        for read in wire.chunks(reads) {
            prop_assert_eq!(decoder.push(read, &mut body).unwrap().used, read.len());
        }
        prop_assert!(decoder.is_done());
        prop_assert_eq!(body, pieces.concat());
    }
}
