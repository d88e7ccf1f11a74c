//! How is the sandbox asked for its books and told how to behave?

use hyper::Method;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::message::CONTROL;
use crate::mode::Change;
use crate::state::State;

/// Answers a request under `/_sandbox/`; these are never recorded, delayed or dropped.
pub(crate) fn answer(state: &State, head: &Parts, body: &[u8]) -> Answer {
    let page = head.uri.path().strip_prefix(CONTROL).unwrap_or_default();
    match (page, &head.method) {
        ("books", &Method::GET) => Answer::json(200, &state.books()),
        ("requests", &Method::GET) => Answer::json(200, &Value::Array(state.requests())),
        ("requests", &Method::DELETE) => {
            state.clear_requests();
            Answer::empty(204)
        }
        ("mode", &Method::GET) => Answer::json(200, &state.mode()),
        ("mode", &Method::PUT) => match Change::parse(body).and_then(|change| state.change(change)) {
            Ok(()) => Answer::json(200, &state.mode()),
            Err(error) => problem(400, &error.to_string()),
        },
        ("books" | "requests" | "mode", _) => problem(405, "books answer GET; requests GET and DELETE; mode GET and PUT"),
        _ => problem(404, "the sandbox has `/_sandbox/books`, `/_sandbox/requests` and `/_sandbox/mode`"),
    }
}

fn problem(status: u16, detail: &str) -> Answer {
    let page = json!({"type": "about:blank", "title": "the sandbox refuses", "status": status, "detail": detail});
    Answer { content_type: "application/problem+json", ..Answer::json(status, &page) }
}
