//! How is an operation said to the provider? In one object, the key first and placed by us.

use tollgate_model::TaskId;

use super::task::Task;
use crate::callback::Callback;
use crate::incoming::Method;
use crate::json::write_string;
use crate::operation::{Operation, Verb};
use crate::outgoing::Outgoing;
use crate::profile::{Profile, TaskIds};

/// The longest word that a free call holds beside key and id.
const ROOM: usize = 160;

/// Writes a submission. `out` is sized before the key is written: no growth leaves a copy of it behind.
pub(crate) fn submission(task: &Task<'_>, callback: Option<&Callback<'_>>, real_key: &[u8], profile: &Profile, out: &mut Outgoing) {
    let url = callback.map(|callback| callback.url().clone().into_bytes());
    begin(b"/createTask", real_key, task.bound() + url.as_ref().map_or(0, |url| url.len() * 6), profile, out);
    out.body.extend_from_slice(b",\"task\":");
    task.write(&mut out.body);
    task.write_beside(&mut out.body);
    if let Some(url) = url {
        out.body.extend_from_slice(b",\"callbackUrl\":");
        write_string(&String::from_utf8_lossy(&url), &mut out.body);
    }
    out.body.push(b'}');
}

/// Writes a free call; false if this dialect has none for the operation.
pub(crate) fn free(operation: &Operation<'_>, real_key: &[u8], profile: &Profile, out: &mut Outgoing) -> bool {
    match operation {
        Operation::Poll { task, .. } => about(b"/getTaskResult", task, real_key, profile, out),
        Operation::Balance => begin(b"/getBalance", real_key, 0, profile, out),
        Operation::Report { task, good, verb } if *verb != Verb::Action => {
            about(&[b"/", verb.path().as_bytes()].concat(), task, real_key, profile, out);
            if *verb == Verb::FeedbackTask {
                let invalid: &[u8] = if *good { b",\"result\":{\"invalid\":false}" } else { b",\"result\":{\"invalid\":true}" };
                out.body.extend_from_slice(invalid);
            }
        }
        Operation::Submit(_) | Operation::SolveNow(_) | Operation::PollMany { .. } | Operation::Threads | Operation::Report { .. } => {
            return false;
        }
    }
    out.body.push(b'}');
    true
}

fn about(path: &[u8], task: &TaskId, real_key: &[u8], profile: &Profile, out: &mut Outgoing) {
    begin(path, real_key, ROOM, profile, out);
    out.body.extend_from_slice(b",\"taskId\":");
    let id = task.as_str();
    if profile.v2().is_some_and(|v2| v2.task_ids == TaskIds::Number) && is_number(id) {
        out.body.extend_from_slice(id.as_bytes());
    } else {
        write_string(id, &mut out.body);
    }
}

/// Whether JSON has a number of that spelling.
fn is_number(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_digit()) && (id == "0" || !id.starts_with('0'))
}

fn begin(path: &[u8], real_key: &[u8], room: usize, profile: &Profile, out: &mut Outgoing) {
    out.method = Method::Post;
    out.target.extend_from_slice(path);
    out.content_type.extend_from_slice(b"application/json");
    if profile.v2().is_some_and(|v2| v2.bearer) {
        out.authorization.reserve(real_key.len() + 8);
        out.authorization.extend_from_slice(b"Bearer ");
        out.authorization.extend_from_slice(real_key);
    }
    out.body.reserve(room + real_key.len() * 6 + ROOM);
    out.body.extend_from_slice(b"{\"clientKey\":");
    write_key(real_key, &mut out.body);
}

/// A real key is text of an operator's file: what is not UTF-8 in it could not stand in JSON, and the provider refuses it.
fn write_key(real_key: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(real_key) {
        Ok(text) => write_string(text, out),
        Err(_) => write_string("", out),
    }
}
