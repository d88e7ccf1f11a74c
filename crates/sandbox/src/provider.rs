//! What does the provider answer, and what does it refuse?

mod account;
mod method;
mod reflect;
mod result;
mod submit;
pub(crate) mod task;

use std::net::IpAddr;
use std::time::Duration;

use hyper::Method;
use hyper::http::request::Parts;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::answer::{Answer, Code, Said, Speech};
use crate::fields::{Fields, decode};
use crate::message::Message;
use crate::mode::{Family, Outcome};
use crate::state::Inner;

pub(crate) use account::WrongKeys;
pub(crate) use method::Form;

/// The script that a path runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Submit,
    /// Synchronous: the answer is in the submit reply.
    Solve,
    Result,
    /// v2
    Task(task::Method),
    Test,
    Missing,
}

/// A request as the provider understands it.
pub(crate) struct Call {
    script: Script,
    fields: Fields,
    /// v2: the body, and the key of the header.
    asked: task::Asked,
    /// What `POST /test` answers with.
    echo: Option<Value>,
}

impl Call {
    pub(crate) fn read(head: &Parts, message: &Message) -> Self {
        let script = script(head.uri.path());
        let content_type = head.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let query = head.uri.query().unwrap_or_default();
        let fields = Fields::read(query, head.method == Method::POST, content_type, &message.body);
        let echo = (script == Script::Test).then(|| echo(message));
        let asked = task::Asked::read(head, &message.body);
        Self { script, fields, asked, echo }
    }

    fn key(&self) -> &str {
        if matches!(self.script, Script::Task(_)) {
            return self.asked.key();
        }
        self.fields.text("key").unwrap_or_default()
    }

    fn speech(&self, family: Family) -> Speech {
        let asked = |name| self.fields.text(name) == Some("1");
        Speech { json: asked("json"), any_origin: asked("header_acao"), v2: matches!(self.script, Script::Task(_)).then_some(family) }
    }
}

/// As a web server finds a script: decoded once, empty and `.` segments skipped, whatever follows the script's name is its own affair.
fn script(path: &str) -> Script {
    let path = decode(path.replace('+', "%2B").as_bytes());
    let mut segments = Vec::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => drop(segments.pop()),
            name => segments.push(name),
        }
    }
    match segments.first().copied() {
        Some(b"in.php") => Script::Submit,
        Some(b"solve.php") => Script::Solve,
        Some(b"res.php") => Script::Result,
        Some(b"test") => Script::Test,
        Some(name) => task::Method::of(name).map_or(Script::Missing, Script::Task),
        None => Script::Missing,
    }
}

/// Answers one request of the provider; the time is how long a synchronous solving takes.
pub(crate) fn visit(inner: &mut Inner, now: Instant, peer: IpAddr, call: &Call) -> (Answer, Duration) {
    if let Some(echo) = &call.echo {
        return (Answer::json(200, echo), Duration::ZERO);
    }
    if call.script == Script::Missing {
        return (Answer::html(404, "<html><head><title>404 Not Found</title></head></html>"), Duration::ZERO);
    }
    inner.books.advance(now, inner.mode.refund_unsolvable);
    let said = decide(inner, now, peer, call);
    let solving = if call.script == Script::Solve && said.is_ok() { inner.mode.solve_time() } else { Duration::ZERO };
    (distort(inner, call, &said), solving)
}

fn decide(inner: &mut Inner, now: Instant, peer: IpAddr, call: &Call) -> Result<Said, Code> {
    let submission = matches!(call.script, Script::Submit | Script::Solve | Script::Task(task::Method::CreateTask));
    account::admit(inner, now, peer, call.key())?;
    if matches!(call.script, Script::Task(_)) && !call.asked.keys_agree() {
        return Err("ERROR_KEY_DOES_NOT_EXIST");
    }
    match inner.mode.outcome {
        Outcome::WrongKey => return Err("ERROR_KEY_DOES_NOT_EXIST"),
        Outcome::IpNotAllowed => return Err("ERROR_IP_NOT_ALLOWED"),
        Outcome::NoSlot if submission => return Err("ERROR_NO_SLOT_AVAILABLE"),
        Outcome::ZeroBalance if submission => return Err("ERROR_ZERO_BALANCE"),
        Outcome::Http500 | Outcome::Garbage | Outcome::ReflectKey | Outcome::Redirect if submission && !inner.mode.charge_failed => {
            return Err("ERROR_SERVER_ERROR");
        }
        _ => {}
    }
    match call.script {
        Script::Submit => submit::upload(inner, now, call).map(|id| Said::Accepted(id.to_string())),
        Script::Solve => submit::solve(inner, now, call),
        Script::Task(method) => task::answer(inner, now, peer, method, &call.asked),
        Script::Result | Script::Test | Script::Missing => result::answer(inner, now, &call.fields),
    }
}

/// Says it, or what the mode makes of it.
fn distort(inner: &Inner, call: &Call, said: &Result<Said, Code>) -> Answer {
    match inner.mode.outcome {
        Outcome::Http500 => Answer::html(500, "<html><head><title>500 Internal Server Error</title></head></html>"),
        Outcome::Garbage => Answer::html(200, "\u{1}<html><body>{\"status\":1,\"requ OK|"),
        Outcome::ReflectKey => reflect::answer(&inner.mode, call, said),
        Outcome::Redirect => {
            let place = format!("http://127.0.0.1:9/in.php?key={}", call.key());
            Answer { headers: vec![("location", place)], ..Answer::empty(302) }
        }
        Outcome::Ok | Outcome::Unsolvable | Outcome::NoSlot | Outcome::ZeroBalance | Outcome::WrongKey | Outcome::IpNotAllowed => {
            call.speech(inner.mode.family).say(said)
        }
    }
}

/// 2Captcha's `POST /test` gives the whole request back, `clientKey` included: a gate that forwards it gives the real key away.
fn echo(message: &Message) -> Value {
    let (method, target) = message.request_line();
    let body = serde_json::from_slice(&message.body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&message.body)));
    json!({"errorId": 0, "method": method, "url": target, "headers": message.headers(), "body": body})
}
