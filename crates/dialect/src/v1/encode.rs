//! How is an operation said to the provider? In our own words, the key first and placed by us.

use crate::incoming::Method;
use crate::multipart::FilePart;
use crate::operation::{AnswerForm, Form, Operation, Submit};
use crate::outgoing::{Boundary, Outgoing};
use crate::profile::Profile;
use crate::value::{Value, write_form};

/// Writes a submission: a POST, so that neither key nor proxy password stands in a URL; urlencoded, or multipart when it holds
/// files.
pub(crate) fn submission(path: &[u8], submit: &Submit<'_>, carried: &Form<'_>, asked: &Asked<'_>, out: &mut Outgoing) {
    out.method = Method::Post;
    out.target.extend_from_slice(path);
    if carried.files.is_empty() {
        out.content_type.extend_from_slice(b"application/x-www-form-urlencoded");
        urlencoded(submit, carried, asked, &mut out.body);
    } else {
        out.content_type.extend_from_slice(b"multipart/form-data; boundary=");
        out.content_type.extend_from_slice(&asked.boundary.0);
        multipart(submit, carried, asked, &mut out.body);
    }
}

/// How a submission is to be said, beside what it says.
pub(crate) struct Asked<'a> {
    pub(crate) form: AnswerForm,
    pub(crate) real_key: &'a [u8],
    pub(crate) boundary: &'a Boundary,
}

/// Writes everything of `res.php`: a GET, as providers document it. The provider is asked in the caller's form, and with `get2`
/// wherever the profile knows it, so that every poll can settle at the true price.
pub(crate) fn result(operation: &Operation<'_>, form: AnswerForm, real_key: &[u8], profile: &Profile, out: &mut Outgoing) {
    match operation {
        // these are written by `submission`
        Operation::Submit(_) | Operation::SolveNow(_) => {}
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
        Operation::Report { task, good, .. } => {
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

/// The parameters behind the key, in one order: method, form, what passes by value, callback.
fn pairs<'s>(submit: &'s Submit<'_>, carried: &'s Form<'_>, form: AnswerForm) -> impl Iterator<Item = (&'s str, Value<'s>)> {
    let method = carried.sent_method.map(|method| ("method", Value::plain(method.as_bytes())));
    let json = form.json.then_some(("json", Value::plain(b"1")));
    let pingback = submit.callback.as_ref().map(|callback| ("pingback", callback.url.borrowed()));
    let fields = carried.fields.iter().map(|param| (param.name, param.value.borrowed()));
    method.into_iter().chain(json).chain(fields).chain(pingback)
}

fn urlencoded(submit: &Submit<'_>, carried: &Form<'_>, asked: &Asked<'_>, body: &mut Vec<u8>) {
    let real_key = asked.real_key;
    let bound: usize = pairs(submit, carried, asked.form).map(|(name, value)| name.len() * 3 + value.form_bound() + 2).sum();
    body.reserve(bound + real_key.len() * 3 + 8);
    body.extend_from_slice(b"key=");
    write_form(real_key, body);
    for (name, value) in pairs(submit, carried, asked.form) {
        write_pair(name, &value, body);
    }
}

fn write_pair(name: &str, value: &Value<'_>, out: &mut Vec<u8>) {
    out.push(b'&');
    write_form(name.as_bytes(), out);
    out.push(b'=');
    value.write_form(out);
}

fn multipart(submit: &Submit<'_>, carried: &Form<'_>, asked: &Asked<'_>, body: &mut Vec<u8>) {
    const AROUND: usize = 160;
    let Asked { form, real_key, boundary } = *asked;
    let fields: usize = pairs(submit, carried, form).map(|(name, value)| name.len() + value.form_bound() + AROUND).sum();
    let files: usize = carried.files.iter().map(|file| file.data.len() + file.name.len() + AROUND).sum();
    body.reserve(fields + files + real_key.len() + 2 * AROUND);
    write_field("key", &Value::plain(real_key), boundary, body);
    for (name, value) in pairs(submit, carried, form) {
        write_field(name, &value, boundary, body);
    }
    for file in &carried.files {
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
