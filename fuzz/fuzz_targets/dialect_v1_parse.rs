//! Whatever is understood is sent with our key first, and read again it is the same call.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tollgate_dialect::v1::{AnswerForm, Boundary, Operation, Outgoing, encode, guess_form, parse};
use tollgate_dialect::{Incoming, Method, Profile};

static PROFILE: LazyLock<Profile> = LazyLock::new(|| Profile::builtin("twocaptcha").expect("a profile that is embedded"));
const REAL: &[u8] = b"0123456789abcdef0123456789abcdef";
const PATHS: [&[u8]; 4] = [b"/in.php", b"/res.php", b"/solve.php", b"/test"];
const TYPES: [Option<&[u8]>; 4] =
    [None, Some(b"application/x-www-form-urlencoded"), Some(b"application/json"), Some(b"multipart/form-data; boundary=B")];

fn sent(operation: &Operation<'_>, form: AnswerForm, profile: &Profile) -> Outgoing {
    let mut out = Outgoing::new();
    encode(operation, form, REAL, profile, &Boundary::from_random([7; 16]), &mut out).expect("a call of this dialect");
    out
}

fn incoming(out: &Outgoing) -> Incoming<'_> {
    let at = out.target.iter().position(|byte| *byte == b'?').unwrap_or(out.target.len());
    Incoming {
        method: out.method,
        path: &out.target[..at],
        query: out.target.get(at + 1..).unwrap_or_default(),
        content_type: (!out.content_type.is_empty()).then_some(&out.content_type),
        authorization: None,
        body: &out.body,
    }
}

// the first byte chooses path, method and content type; a NUL parts query and body
fuzz_target!(|input: &[u8]| {
    let Some((choice, rest)) = input.split_first() else { return };
    let choice = usize::from(*choice);
    let (query, body) = rest.iter().position(|byte| *byte == 0).map_or((rest, &[][..]), |at| (&rest[..at], &rest[at + 1..]));
    let request = Incoming {
        method: if choice & 16 == 0 { Method::Get } else { Method::Post },
        path: PATHS[choice & 3],
        query,
        content_type: TYPES[choice >> 2 & 3],
        authorization: None,
        body,
    };
    let _ = guess_form(&request);
    let Ok(call) = parse(&request) else { return };
    let first = sent(&call.operation, call.form, &PROFILE);
    let key = if first.body.is_empty() { &first.target } else { &first.body };
    assert!(key.windows(REAL.len()).any(|window| window == REAL), "our key is not in it");
    let again = parse(&incoming(&first)).unwrap_or_else(|misread| panic!("{misread:?}: our own words are not understood"));
    assert!(again.credential.expose() == REAL && again.operation.is_billable() == call.operation.is_billable());
    let second = sent(&again.operation, again.form, &PROFILE);
    assert!(first.target == second.target && first.body == second.body, "said again it is another request");
});
