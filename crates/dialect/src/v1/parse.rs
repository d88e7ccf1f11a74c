//! Which operation is this, exactly? Strictly read, so that what is judged and priced is what is sent.

use std::borrow::Cow;

use memchr::memmem;
use tollgate_model::TaskId;

use crate::callback::Callback;
use crate::credential::Presented;
use crate::incoming::{Incoming, Method};
use crate::json::{self, Kind, Names};
use crate::media::{self, Media};
use crate::misread::{Misread, Unclear};
use crate::operation::{AnswerForm, Call, Carried, Form, Operation, Submit, Verb};
use crate::params::{Params, Place};
use crate::v1::names;
use crate::value::Value;
use crate::{credential, multipart, urlencoded};

/// As much of a body as a guess looks at.
const GUESS: usize = 16 * 1024;
/// Most tasks that one `ids=` names (ARCHITECTURE: tasks).
const MOST_IDS: usize = 100;

/// Reads one request as one operation, or says why not.
///
/// The key may stand in the query, in the body (form, multipart or JSON) and behind `Authorization: Bearer`; all that
/// stand must agree. Parameters may stand in query and body, the same name in one of them only.
///
/// # Errors
/// `ambiguous_request` if it can be read in two ways, `malformed` if it cannot be read, `operation_denied` if it asks for
/// what is not on the list.
pub fn parse<'a>(incoming: &Incoming<'a>) -> Result<Call<'a>, Misread<'a>> {
    let early = |unclear: Unclear| Misread { code: unclear.code, reason: unclear.reason, form: guess_form(incoming), credential: None };
    let params = collect(incoming).map_err(early)?;
    let credential = credential::agreed(params.find("key"), incoming.authorization).map_err(early)?;
    let form = form(&params).map_err(early)?;
    match operation(incoming.path, params) {
        Ok(operation) => Ok(Call { operation, credential, form }),
        Err(unclear) => {
            let credential = (!credential.is_empty()).then_some(credential);
            Err(Misread { code: unclear.code, reason: unclear.reason, form, credential })
        }
    }
}

/// Reads the credential alone, of a request in which nothing else is asked: as strictly as `parse` does.
///
/// # Errors
/// `ambiguous_request` or `malformed`, as `parse`.
pub fn credential<'a>(incoming: &Incoming<'a>) -> Result<Presented<'a>, Misread<'a>> {
    let early = |unclear: Unclear| Misread { code: unclear.code, reason: unclear.reason, form: guess_form(incoming), credential: None };
    let params = collect(incoming).map_err(early)?;
    credential::agreed(params.find("key"), incoming.authorization).map_err(early)
}

/// Guesses the form that the caller wants, for an answer to a request that is not or cannot be read.
pub fn guess_form(incoming: &Incoming<'_>) -> AnswerForm {
    let marks = [&b"json=1"[..], b"\"json\":1", b"\"json\": 1", b"\"json\":true", b"\"json\": true", b"name=\"json\"\r\n\r\n1"];
    let head = incoming.body.get(..incoming.body.len().min(GUESS)).unwrap_or_default();
    let json = [incoming.query, head].iter().any(|text| marks.iter().any(|mark| memmem::find(text, mark).is_some()));
    AnswerForm { json, header_acao: memmem::find(incoming.query, b"header_acao=1").is_some() }
}

fn collect<'a>(incoming: &Incoming<'a>) -> Result<Params<'a>, Unclear> {
    let mut params = Params::default();
    urlencoded::read(incoming.query, Place::Query, &mut params)?;
    match (incoming.method, incoming.body.is_empty()) {
        (_, true) => {}
        (Method::Get, false) => return Err(Unclear::ambiguous("a GET with a body")),
        (Method::Post, false) => match media::read(incoming.content_type)? {
            Media::Form => urlencoded::read(incoming.body, Place::Body, &mut params)?,
            Media::Multipart(boundary) => multipart::read(incoming.body, boundary, &mut params)?,
            Media::Json => flat_json(incoming.body, &mut params)?,
        },
    }
    names::check(&params)?;
    Ok(params)
}

/// Reads a flat object: strings, numbers and booleans are values (`true` is `1`, `false` is `0`, as a form would say), a
/// `null` is as if it were not there, the key is a string, and nothing is nested.
fn flat_json<'a>(body: &'a [u8], params: &mut Params<'a>) -> Result<(), Unclear> {
    let mut outcome = Ok(());
    let read = json::members(body, Names::Plain, |name, raw| {
        let value = match (raw.kind, raw.text) {
            (Kind::Null, _) => return,
            (Kind::String, _) => raw.scalar().map(Value::decoded),
            (Kind::Number | Kind::Bool, _) if name == b"key" => None,
            (Kind::Bool, text) => Some(Value::plain(if text == b"true" { b"1" } else { b"0" })),
            // PHP would turn `1e5` into a float: two texts for one number
            (Kind::Number, text) if text.iter().any(|byte| matches!(byte, b'e' | b'E')) => None,
            (Kind::Number, text) => Some(Value::plain(text)),
            (Kind::Object | Kind::Array, _) => None,
        };
        let added = value
            .ok_or(Unclear::malformed("a JSON value of a kind that does not belong there"))
            .and_then(|value| params.push(name, value, Place::Body));
        if outcome.is_ok() {
            outcome = added;
        }
    });
    read?;
    outcome
}

fn form(params: &Params<'_>) -> Result<AnswerForm, Unclear> {
    let flag = |name| match params.find(name).map(Value::as_sent) {
        None | Some(Some(b"0" | b"")) => Ok(false),
        Some(Some(b"1")) => Ok(true),
        Some(_) => Err(Unclear::malformed("`json` and `header_acao` are 0 or 1")),
    };
    Ok(AnswerForm { json: flag("json")?, header_acao: flag("header_acao")? })
}

fn operation<'a>(path: &[u8], params: Params<'a>) -> Result<Operation<'a>, Unclear> {
    match path {
        b"/in.php" => submit(params).map(Operation::Submit),
        b"/solve.php" => submit(params).map(Operation::SolveNow),
        b"/res.php" => result(&params),
        _ => Err(Unclear::denied("a path that is not on the list")),
    }
}

/// `action` is not a verb here but the name that reCAPTCHA v3 gives to a page's action: it passes by value.
fn submit(mut params: Params<'_>) -> Result<Submit<'_>, Unclear> {
    let (mut method, mut callback, mut text, mut foreign) = (None, None, false, false);
    params.list.retain(|param| {
        match param.name {
            "key" | "json" | "header_acao" => {}
            "method" => method = Some(param.value.as_sent()),
            "pingback" => callback = (!param.value.is_empty()).then(|| Callback::new(param.value.clone())),
            "id" | "ids" | "addr" => foreign = true,
            name => {
                text |= name == "textcaptcha";
                return true;
            }
        }
        false
    });
    if foreign {
        return Err(Unclear::ambiguous("a parameter of `res.php` in a submission"));
    }
    let sent_method = method.map(method_name).transpose()?;
    let image = !params.files.is_empty() || params.list.iter().any(|param| matches!(param.name, "file" | "body"));
    let method = match (sent_method, text) {
        (None, true) if image => return Err(Unclear::ambiguous("a text and an image without `method`")),
        (None, true) => "textcaptcha",
        (Some(method @ ("post" | "textcaptcha")), true) | (Some(method), false) => method,
        (Some(_), true) => return Err(Unclear::ambiguous("a text captcha with another method")),
        (None, false) => return Err(Unclear::malformed("a submission without `method`")),
    };
    let carried = Carried::Form(Form { sent_method, fields: params.list, files: params.files });
    Ok(Submit { method, callback, carried })
}

fn method_name(value: Option<&[u8]>) -> Result<&str, Unclear> {
    let bad = Unclear::malformed("a method that is not a plain word");
    let text = value.and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or(bad)?;
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain && (1..=32).contains(&text.len()) { Ok(text) } else { Err(bad) }
}

/// Of `res.php` nothing passes by value: an answer needs no more than its id.
fn result<'a>(params: &Params<'a>) -> Result<Operation<'a>, Unclear> {
    if !params.files.is_empty() {
        return Err(Unclear::malformed("a file where none belongs"));
    }
    if params.find("pingback").is_some() || params.find("addr").is_some() {
        return Err(Unclear::denied("management of pingbacks"));
    }
    let action = params.find("action").ok_or(Unclear::malformed("`res.php` without `action`"))?;
    let (id, ids) = (params.find("id"), params.find("ids"));
    match (action.as_sent(), id, ids) {
        (_, Some(_), Some(_)) => Err(Unclear::ambiguous("both `id` and `ids`")),
        (Some(b"get"), None, Some(ids)) => many(ids).map(|tasks| Operation::PollMany { tasks }),
        (Some(b"get"), id, None) => Ok(Operation::Poll { task: task(id)?, priced: false }),
        (Some(b"get2"), id, None) => Ok(Operation::Poll { task: task(id)?, priced: true }),
        (Some(b"reportgood"), id, None) => Ok(Operation::Report { task: task(id)?, good: true, verb: Verb::Action }),
        (Some(b"reportbad"), id, None) => Ok(Operation::Report { task: task(id)?, good: false, verb: Verb::Action }),
        (Some(b"getbalance"), None, None) => Ok(Operation::Balance),
        (Some(b"threadsinfo"), None, None) => Ok(Operation::Threads),
        _ => Err(Unclear::denied("an action that is not on the list")),
    }
}

fn task(id: Option<&Value<'_>>) -> Result<TaskId, Unclear> {
    let id = id.ok_or(Unclear::malformed("no `id`"))?;
    id.as_sent().and_then(|text| TaskId::parse(text).ok()).ok_or(Unclear::malformed("an `id` that is not one"))
}

fn many(ids: &Value<'_>) -> Result<Vec<TaskId>, Unclear> {
    let text: Cow<'_, [u8]> = ids.clone().into_bytes();
    let tasks: Result<Vec<_>, _> = text.split(|byte| *byte == b',').map(TaskId::parse).collect();
    match tasks {
        Ok(tasks) if tasks.len() <= MOST_IDS => Ok(tasks),
        Ok(_) => Err(Unclear::malformed("more than 100 `ids`")),
        Err(_) => Err(Unclear::malformed("an id among `ids` that is not one")),
    }
}
