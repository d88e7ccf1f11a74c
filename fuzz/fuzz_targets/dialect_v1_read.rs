//! Whatever a provider answers, the caller reads text or valid JSON, and only a known refusal returns money.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tollgate_dialect::v1::{AnswerForm, Charged, Operation, Reading, Verb, parse, read, render};
use tollgate_dialect::{Incoming, Method, Profile, json};
use tollgate_model::TaskId;

static PROFILES: LazyLock<[Profile; 3]> =
    LazyLock::new(|| ["captchaai", "rucaptcha", "twocaptcha"].map(|name| Profile::builtin(name).expect("a profile that is embedded")));

fn operation(choice: u8) -> Operation<'static> {
    let task = TaskId::parse(b"7").expect("an id");
    match choice & 7 {
        0 => Operation::Poll { task, priced: false },
        1 => Operation::Poll { task, priced: true },
        2 => Operation::PollMany { tasks: vec![task, task] },
        3 => Operation::Balance,
        4 => Operation::Threads,
        5 => Operation::Report { task, good: true, verb: Verb::Action },
        _ => {
            let path: &[u8] = if choice & 7 == 6 { b"/in.php" } else { b"/solve.php" };
            let query = b"key=k&method=post";
            let request = Incoming { method: Method::Get, path, query, content_type: None, authorization: None, body: b"" };
            parse(&request).expect("a submission").operation
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, body)) = input.split_first() else { return };
    let operation = operation(*choice);
    let profile = &PROFILES[usize::from(choice >> 3) % 3];
    let status = if choice & 128 == 0 { 200 } else { 500 };
    let reading = read(&operation, profile, status, body);
    if let Reading::Refused(refused) = &reading {
        assert!(status == 200 && (refused.charged != Charged::No || refused.word.len() <= 64));
    }
    for json in [false, true] {
        let mut out = Vec::new();
        render::reading(profile, &operation, AnswerForm { json, header_acao: false }, &reading, &mut out);
        assert!(!out.is_empty());
        if json {
            json::members(&out, json::Names::Any, |_, _| {}).expect("a JSON caller reads JSON");
        }
    }
});
