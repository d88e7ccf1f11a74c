//! Which operation is this, exactly? A path of the list, and a JSON object of which every member is known.

use std::borrow::Cow;

use tollgate_model::TaskId;

use super::task::{self, Beside, Task, no_key};
use crate::callback::Callback;
use crate::credential;
use crate::incoming::{Incoming, Method};
use crate::json::{self, Kind, Names, Raw};
use crate::media::{self, Media};
use crate::misread::{Misread, Unclear};
use crate::operation::{AnswerForm, Call, Carried, Operation, Submit, Verb};
use crate::profile::Profile;
use crate::value::Value;

/// Every answer is JSON.
pub const FORM: AnswerForm = AnswerForm { json: true, header_acao: false };

/// A path of the list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Path {
    CreateTask,
    GetTaskResult,
    GetBalance,
    Report(Verb),
}

/// The members of a call, each once; what is not here does not belong there.
#[derive(Default)]
struct Members<'a> {
    key: Option<Raw<'a>>,
    task: Option<Raw<'a>>,
    task_id: Option<Raw<'a>>,
    callback: Option<Raw<'a>>,
    result: Option<Raw<'a>>,
    beside: Beside<'a>,
}

/// Reads one request as one operation, or says why not.
///
/// The key stands in `clientKey`, behind `Authorization: Bearer`, or in both, and then it is the same. A member that is `null`
/// is as if it were not there (`callbackUrl: null`, as python-rucaptcha and python3-capsolver send). Whose program calls
/// (`softId`, `appId`) passes by value with a submission, and is understood elsewhere.
///
/// # Errors
/// `ambiguous_request` if it can be read in two ways, `malformed` if it cannot be read, `operation_denied` if it asks for
/// what is not on the list.
pub fn parse<'a>(incoming: &Incoming<'a>, profile: &Profile) -> Result<Call<'a>, Misread<'a>> {
    let early = |unclear: Unclear| Misread { code: unclear.code, reason: unclear.reason, form: FORM, credential: None };
    let path = path(incoming.path, profile).map_err(early)?;
    let members = collect(incoming, path).map_err(early)?;
    let key = members.key.map(key).transpose().map_err(early)?;
    let credential = credential::agreed(key.as_ref(), incoming.authorization).map_err(early)?;
    match operation(path, members) {
        Ok(operation) => Ok(Call { operation, credential, form: FORM }),
        Err(unclear) => {
            let credential = (!credential.is_empty()).then_some(credential);
            Err(Misread { code: unclear.code, reason: unclear.reason, form: FORM, credential })
        }
    }
}

fn path(path: &[u8], profile: &Profile) -> Result<Path, Unclear> {
    let reports = profile.v2().map_or(&[][..], |v2| &v2.reports);
    match path {
        b"/createTask" => Ok(Path::CreateTask),
        b"/getTaskResult" => Ok(Path::GetTaskResult),
        b"/getBalance" => Ok(Path::GetBalance),
        path => {
            let verb = reports.iter().find(|verb| path.strip_prefix(b"/").is_some_and(|name| name == verb.path().as_bytes()));
            verb.map(|verb| Path::Report(*verb)).ok_or(Unclear::denied("a path that is not on the list"))
        }
    }
}

fn collect<'a>(incoming: &Incoming<'a>, path: Path) -> Result<Members<'a>, Unclear> {
    if incoming.method != Method::Post {
        return Err(Unclear::malformed("a call by GET: this dialect is spoken by POST"));
    }
    if !incoming.query.is_empty() {
        return Err(Unclear::ambiguous("a query where none belongs"));
    }
    // a body without a type is JSON here: nothing else is spoken
    if incoming.content_type.is_some() && media::read(incoming.content_type)? != Media::Json {
        return Err(Unclear::malformed("a body that is not called JSON"));
    }
    let (mut members, mut outcome) = (Members::default(), Ok(()));
    json::members(incoming.body, Names::Plain, |name, raw| {
        if outcome.is_ok() {
            outcome = members.take(path, name, raw);
        }
    })?;
    outcome.map(|()| members)
}

impl<'a> Members<'a> {
    fn take(&mut self, path: Path, name: &'a [u8], raw: Raw<'a>) -> Result<(), Unclear> {
        let place = match (name, path) {
            (b"clientKey", _) => &mut self.key,
            (b"task", Path::CreateTask) => &mut self.task,
            (b"callbackUrl", Path::CreateTask) => &mut self.callback,
            (b"languagePool", Path::CreateTask) => return self.beside("languagePool", raw, is_word),
            (b"appId", _) => return self.beside("appId", raw, is_short),
            // the second and third are python-rucaptcha's and YesCaptcha's spellings
            (b"softId" | b"soft_id" | b"softID", _) => return self.beside("softId", raw, is_short),
            (b"taskId", Path::GetTaskResult | Path::Report(_)) => &mut self.task_id,
            (b"result", Path::Report(Verb::FeedbackTask)) => &mut self.result,
            _ => return Err(unknown(name)),
        };
        // a key that is null is no key, and not as if there were none
        if raw.kind != Kind::Null || name == b"clientKey" {
            *place = Some(raw);
        }
        Ok(())
    }

    fn beside(&mut self, name: &'static str, raw: Raw<'a>, fits: fn(Raw<'_>) -> bool) -> Result<(), Unclear> {
        if raw.kind == Kind::Null {
            return Ok(());
        }
        if self.beside.iter().any(|(other, _)| *other == name) {
            return Err(Unclear::ambiguous("a member that stands twice, in two spellings"));
        }
        if !fits(raw) {
            return Err(Unclear::malformed("a JSON value of a kind that does not belong there"));
        }
        no_key(raw)?;
        self.beside.push((name, raw));
        Ok(())
    }
}

/// `en`, `rn`, and whatever word of that form comes.
fn is_word(raw: Raw<'_>) -> bool {
    let plain = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-');
    raw.plain().is_some_and(|text| text.len() <= 16 && plain(text))
}

/// A number, or a short text.
fn is_short(raw: Raw<'_>) -> bool {
    matches!(raw.kind, Kind::Number | Kind::String) && raw.text.len() <= 64
}

/// A name that folds to one with a meaning is taken for it by somebody.
fn unknown(name: &[u8]) -> Unclear {
    const KNOWN: [&str; 12] =
        ["clientkey", "task", "callbackurl", "languagepool", "taskid", "result", "softid", "appid", "key", "apikey", "token", "pingback"];
    match task::plain_name(name).map(task::fold) {
        Ok(folded) if KNOWN.contains(&&*folded) => Unclear::ambiguous("a member that could be taken for another"),
        Ok(_) => Unclear::malformed("a member that does not belong there"),
        Err(unclear) => unclear,
    }
}

fn key(raw: Raw<'_>) -> Result<Value<'_>, Unclear> {
    let text = raw.scalar().filter(|_| raw.kind == Kind::String);
    text.map(Value::decoded).ok_or(Unclear::malformed("a `clientKey` that is no string"))
}

fn operation(path: Path, members: Members<'_>) -> Result<Operation<'_>, Unclear> {
    match path {
        Path::CreateTask => submit(members).map(Operation::Submit),
        Path::GetTaskResult => Ok(Operation::Poll { task: task_id(&members)?, priced: true }),
        Path::GetBalance => Ok(Operation::Balance),
        Path::Report(verb) => {
            let good = match verb {
                Verb::FeedbackTask => !is_invalid(members.result.ok_or(Unclear::malformed("a report without `result`"))?)?,
                verb => verb.is_good(),
            };
            Ok(Operation::Report { task: task_id(&members)?, good, verb })
        }
    }
}

fn submit(members: Members<'_>) -> Result<Submit<'_>, Unclear> {
    let task = Task::read(members.task.ok_or(Unclear::malformed("a submission without `task`"))?, members.beside)?;
    let callback = members.callback.map(callback).transpose()?.flatten();
    Ok(Submit { method: task.kind, callback, carried: Carried::Task(task) })
}

/// An empty one is none, as with v1's `pingback`.
fn callback(raw: Raw<'_>) -> Result<Option<Callback<'_>>, Unclear> {
    no_key(raw)?;
    let url = raw.scalar().filter(|_| raw.kind == Kind::String).ok_or(Unclear::malformed("a `callbackUrl` that is no string"))?;
    Ok((!url.is_empty()).then(|| Callback::new(Value::decoded(url))))
}

/// A whole number or a string; numbers as strings are as good.
fn task_id(members: &Members<'_>) -> Result<TaskId, Unclear> {
    let bad = Unclear::malformed("a `taskId` that is not one");
    let raw = members.task_id.ok_or(Unclear::malformed("no `taskId`"))?;
    let text = match (raw.kind, raw.scalar()) {
        (Kind::Number, Some(text)) if text.iter().all(u8::is_ascii_digit) => text,
        (Kind::String, Some(Cow::Borrowed(text))) => Cow::Borrowed(text),
        _ => return Err(bad),
    };
    TaskId::parse(&text).map_err(|_| bad)
}

/// `feedbackTask`'s `result`: `invalid` says all that is passed on; `code` and `message` are the caller's own words.
fn is_invalid(result: Raw<'_>) -> Result<bool, Unclear> {
    let bad = Unclear::malformed("a `result` that is not one");
    let (mut invalid, mut strange) = (None, result.kind != Kind::Object);
    if !strange {
        json::members(result.text, Names::Plain, |name, raw| match (name, raw.kind) {
            (b"invalid", Kind::Bool) => invalid = Some(raw.text == b"true"),
            (b"code" | b"message", Kind::Number | Kind::String | Kind::Null) => {}
            _ => strange = true,
        })?;
    }
    invalid.filter(|_| !strange).ok_or(bad)
}
