//! `tollgate explain`: what the gate would answer, or why it answered as it did.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::args::Explain;
use crate::desk::{Desk, in_path};
use crate::exit::Outcome;
use crate::print;

/// Explains a request that was sent, or one that was not.
pub(crate) fn run(asked: &Explain, desk: &Desk, json: bool) -> Outcome {
    if let Some(id) = &asked.request {
        return told(&desk.call("GET", &format!("/v1/explain/{}", in_path(id)?), None)?, json);
    }
    let mut body = json!({ "key": asked.key, "from": asked.from });
    if let Some(members) = body.as_object_mut() {
        if let Some(at) = &asked.at {
            members.insert("at".to_owned(), at.clone().into());
        }
        if let Some(method) = &asked.method {
            members.insert("method".to_owned(), method.clone().into());
        }
    }
    supposed(&desk.call("POST", "/v1/explain", Some(&body))?, json)
}

fn told(answer: &Value, json: bool) -> Outcome {
    if json {
        return print::json(answer);
    }
    let empty = Vec::new();
    let story = answer.get("story").and_then(Value::as_array).unwrap_or(&empty);
    print::lines(&story.iter().filter_map(Value::as_str).map(|line| format!("{line}\n")).collect::<Vec<_>>().concat())
}

fn supposed(answer: &Value, json: bool) -> Outcome {
    if json {
        return print::json(answer);
    }
    // writing to a text cannot fail
    let mut page = String::new();
    for factor in ["identity", "network", "allowance", "time"] {
        let _ = writeln!(page, "{factor:9}  {}", print::text(answer, &format!("/factors/{factor}")));
    }
    let decision = print::text(answer, "/decision");
    match answer.get("denied_by").and_then(Value::as_str) {
        None => {
            let _ = writeln!(page, "\n{decision}");
        }
        Some(code) => {
            let _ = writeln!(page, "\n{decision}: {code}: {}", print::text(answer, "/reason"));
        }
    }
    let opens = print::instant(answer, "/opens");
    if opens != "-" {
        let _ = writeln!(page, "opens {opens}");
    }
    let _ = write!(page, "\n{}\n{}", print::limits(answer), print::resets(answer));
    print::lines(&page)
}
