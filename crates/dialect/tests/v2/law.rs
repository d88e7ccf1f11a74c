//! Whatever is understood is sent so that any reader finds the same again.

use proptest::prelude::*;
use tollgate_dialect::{Incoming, Method, Operation, json, parse, read};

use crate::support::{KEY, PROFILES, REAL, Request, encoded, profile};

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    json::write_string(text, &mut out);
    String::from_utf8(out).unwrap()
}

/// What a request is bent with.
const BENT: [&str; 18] = [
    "",
    " ",
    "\"",
    "\\",
    "\\u0041",
    ",",
    ":",
    "{",
    "}",
    "[",
    "null",
    "1e5",
    "\u{7f}",
    "\u{1}",
    "\"type\":\"ImageToTextTask\",",
    "\"clientKey\":\"x\",",
    "\"Task\":{},",
    KEY,
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_task_means_the_same_to_every_reader(values in proptest::collection::vec(any::<String>(), 0..9), number in any::<i64>()) {
        let members: Vec<_> = values.iter().enumerate().map(|(at, text)| format!(",\"p{at}\": {{ \"q\" : [ {} ] }}", quoted(text))).collect();
        let request = Request::task(&format!("{},\"n\":{number}", members.concat()));
        let call = request.call();
        let out = encoded(&call.operation, &profile("anticaptcha"));
        let seen: serde_json::Value = serde_json::from_slice(&out.body).unwrap();
        prop_assert_eq!(&seen["clientKey"], REAL);
        prop_assert_eq!(&seen["task"]["n"], number);
        for (at, text) in values.iter().enumerate() {
            prop_assert_eq!(&seen["task"][format!("p{at}")]["q"][0], text.as_str());
        }
        prop_assert!(out.body.capacity() >= out.body.len());
        // read and said again, it does not change
        let again = Request { body: out.body.clone(), ..Request::task("") };
        let call = again.call();
        prop_assert_eq!(call.credential.expose(), REAL.as_bytes());
        prop_assert_eq!(encoded(&call.operation, &profile("anticaptcha")).body, out.body);
    }

    #[test]
    fn a_request_that_was_bent_is_refused_or_means_one_thing(
        seed in 0_usize..4,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..3, prop::sample::select(BENT.to_vec())), 1..4),
        which in 0_usize..2,
    ) {
        let seeds = [
            Request::task(r#","websiteURL":"https:\/\/a.example\/\u00e4","b":{"c":[1.50,null,{"d":"\ud83d\ude00"}]}"#),
            Request::create(r#""callbackUrl":"https://a.example/","softId":847,"task":{"type":"ImageToTextTask","body":"aa=="},"languagePool":"en""#),
            Request::post("/getTaskResult", &format!(r#"{{"clientKey":"{KEY}","taskId":7654321}}"#)),
            Request::post("/feedbackTask", &format!(r#"{{"clientKey":"{KEY}","taskId":"7","result":{{"invalid":true,"code":1}}}}"#)),
        ];
        let mut request = seeds[seed].clone();
        for (place, cut, text) in edits {
            let at = place.index(request.body.len() + 1);
            let end = (at + cut).min(request.body.len());
            request.body.splice(at..end, text.bytes());
        }
        let profile = profile(PROFILES[which]);
        let Ok(call) = request.read(&profile) else { return Ok(()) };
        let out = encoded(&call.operation, &profile);
        let seen: serde_json::Value = serde_json::from_slice(&out.body).unwrap();
        prop_assert_eq!(&seen["clientKey"], REAL);
        if let Some(submit) = call.operation.submit() {
            prop_assert_eq!(&seen["task"]["type"], submit.method);
        }
        prop_assert!(!out.body.windows(KEY.len()).any(|window| window == KEY.as_bytes()), "a virtual key went on");
        let again = Request { body: out.body.clone(), authorization: None, content_type: None, ..request.clone() };
        let again = again.read(&profile).unwrap();
        prop_assert_eq!(encoded(&again.operation, &profile).body, out.body);
    }

    #[test]
    fn no_bytes_make_the_readers_panic(body in any::<Vec<u8>>(), which in 0_usize..5, status in 0_u16..600) {
        let paths = ["/createTask", "/getTaskResult", "/getBalance", "/feedbackTask", "/reportCorrectRecaptcha"];
        for name in PROFILES {
            let profile = profile(name);
            let incoming =
                Incoming { method: Method::Post, path: paths[which].as_bytes(), query: b"", content_type: None, authorization: None, body: &body };
            let _ = parse(&profile, &incoming).is_ok();
            let _ = read(&Operation::Balance, &profile, status, &body);
        }
    }
}

#[test]
fn the_buffer_never_grows_behind_the_key() {
    // what takes the most room: DEL is one byte there and six here, `\b` and `\f` are two
    let text = "\u{7f}".repeat(3_000);
    for request in [
        Request::task(&format!(",\"body\":\"{text}\"")),
        Request::task(&format!(",\"body\":\"{}\"", "\\b\\f".repeat(3_000))),
        Request::create(&format!(r#""callbackUrl":"{text}","task":{{"type":"a"}}"#)),
        Request::post("/getTaskResult", &format!(r#"{{"clientKey":"{KEY}","taskId":"{}"}}"#, "1".repeat(39))),
    ] {
        let call = request.call();
        let (mut fresh, profile) = (tollgate_dialect::Outgoing::new(), profile("capsolver"));
        fresh.body.reserve(1);
        let boundary = tollgate_dialect::Boundary::from_random([0; 16]);
        tollgate_dialect::encode(&call.operation, call.form, REAL.as_bytes(), &profile, &boundary, &mut fresh).unwrap();
        let (before, room) = (fresh.body.as_ptr(), fresh.body.capacity());
        tollgate_dialect::encode(&call.operation, call.form, REAL.as_bytes(), &profile, &boundary, &mut fresh).unwrap();
        assert_eq!((before, room), (fresh.body.as_ptr(), fresh.body.capacity()), "sized once, for all of it");
    }
}
