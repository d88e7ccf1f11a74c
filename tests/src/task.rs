//! Dialect v2 as a caller speaks it: one JSON object there, one back.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::http::{Answer, exchange};
use crate::request::{JSON, post};

/// A caller of one gate with one key.
#[derive(Clone, Debug)]
pub struct Caller {
    at: SocketAddr,
    key: String,
    /// Further header lines.
    pub headers: String,
}

impl Caller {
    /// A caller that shows its key in the body alone.
    pub fn new(at: SocketAddr, key: &str) -> Self {
        Self { at, key: key.to_owned(), headers: JSON.to_owned() }
    }

    /// A caller that shows it in the header too, as CapSolver's SDK does.
    pub fn bearer(at: SocketAddr, key: &str) -> Self {
        Self { headers: format!("{JSON}Authorization: Bearer {key}\r\n"), ..Self::new(at, key) }
    }

    /// One call, with these members behind the key.
    pub fn ask(&self, path: &str, mut members: Value) -> Result<Said> {
        members.as_object_mut().context("members are an object")?.insert("clientKey".into(), json!(self.key));
        self.send(path, &members.to_string())
    }

    /// One call with a body as it is written.
    pub fn send(&self, path: &str, body: &str) -> Result<Said> {
        let answer = Answer::parse(&exchange(self.at, post(path, &self.headers, body).as_bytes())?)?;
        let page = serde_json::from_str(&answer.body).with_context(|| format!("no JSON: {:?}", answer.body))?;
        Ok(Said { answer, page })
    }

    /// Buys a task of this type; gives its id.
    pub fn buy(&self, kind: &str) -> Result<Value> {
        let said = self.ask("/createTask", task(kind))?;
        ensure!(said.at("errorId") == &json!(0), "{}", said.answer.body);
        Ok(said.at("taskId").clone())
    }

    /// Asks for a task's answer.
    pub fn poll(&self, id: &Value) -> Result<Said> {
        self.ask("/getTaskResult", json!({ "taskId": id }))
    }

    /// What is left, as this caller is told.
    pub fn balance(&self) -> Result<String> {
        Ok(self.ask("/getBalance", json!({}))?.at("balance").to_string())
    }
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Said {
    /// With its head.
    pub answer: Answer,
    /// The body.
    pub page: Value,
}

impl Said {
    /// A member of the body, by its path; null where there is none.
    pub fn at(&self, path: &str) -> &Value {
        self.page.pointer(&format!("/{path}")).unwrap_or(&Value::Null)
    }

    /// The gate's code, the number and the word of a refusal.
    pub fn refusal(&self) -> (Option<&str>, u64, &str) {
        (self.answer.denied(), self.at("errorId").as_u64().unwrap_or(0), self.at("errorCode").as_str().unwrap_or_default())
    }

    /// Everything that a caller sees but the request's own id.
    pub fn outside(&self) -> String {
        let headers: Vec<_> = self.answer.headers.iter().filter(|(name, _)| name != "tollgate-request-id").collect();
        format!("{} {headers:?} {}", self.answer.status, self.answer.body.replace(self.answer.id(), "ID"))
    }
}

/// The members of a submission of this type, as every provider wants them.
pub fn task(kind: &str) -> Value {
    json!({ "task": { "type": kind, "websiteURL": "https://example.com/", "websiteKey": "k", "body": "aGVsbG8=" } })
}
