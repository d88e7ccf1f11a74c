//! How does the provider say a thing: as plain text, or as JSON when `json=1` was asked for?

use serde_json::{Map, Value, json};
use tollgate_model::Money;

use crate::mode::Family;
use crate::provider::task;

/// The content type of everything that is said in JSON.
const JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
/// The browser that an answer is valid for, where that is told.
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) Sandbox/1.0";

/// An answer on its way out.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn json(status: u16, page: &Value) -> Self {
        Self::new(status, JSON, page.to_string())
    }

    pub(crate) fn html(status: u16, page: &str) -> Self {
        Self::new(status, HTML, page)
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::new(status, TEXT, "")
    }
}

/// The provider's word for why not; also `CAPCHA_NOT_READY`.
pub(crate) type Code = &'static str;

/// A solved task's answer and the members it stands in.
pub(crate) struct Solution {
    /// A text, or an object or list that some methods answer with.
    pub(crate) answer: Value,
    pub(crate) request: bool,
    /// CaptchaAI's enterprise and Cloudflare answers.
    pub(crate) result: bool,
    pub(crate) user_agent: bool,
}

/// What the provider says when it does not refuse.
pub(crate) enum Said {
    /// `OK|…`
    Accepted(String),
    /// The bare word: a balance, `OK_REPORT_RECORDED`.
    Bare(String),
    /// The price with `get2` only.
    Solved { solution: Solution, price: Option<Money> },
    /// The plan's threads and those in work.
    Threads { all: u32, working: usize },
    /// v2: the members behind `errorId`.
    Object(Map<String, Value>),
}

/// How the caller wants it said.
#[derive(Clone, Copy)]
pub(crate) struct Speech {
    pub(crate) json: bool,
    /// `header_acao=1`: pages of any origin may read the answer.
    pub(crate) any_origin: bool,
    /// JSON of dialect v2, as this family says it.
    pub(crate) v2: Option<Family>,
}

impl Speech {
    pub(crate) fn say(self, said: &Result<Said, Code>) -> Answer {
        if let Some(family) = self.v2 {
            return task::say(family, said);
        }
        let mut answer = if self.json { Answer::json(200, &as_json(said)) } else { Answer::new(200, TEXT, as_text(said)) };
        if self.any_origin {
            answer.headers.push(("access-control-allow-origin", "*".into()));
        }
        answer
    }
}

impl Solution {
    pub(crate) fn new(answer: impl Into<Value>) -> Self {
        Self { answer: answer.into(), request: true, result: false, user_agent: false }
    }

    pub(crate) fn text(&self) -> String {
        self.answer.as_str().map_or_else(|| self.answer.to_string(), str::to_owned)
    }

    fn members(&self, price: Option<Money>) -> Map<String, Value> {
        let mut page = Map::new();
        page.insert("status".into(), json!(1));
        if self.request {
            page.insert("request".into(), self.answer.clone());
        }
        if self.result {
            page.insert("result".into(), self.answer.clone());
        }
        if self.user_agent {
            page.insert("user_agent".into(), json!(USER_AGENT));
        }
        if let Some(price) = price {
            page.insert("price".into(), json!(plain(price)));
        }
        page
    }
}

fn as_text(said: &Result<Said, Code>) -> String {
    match said {
        Ok(Said::Accepted(word)) => format!("OK|{word}"),
        Ok(Said::Bare(word)) => word.clone(),
        Ok(Said::Solved { solution, price: None }) => format!("OK|{}", solution.text()),
        Ok(Said::Solved { solution, price: Some(price) }) => format!("OK|{}|{}", solution.text(), plain(*price)),
        Ok(Said::Threads { all, working }) => format!("OK|{all}|{working}"),
        Ok(Said::Object(members)) => json!(members).to_string(),
        Err(code) => (*code).to_owned(),
    }
}

fn as_json(said: &Result<Said, Code>) -> Value {
    match said {
        Ok(Said::Accepted(word) | Said::Bare(word)) => json!({"status": 1, "request": word}),
        Ok(Said::Solved { solution, price }) => Value::Object(solution.members(*price)),
        Ok(Said::Threads { all, working }) => json!({"status": 1, "threads": all.to_string(), "working_threads": working.to_string()}),
        Ok(Said::Object(members)) => Value::Object(members.clone()),
        Err(code) => json!({"status": 0, "request": code}),
    }
}

/// An amount as the providers print it: `1.234`, no digits that say nothing.
pub(crate) fn plain(amount: Money) -> String {
    let text = amount.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_printed_without_empty_digits() {
        for (nanos, text) in [(2_900_000, "0.0029"), (10_000_000_000, "10"), (0, "0"), (-1_500_000_000, "-1.5")] {
            assert_eq!(plain(Money::from_nanos(nanos)), text);
        }
    }
}
