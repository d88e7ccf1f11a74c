//! What does the provider answer in JSON: `createTask`, `getTaskResult`, `getBalance`, reports, and what no gate should let through?

use std::net::IpAddr;

use hyper::http::request::Parts;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use tollgate_model::Money;

use super::method::Form;
use super::result::read;
use crate::answer::{Answer, Code, Said, plain};
use crate::books::{Reported, Upload};
use crate::mode::{Family, Outcome, Pricing};
use crate::state::Inner;

/// A call by the name of its path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    CreateTask,
    GetTaskResult,
    GetBalance,
    Report {
        good: bool,
    },
    FeedbackTask,
    /// Moves balance to another account.
    SendFunds,
}

/// The body as a lenient reader has it (of a name that stands twice, the last), and the key of the header.
pub(crate) struct Asked {
    body: Value,
    header: Option<String>,
}

/// Types that the provider knows, and what each must be given.
const TYPES: [(&str, &str, Form); 12] = [
    ("ImageToTextTask", "body", Form::Text),
    ("NoCaptchaTaskProxyless", "websiteKey", Form::Recaptcha),
    ("RecaptchaV2Task", "websiteKey", Form::Recaptcha),
    ("RecaptchaV2TaskProxyless", "websiteKey", Form::Recaptcha),
    ("RecaptchaV2EnterpriseTaskProxyless", "websiteKey", Form::Recaptcha),
    ("RecaptchaV3TaskProxyless", "websiteKey", Form::Recaptcha),
    ("ReCaptchaV2Task", "websiteKey", Form::Recaptcha),
    ("ReCaptchaV2TaskProxyLess", "websiteKey", Form::Recaptcha),
    ("ReCaptchaV3TaskProxyLess", "websiteKey", Form::Recaptcha),
    ("TurnstileTaskProxyless", "websiteKey", Form::Token),
    ("AntiTurnstileTaskProxyLess", "websiteKey", Form::Token),
    ("FunCaptchaTaskProxyless", "websitePublicKey", Form::Token),
];

/// Every UUID of a task ends in its number.
const UUID: &str = "61138bb6-19fb-41ec-a9c8-";

impl Method {
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        match name {
            b"createTask" => Some(Self::CreateTask),
            b"getTaskResult" => Some(Self::GetTaskResult),
            b"getBalance" => Some(Self::GetBalance),
            b"reportCorrect" | b"reportCorrectRecaptcha" => Some(Self::Report { good: true }),
            b"reportIncorrect" | b"reportIncorrectImageCaptcha" | b"reportIncorrectRecaptcha" | b"reportIncorrectHcaptcha" => {
                Some(Self::Report { good: false })
            }
            b"feedbackTask" => Some(Self::FeedbackTask),
            b"sendFunds" => Some(Self::SendFunds),
            _ => None,
        }
    }
}

impl Asked {
    pub(crate) fn read(head: &Parts, body: &[u8]) -> Self {
        let header = head.headers.get("authorization").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Self { body: serde_json::from_slice(body).unwrap_or_default(), header }
    }

    pub(crate) fn key(&self) -> &str {
        self.body.get("clientKey").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whoever shows a key in the header too shows the same one.
    pub(crate) fn keys_agree(&self) -> bool {
        self.header.as_deref().is_none_or(|header| header.strip_prefix("Bearer ") == Some(self.key()))
    }

    fn task_id(&self, family: Family) -> Option<u64> {
        match (family, self.body.get("taskId")?) {
            (Family::Anticaptcha, id) => id.as_u64(),
            (Family::Capsolver, id) => id.as_str()?.strip_prefix(UUID)?.parse().ok(),
        }
    }
}

/// Answers a call; the key has been looked at.
pub(super) fn answer(inner: &mut Inner, now: Instant, peer: IpAddr, method: Method, asked: &Asked) -> Result<Said, Code> {
    let family = inner.mode.family;
    let page = match method {
        Method::CreateTask => return create(inner, now, peer, asked),
        Method::GetTaskResult => {
            let id = asked.task_id(family).ok_or("ERROR_WRONG_CAPTCHA_ID")?;
            return Ok(Said::Object(solved(inner, now, peer, id)?));
        }
        Method::GetBalance => {
            let balance: Value = serde_json::from_str(&plain(inner.books.balance())).unwrap_or_default();
            match family {
                Family::Anticaptcha => json!({"balance": balance, "captchaCredits": 0}),
                // a second credential, which no gate may pass on
                Family::Capsolver => json!({"balance": balance, "packages": [{"packageId": "p1", "token": "CAP-SANDBOX-TOKEN"}]}),
            }
        }
        Method::Report { good } => report(inner, asked, good)?,
        Method::FeedbackTask => {
            let invalid = asked.body.pointer("/result/invalid").and_then(Value::as_bool).ok_or("ERROR_BAD_PARAMETERS")?;
            report(inner, asked, !invalid)?
        }
        Method::SendFunds => {
            inner.transfers.push(asked.body.get("amount").cloned().unwrap_or_default());
            json!({"status": "success"})
        }
    };
    Ok(Said::Object(members(page)))
}

fn create(inner: &mut Inner, now: Instant, peer: IpAddr, asked: &Asked) -> Result<Said, Code> {
    let task = asked.body.get("task").ok_or("ERROR_TASK_ABSENT")?;
    let kind = task.get("type").and_then(Value::as_str).unwrap_or_default();
    let (_, needed, form) = *TYPES.iter().find(|(name, ..)| *name == kind).ok_or("ERROR_TASK_NOT_SUPPORTED")?;
    if task.get(needed).and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err("ERROR_BAD_PARAMETERS");
    }
    let price = inner.mode.price_of(kind);
    if inner.mode.pricing == Pricing::Task && inner.books.balance() < price {
        return Err("ERROR_ZERO_BALANCE");
    }
    if inner.books.working() >= inner.mode.threads as usize {
        return Err("ERROR_NO_SLOT_AVAILABLE");
    }
    let doomed = inner.mode.outcome == Outcome::Unsolvable;
    let id = inner.books.upload(now, &Upload { key: asked.key(), form, price, solve_time: inner.mode.solve_time(), doomed });
    Ok(Said::Object(match (inner.mode.family, form) {
        (Family::Anticaptcha, _) => members(json!({"taskId": id})),
        // what a machine recognises is answered at once
        (Family::Capsolver, Form::Text) => {
            let mut page = solved(inner, now + inner.mode.solve_time(), peer, id)?;
            page.insert("taskId".into(), json!(uuid(id)));
            page
        }
        (Family::Capsolver, _) => members(json!({"taskId": uuid(id), "status": "idle"})),
    }))
}

fn solved(inner: &mut Inner, now: Instant, peer: IpAddr, id: u64) -> Result<Map<String, Value>, Code> {
    let (solution, cost) = read(inner, now, id)?;
    let answer = solution.answer;
    let name = match answer.as_str() {
        Some(text) if text.starts_with("03AGdBq2") => "gRecaptchaResponse",
        Some(_) => "text",
        None => "answer",
    };
    let mut page = members(json!({"status": "ready", "solution": {name: answer, "token": solution_token(id)}}));
    if inner.mode.family == Family::Anticaptcha {
        page.extend(members(json!({
            "cost": six_places(cost),
            "ip": peer.to_string(),
            "createTime": 1_472_205_564,
            "endTime": 1_472_205_570,
            "solveCount": "0",
        })));
    }
    Ok(page)
}

/// `0.000700`, as its page shows one; more digits where there are more.
fn six_places(cost: Money) -> String {
    let text = cost.to_string();
    text.strip_suffix("000").unwrap_or(&text).to_owned()
}

fn solution_token(id: u64) -> String {
    format!("SANDBOX-TOKEN-{id}")
}

fn report(inner: &mut Inner, asked: &Asked, good: bool) -> Result<Value, Code> {
    let id = asked.task_id(inner.mode.family).ok_or("ERROR_WRONG_CAPTCHA_ID")?;
    match inner.books.report(id, good) {
        Reported::Unknown => Err("ERROR_WRONG_CAPTCHA_ID"),
        Reported::TooEarly => Err("ERROR_REPORT_NOT_RECORDED"),
        Reported::Twice => Err("ERROR_DUPLICATE_REPORT"),
        Reported::Recorded => Ok(json!({"status": "success"})),
    }
}

fn uuid(id: u64) -> String {
    format!("{UUID}{id:012}")
}

fn members(page: Value) -> Map<String, Value> {
    match page {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The same answer with this text for its solution.
pub(super) fn marked(said: &Map<String, Value>, text: &str) -> Map<String, Value> {
    let mut said = said.clone();
    let place = if said.contains_key("solution") { "solution" } else { "errorDescription" };
    said.insert(place.into(), if place == "solution" { json!({ "text": text }) } else { json!(text) });
    said
}

/// Says it as this family does.
pub(crate) fn say(family: Family, said: &Result<Said, Code>) -> Answer {
    let (code, description) = match said {
        Ok(Said::Object(said)) => {
            let mut page = members(json!({"errorId": 0}));
            page.extend(said.clone());
            return Answer::json(200, &Value::Object(page));
        }
        Err("CAPCHA_NOT_READY") => return Answer::json(200, &json!({"errorId": 0, "status": "processing"})),
        Err(code) => (*code, *code),
        Ok(Said::Accepted(text) | Said::Bare(text)) => ("ERROR_BAD_PARAMETERS", text.as_str()),
        Ok(Said::Solved { .. } | Said::Threads { .. }) => ("ERROR_NO_SUCH_METHOD", "no call of this dialect"),
    };
    let (number, code) = in_v2(family, code);
    let status = match (family, code) {
        (Family::Anticaptcha, _) => 200,
        (Family::Capsolver, "ERROR_KEY_DOES_NOT_EXIST") => 401,
        (Family::Capsolver, _) => 400,
    };
    Answer::json(status, &json!({"errorId": number, "errorCode": code, "errorDescription": description}))
}

/// The words and numbers of v2; CapSolver's number is always 1.
fn in_v2(family: Family, code: &str) -> (u16, &str) {
    let (number, word) = match code {
        "ERROR_KEY_DOES_NOT_EXIST" | "ERROR_WRONG_USER_KEY" => (1, "ERROR_KEY_DOES_NOT_EXIST"),
        "ERROR_NO_SLOT_AVAILABLE" => (2, code),
        "ERROR_ZERO_BALANCE" => (10, code),
        "ERROR_IP_NOT_ALLOWED" => (11, code),
        "ERROR_CAPTCHA_UNSOLVABLE" => (12, code),
        "ERROR_WRONG_CAPTCHA_ID" => (16, if family == Family::Capsolver { "ERROR_TASKID_INVALID" } else { "ERROR_NO_SUCH_CAPCHA_ID" }),
        "ERROR: 1004" => (21, "ERROR_IP_BLOCKED"),
        "ERROR_TASK_ABSENT" => (22, code),
        "ERROR_TASK_NOT_SUPPORTED" => (23, code),
        "ERROR_BAD_PARAMETERS" => (110, code),
        other => (1, other),
    };
    (if family == Family::Capsolver { 1 } else { number }, word)
}
