//! Which names carry meaning for us? Those, and what could be taken for them.

use crate::misread::Unclear;
use crate::params::{BLOB, Params};

/// Names whose meaning is ours to know (SECURITY, first notes), folded as PHP code or a lenient reader might.
const KNOWN: [(&str, &str); 16] = [
    ("key", "key"),
    ("method", "method"),
    ("action", "action"),
    ("id", "id"),
    ("ids", "ids"),
    ("json", "json"),
    ("pingback", "pingback"),
    ("addr", "addr"),
    ("soft_id", "softid"),
    ("header_acao", "headeracao"),
    ("proxy", "proxy"),
    ("proxytype", "proxytype"),
    ("file", "file"),
    ("body", "body"),
    ("pageurl", "pageurl"),
    ("textcaptcha", "textcaptcha"),
];

/// No name below is longer.
const LONGEST: usize = 16;

/// Names of credentials in other dialects: here a key in one of them would pass unjudged.
const CREDENTIALS: [&str; 3] = ["apikey", "clientkey", "token"];

/// Other dialects' words for a place that the provider is to call: `pingback` is the one that is judged.
const CALLBACKS: [&str; 4] = ["callback", "callbackurl", "postback", "debugdump"];

/// Refuses names that equal a known one but for case or `_`, and credentials under other names or in other values.
///
/// One name of a credential has a place: `api_key` of `method=cutcaptcha` is a public value of the page (2captcha-python
/// 2.1.2, `cutcaptcha`).
pub(super) fn check(params: &Params<'_>) -> Result<(), Unclear> {
    let cutcaptcha = params.find("method").is_some_and(|method| method.is(b"cutcaptcha"));
    if params.find(BLOB).is_some() && params.find("data").is_some() {
        return Err(Unclear::ambiguous("`data` beside `data[blob]`"));
    }
    for param in &params.list {
        if !(cutcaptcha && param.name == "api_key") {
            name(param.name)?;
        }
        if param.name != "key" && param.value.is_virtual_key() {
            return Err(Unclear::ambiguous("a key of ours where no key belongs"));
        }
    }
    Ok(())
}

fn name(name: &str) -> Result<(), Unclear> {
    if KNOWN.iter().any(|(known, _)| *known == name) {
        return Ok(());
    }
    // folded once; what is longer than every known name equals none
    let mut folded = [0; LONGEST];
    let mut length = 0;
    for byte in name.bytes().filter(|byte| *byte != b'_') {
        let Some(place) = folded.get_mut(length) else { return Ok(()) };
        *place = byte.to_ascii_lowercase();
        length += 1;
    }
    let folded = folded.get(..length).unwrap_or_default();
    let folds_to = |known: &str| known.as_bytes() == folded;
    if KNOWN.iter().any(|(_, folded)| folds_to(folded)) {
        return Err(Unclear::ambiguous("a name that differs from a known one by case or underscore only"));
    }
    if CALLBACKS.iter().any(|folded| folds_to(folded)) {
        return Err(Unclear::denied("a callback, or a copy of the request, under a name that is not judged"));
    }
    if CREDENTIALS.iter().any(|folded| folds_to(folded)) {
        return Err(Unclear::ambiguous("a credential under a name that is not its own"));
    }
    Ok(())
}
