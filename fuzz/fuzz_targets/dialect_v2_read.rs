//! Whatever a provider answers, the caller reads one JSON object, and only a known refusal returns money.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tollgate_dialect::{Answering, Charged, Incoming, Method, Operation, Profile, Reading, Verb, WordClass, json, parse, read, v2};
use tollgate_model::{Money, RequestId, TaskId};

static PROFILES: LazyLock<[Profile; 2]> =
    LazyLock::new(|| ["anticaptcha", "capsolver"].map(|name| Profile::builtin(name).expect("a profile that is embedded")));

fn operation(choice: u8) -> Operation<'static> {
    let task = TaskId::parse(b"7").expect("an id");
    match choice & 3 {
        0 => Operation::Poll { task, priced: true },
        1 => Operation::Balance,
        2 => Operation::Report { task, good: true, verb: Verb::ReportCorrectRecaptcha },
        _ => {
            let body = br#"{"clientKey":"k","task":{"type":"ImageToTextTask"}}"#;
            let request =
                Incoming { method: Method::Post, path: b"/createTask", query: b"", content_type: None, authorization: None, body };
            parse(&PROFILES[0], &request).expect("a submission").operation
        }
    }
}

// the first byte chooses operation, profile and status
fuzz_target!(|input: &[u8]| {
    let Some((choice, body)) = input.split_first() else { return };
    let operation = operation(*choice);
    let profile = &PROFILES[usize::from(choice >> 2 & 1)];
    let status = [200, 400, 401, 500][usize::from(choice >> 3 & 3)];
    let reading = read(&operation, profile, status, body);
    match &reading {
        Reading::Refused(refused) => {
            assert!(status < 500 && refused.word.len() <= 64);
            assert!(refused.charged != Charged::No || refused.class != WordClass::Unknown, "money returns on an unknown word");
        }
        Reading::Answer { price, .. } | Reading::Solved { price, .. } => {
            assert!(status == 200 && price.is_none_or(|price| price >= Money::ZERO));
        }
        _ => {}
    }
    let mut out = Vec::new();
    let answering = Answering { profile, form: v2::FORM, id: RequestId::from_bytes([7; 16]) };
    answering.reading(&operation, &reading, &mut out);
    json::members(&out, json::Names::Any, |_, _| {}).expect("a caller reads JSON");
});
