//! Whatever is understood is sent so that any reader finds the same again.

use std::fmt::Write as _;

use proptest::prelude::*;
use tollgate_dialect::v1::{Operation, guess_form, read};
use tollgate_dialect::{Incoming, Method, json, multipart};

use crate::support::{JSON, PROFILES, REAL, Request, TEXT, encoded, profile, request_of};

/// How PHP reads a form: names trimmed of spaces on the left, `.` and ` ` folded to `_`, cut at NUL, the last one wins.
fn like_php(text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut read: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for piece in text.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
        let at = piece.iter().position(|byte| *byte == b'=').unwrap_or(piece.len());
        let mut name = unescape(&piece[..at]);
        name = name
            .into_iter()
            .skip_while(|byte| *byte == b' ')
            .take_while(|byte| *byte != 0)
            .map(|byte| if matches!(byte, b'.' | b' ') { b'_' } else { byte })
            .collect();
        read.retain(|(other, _)| *other != name);
        read.push((name, unescape(piece.get(at + 1..).unwrap_or_default())));
    }
    read
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let escape = text
            .get(at + 1..at + 3)
            .filter(|_| *byte == b'%')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        out.push(match (byte, escape) {
            (_, Some(byte)) => byte,
            (b'+', None) => b' ',
            (byte, None) => *byte,
        });
        at += if escape.is_some() { 3 } else { 1 };
    }
    out
}

fn form(fields: &[(String, Vec<u8>)]) -> String {
    let mut out = String::from("method=userrecaptcha");
    for (name, value) in fields {
        write!(out, "&{name}=").unwrap();
        for byte in value {
            write!(out, "%{byte:02x}").unwrap();
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn a_submission_means_the_same_to_every_reader(values in proptest::collection::vec(any::<Vec<u8>>(), 0..9), json in any::<bool>()) {
        let fields: Vec<_> = values.into_iter().enumerate().map(|(at, value)| (format!("p_{at}"), value)).collect();
        let request = Request::form("/in.php", &form(&fields));
        let call = request.call();
        let out = encoded(&call.operation, if json { JSON } else { TEXT }, &profile("twocaptcha"));
        let seen = like_php(&out.body);
        let mut wanted = vec![(b"key".to_vec(), REAL.into()), (b"method".to_vec(), b"userrecaptcha".to_vec())];
        wanted.extend(json.then(|| (b"json".to_vec(), b"1".to_vec())));
        wanted.extend(fields.iter().map(|(name, value)| (name.clone().into_bytes(), value.clone())));
        prop_assert_eq!(seen, wanted);
        // read and said again, it does not change
        let again = request_of(&out);
        let call = again.call();
        prop_assert_eq!(call.credential.expose(), REAL.as_bytes());
        prop_assert_eq!(encoded(&call.operation, call.form, &profile("twocaptcha")).body, out.body);
    }

    #[test]
    fn files_and_fields_survive_the_new_boundary(data in any::<Vec<u8>>(), field in any::<Vec<u8>>()) {
        let mut body = b"--Q\r\nContent-Disposition: form-data; name=\"method\"\r\n\r\npost\r\n--Q\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n".to_vec();
        body.extend_from_slice(&field);
        body.extend_from_slice(b"\r\n--Q\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n");
        body.extend_from_slice(&data);
        body.extend_from_slice(b"\r\n--Q--\r\n");
        let request = Request::post("/in.php", "multipart/form-data; boundary=Q", &body);
        let call = request.call();
        let out = encoded(&call.operation, TEXT, &profile("twocaptcha"));
        let (fields, files) = multipart::parse(&out.content_type, &out.body).unwrap();
        prop_assert_eq!(fields, vec![("key", REAL.as_bytes()), ("method", b"post"), ("x", &field[..])]);
        prop_assert_eq!((files[0].name, files[0].extension, files[0].data), ("file", "png", &data[..]));
    }

    #[test]
    fn no_bytes_make_the_readers_panic(query in any::<Vec<u8>>(), kind in any::<Vec<u8>>(), body in any::<Vec<u8>>(), which in 0_usize..4, status in 0_u16..600) {
        let kinds = [&kind[..], b"application/json", b"multipart/form-data; boundary=B", b"application/x-www-form-urlencoded"];
        let incoming = Incoming { method: Method::Post, path: b"/in.php", query: &query, content_type: Some(kinds[which]), authorization: None, body: &body };
        let _ = (tollgate_dialect::v1::parse(&incoming).is_ok(), guess_form(&incoming));
        let _ = json::members(&body, json::Names::Any, |_, raw| drop(raw.scalar()));
        for name in PROFILES {
            let _ = read(&Operation::Balance, &profile(name), status, &body);
        }
    }

    #[test]
    fn a_string_written_is_the_string_read(text in any::<String>()) {
        let mut object = b"{\"a\":".to_vec();
        json::write_string(&text, &mut object);
        object.push(b'}');
        let mut seen = None;
        json::members(&object, json::Names::Plain, |_, raw| seen = raw.scalar()).unwrap();
        prop_assert_eq!(seen.as_deref(), Some(text.as_bytes()));
    }
}
