//! Whatever is read as JSON is JSON by itself, and a string that is written is the string that is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_dialect::json::{Kind, Names, members, write_string};

fuzz_target!(|text: &[u8]| {
    let mut strings = Vec::new();
    let any = members(text, Names::Any, |_, raw| {
        if raw.kind == Kind::Object {
            members(raw.text, Names::Any, |_, _| {}).expect("a nested object is an object");
        }
        strings.extend(raw.scalar().filter(|_| raw.kind == Kind::String));
    });
    if members(text, Names::Plain, |_, _| {}).is_ok() {
        assert!(any.is_ok(), "what is plain is also read leniently");
    }
    if any.is_err() {
        return;
    }
    for string in strings {
        let string = std::str::from_utf8(&string).expect("a string of JSON is UTF-8");
        let mut object = b"{\"a\":".to_vec();
        write_string(string, &mut object);
        object.push(b'}');
        let mut seen = None;
        members(&object, Names::Plain, |_, raw| seen = raw.scalar()).expect("what we write is JSON");
        assert_eq!(seen.as_deref(), Some(string.as_bytes()));
    }
});
