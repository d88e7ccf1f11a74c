//! How is an operation said to the provider? In our own words, the key first and placed by us.

use tollgate_model::hex_of;

use crate::incoming::Method;
use crate::multipart::FilePart;
use crate::profile::Profile;
use crate::v1::operation::{AnswerForm, Operation, Submit};
use crate::value::{Value, write_form};

/// A request for the provider. Its buffers are reused, hold the real key once encoded, and are the gate's to wipe.
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: Vec<u8>,
    /// `Content-Type`; empty for none.
    pub content_type: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
}

impl Outgoing {
    /// An empty one.
    pub const fn new() -> Self {
        Self { method: Method::Get, target: Vec::new(), content_type: Vec::new(), body: Vec::new() }
    }
}

impl Default for Outgoing {
    fn default() -> Self {
        Self::new()
    }
}

/// The line between the parts of a multipart body: 32 hex digits that no client can foresee.
#[derive(Clone, Copy)]
pub struct Boundary([u8; 32]);

impl Boundary {
    /// The boundary of 16 random bytes, drawn for one request.
    pub fn from_random(random: [u8; 16]) -> Self {
        let mut text = [0; 32];
        for (digits, byte) in text.chunks_exact_mut(2).zip(random) {
            digits.copy_from_slice(&hex_of(byte));
        }
        Self(text)
    }
}

/// Writes an operation into `out`, whose buffers are cleared first.
///
/// A submission is a POST, so that neither key nor proxy password stands in a URL: urlencoded, or multipart when it holds
/// files. Everything of `res.php` is a GET, as providers document it. The provider is asked in the caller's form, and with
/// `get2` wherever the profile knows it, so that every poll can settle at the true price. Buffers are sized before the key is
/// written: no growth leaves a copy of it behind.
pub fn encode(operation: &Operation<'_>, form: AnswerForm, real_key: &[u8], profile: &Profile, boundary: &Boundary, out: &mut Outgoing) {
    out.target.clear();
    out.content_type.clear();
    out.body.clear();
    match operation {
        Operation::Submit(submit) => encode_submit(b"/in.php", submit, form, real_key, boundary, out),
        Operation::SolveNow(submit) => encode_submit(b"/solve.php", submit, form, real_key, boundary, out),
        Operation::Poll { task, .. } => {
            let action = if profile.priced_poll() { "get2" } else { "get" };
            encode_result(action, Some(("id", task.as_str())), form.json, real_key, out);
        }
        Operation::PollMany { tasks } => {
            let ids: Vec<&str> = tasks.iter().map(tollgate_model::TaskId::as_str).collect();
            encode_result("get", Some(("ids", &ids.join(","))), form.json, real_key, out);
        }
        Operation::Balance => encode_result("getbalance", None, form.json, real_key, out),
        // only the JSON form of this answer is documented
        Operation::Threads => encode_result("threadsinfo", None, true, real_key, out),
        Operation::Report { task, good } => {
            let action = if *good { "reportgood" } else { "reportbad" };
            encode_result(action, Some(("id", task.as_str())), form.json, real_key, out);
        }
    }
}

fn encode_result(action: &str, id: Option<(&str, &str)>, json: bool, real_key: &[u8], out: &mut Outgoing) {
    out.method = Method::Get;
    let target = &mut out.target;
    target.reserve(64 + real_key.len() * 3 + id.map_or(0, |(_, id)| id.len() * 3));
    target.extend_from_slice(b"/res.php?key=");
    write_form(real_key, target);
    target.extend_from_slice(b"&action=");
    target.extend_from_slice(action.as_bytes());
    if let Some((name, id)) = id {
        write_pair(name, &Value::plain(id.as_bytes()), target);
    }
    if json {
        target.extend_from_slice(b"&json=1");
    }
}

fn encode_submit(path: &[u8], submit: &Submit<'_>, form: AnswerForm, real_key: &[u8], boundary: &Boundary, out: &mut Outgoing) {
    out.method = Method::Post;
    out.target.extend_from_slice(path);
    if submit.files.is_empty() {
        out.content_type.extend_from_slice(b"application/x-www-form-urlencoded");
        urlencoded(submit, form, real_key, &mut out.body);
    } else {
        out.content_type.extend_from_slice(b"multipart/form-data; boundary=");
        out.content_type.extend_from_slice(&boundary.0);
        multipart(submit, form, real_key, boundary, &mut out.body);
    }
}

/// The parameters behind the key, in one order: method, form, what passes by value, callback.
fn pairs<'s>(submit: &'s Submit<'_>, form: AnswerForm) -> impl Iterator<Item = (&'s str, Value<'s>)> {
    let method = submit.sent_method.map(|method| ("method", Value::plain(method.as_bytes())));
    let json = form.json.then_some(("json", Value::plain(b"1")));
    let pingback = submit.pingback.as_ref().map(|callback| ("pingback", callback.url.borrowed()));
    let fields = submit.fields().map(|(name, value)| (name, value.borrowed()));
    method.into_iter().chain(json).chain(fields).chain(pingback)
}

fn urlencoded(submit: &Submit<'_>, form: AnswerForm, real_key: &[u8], body: &mut Vec<u8>) {
    let bound: usize = pairs(submit, form).map(|(name, value)| name.len() * 3 + value.form_bound() + 2).sum();
    body.reserve(bound + real_key.len() * 3 + 8);
    body.extend_from_slice(b"key=");
    write_form(real_key, body);
    for (name, value) in pairs(submit, form) {
        write_pair(name, &value, body);
    }
}

fn write_pair(name: &str, value: &Value<'_>, out: &mut Vec<u8>) {
    out.push(b'&');
    write_form(name.as_bytes(), out);
    out.push(b'=');
    value.write_form(out);
}

fn multipart(submit: &Submit<'_>, form: AnswerForm, real_key: &[u8], boundary: &Boundary, body: &mut Vec<u8>) {
    const AROUND: usize = 160;
    let fields: usize = pairs(submit, form).map(|(name, value)| name.len() + value.form_bound() + AROUND).sum();
    let files: usize = submit.files.iter().map(|file| file.data.len() + file.name.len() + AROUND).sum();
    body.reserve(fields + files + real_key.len() + 2 * AROUND);
    write_field("key", &Value::plain(real_key), boundary, body);
    for (name, value) in pairs(submit, form) {
        write_field(name, &value, boundary, body);
    }
    for file in &submit.files {
        write_file(file, boundary, body);
    }
    body.extend_from_slice(b"--");
    body.extend_from_slice(&boundary.0);
    body.extend_from_slice(b"--\r\n");
}

fn open_part(name: &str, boundary: &Boundary, body: &mut Vec<u8>) {
    body.extend_from_slice(b"--");
    body.extend_from_slice(&boundary.0);
    body.extend_from_slice(b"\r\nContent-Disposition: form-data; name=\"");
    body.extend_from_slice(name.as_bytes());
    body.push(b'"');
}

fn write_field(name: &str, value: &Value<'_>, boundary: &Boundary, body: &mut Vec<u8>) {
    open_part(name, boundary, body);
    body.extend_from_slice(b"\r\n\r\n");
    value.write_plain(body);
    body.extend_from_slice(b"\r\n");
}

fn write_file(file: &FilePart<'_>, boundary: &Boundary, body: &mut Vec<u8>) {
    open_part(file.name, boundary, body);
    body.extend_from_slice(b"; filename=\"image");
    if !file.extension.is_empty() {
        body.push(b'.');
        body.extend_from_slice(file.extension.as_bytes());
    }
    body.extend_from_slice(b"\"\r\n\r\n");
    body.extend_from_slice(file.data);
    body.extend_from_slice(b"\r\n");
}
