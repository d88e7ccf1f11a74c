//! Whatever is understood is sent with our key first, as JSON to any reader, and read again it is the same call.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tollgate_dialect::{Boundary, Incoming, Method, Operation, Outgoing, Profile, encode, parse, v2};

static PROFILES: LazyLock<[Profile; 2]> =
    LazyLock::new(|| ["anticaptcha", "capsolver"].map(|name| Profile::builtin(name).expect("a profile that is embedded")));
const REAL: &[u8] = b"0123456789abcdef0123456789abcdef";
const OURS: &[u8] = b"tgk_Abc0Def1Ghi2Jkl3Mno4Pq4SZdt0";
const PATHS: [&[u8]; 8] = [
    b"/createTask",
    b"/getTaskResult",
    b"/getBalance",
    b"/feedbackTask",
    b"/reportCorrectRecaptcha",
    b"/reportIncorrectImageCaptcha",
    b"/sendFunds",
    b"/test",
];

fn sent(operation: &Operation<'_>, profile: &Profile) -> Outgoing {
    let mut out = Outgoing::new();
    encode(operation, v2::FORM, REAL, profile, &Boundary::from_random([7; 16]), &mut out).expect("a call of this dialect");
    out
}

fn holds(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|window| window == needle)
}

// the first byte chooses path, profile and header
fuzz_target!(|input: &[u8]| {
    let Some((choice, body)) = input.split_first() else { return };
    let choice = usize::from(*choice);
    let profile = &PROFILES[choice >> 3 & 1];
    let request = Incoming {
        method: if choice & 32 == 0 { Method::Post } else { Method::Get },
        path: PATHS[choice & 7],
        query: b"",
        content_type: (choice & 64 == 0).then_some(b"application/json"),
        authorization: (choice & 16 != 0).then_some(b"Bearer k"),
        body,
    };
    let Ok(call) = parse(profile, &request) else { return };
    assert!(choice & 7 < 6, "a call that is not on the list was understood");
    let first = sent(&call.operation, profile);
    let object: serde_json::Value = serde_json::from_slice(&first.body).expect("JSON to another reader too");
    assert!(object["clientKey"].as_str().is_some_and(|key| key.as_bytes() == REAL), "our key is not in its place");
    assert!(first.authorization.is_empty() || holds(&first.authorization, REAL));
    assert!(!holds(&first.body, OURS), "a virtual key goes to the provider");
    if let Some(submit) = call.operation.submit() {
        assert!(object["task"]["type"] == submit.method, "what is priced is not what is sent");
    }
    let again = Incoming {
        method: first.method,
        path: &first.target,
        query: b"",
        content_type: Some(&first.content_type),
        authorization: (!first.authorization.is_empty()).then_some(&first.authorization),
        body: &first.body,
    };
    let again = parse(profile, &again).unwrap_or_else(|misread| panic!("{misread:?}: our own words are not understood"));
    assert!(again.credential.expose() == REAL && again.operation.is_billable() == call.operation.is_billable());
    let second = sent(&again.operation, profile);
    assert!(first.target == second.target && first.body == second.body, "said again it is another request");
});
