//! Is the provider's body text or JSON, and what stands in it?

use std::borrow::Cow;

use smallvec::SmallVec;
use tollgate_model::{Money, TaskId};

use crate::decimal::{self, Rounding};
use crate::json::{self, Kind, Names, Raw};
use crate::reading::{Price, Said, Words};

/// Members that a caller may see (PROTOCOLS B.1.2; `useragent` is 2Captcha's spelling). Others stay here: they may be about
/// the account.
const SHOWN: [&str; 4] = ["request", "result", "user_agent", "useragent"];

/// The provider's body.
#[expect(clippy::large_enum_variant, reason = "one lives on the stack for the length of a reading; a box would cost an allocation")]
pub(super) enum Body<'b> {
    /// Text without the white space at its end.
    Text {
        text: &'b [u8],
        /// Whether the last field behind `OK|` may be a price.
        priced: bool,
    },
    /// A JSON object's known members.
    Json {
        accepted: bool,
        shown: SmallVec<[(&'static str, Raw<'b>); 4]>,
        error_text: Option<Raw<'b>>,
        price: Option<Raw<'b>>,
        threads: Option<Raw<'b>>,
        working: Option<Raw<'b>>,
    },
}

impl<'b> Body<'b> {
    pub(super) fn read(body: &'b [u8], priced: bool) -> Result<Self, &'static str> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
        match body.first() {
            None => Err("an empty body"),
            Some(b'{') => Self::json(body),
            Some(b'<') => Err("a page instead of an answer"),
            Some(_) if std::str::from_utf8(body).is_err() => Err("text that is not UTF-8"),
            Some(_) => Ok(Self::Text { text: body, priced }),
        }
    }

    fn json(body: &'b [u8]) -> Result<Self, &'static str> {
        let (mut status, mut shown) = (None, SmallVec::new());
        let (mut error_text, mut price, mut threads, mut working) = (None, None, None, None);
        json::members(body, Names::Any, |name, raw| match name {
            b"status" => status = Some(raw),
            b"error_text" => error_text = Some(raw),
            b"price" => price = Some(raw),
            b"threads" => threads = Some(raw),
            b"working_threads" => working = Some(raw),
            other => {
                if let Some(name) = SHOWN.iter().find(|shown| shown.as_bytes() == other) {
                    shown.push((*name, raw));
                }
            }
        })
        .map_err(|_| "a body that is not JSON")?;
        let accepted = match status.and_then(|raw| raw.scalar()).as_deref() {
            Some(b"1") => true,
            Some(b"0") => false,
            _ => return Err("JSON without a status of 0 or 1"),
        };
        Ok(Self::Json { accepted, shown, error_text, price, threads, working })
    }

    /// The word that the body consists of, if it is text or a JSON string.
    pub(super) fn word(&self) -> Option<&'b [u8]> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Json { shown, .. } => match member(shown, "request")?.scalar()? {
                Cow::Borrowed(word) => Some(word),
                Cow::Owned(_) => None,
            },
        }
    }

    pub(super) fn error_text(&self) -> Option<Raw<'b>> {
        match self {
            Self::Text { .. } => None,
            Self::Json { error_text, .. } => error_text.filter(|raw| raw.kind == Kind::String),
        }
    }

    /// What was said behind `OK|` or beside `"status":1`.
    pub(super) fn accepted(self) -> Option<Said<'b>> {
        match self {
            Self::Text { text, priced } => {
                let text = text.strip_prefix(b"OK|")?;
                let (text, price) = if priced { split_price(text) } else { (text, None) };
                Some(Said { words: Words::Text(text), price: price.map(Price::Text) })
            }
            Self::Json { accepted: true, shown, price, .. } => {
                let answered = member(&shown, "request").or(member(&shown, "result")).is_some_and(|raw| raw.kind != Kind::Null);
                let price = price.filter(|raw| matches!(raw.kind, Kind::String | Kind::Number)).map(Price::Json);
                answered.then_some(Said { words: Words::Json(shown), price })
            }
            Self::Json { accepted: false, .. } => None,
        }
    }

    /// The same, where text may also come without `OK|` (`ids=`).
    pub(super) fn loose(self) -> Option<Said<'b>> {
        match self {
            Self::Text { text, .. } => Some(Said { words: Words::Text(text.strip_prefix(b"OK|").unwrap_or(text)), price: None }),
            json @ Self::Json { .. } => json.accepted(),
        }
        .filter(|said| !said.plain().is_empty())
    }

    pub(super) fn balance(&self) -> Option<Money> {
        let text = match self {
            Self::Text { text, .. } => text.strip_prefix(b"OK|").unwrap_or(text),
            Self::Json { accepted: true, .. } => self.word()?,
            Self::Json { accepted: false, .. } => return None,
        };
        match text.strip_prefix(b"-") {
            Some(owed) => decimal::money(owed, Rounding::Up)?.nanos().checked_neg().map(Money::from_nanos),
            None => decimal::money(text, Rounding::Down),
        }
    }

    pub(super) fn threads(&self) -> Option<(u32, u32)> {
        let Self::Json { accepted: true, threads: Some(threads), working: Some(working), .. } = self else { return None };
        let count = |raw: &Raw<'_>| std::str::from_utf8(&raw.scalar()?).ok()?.parse().ok();
        Some((count(threads)?, count(working)?))
    }
}

impl<'b> Said<'b> {
    /// The answer as text: a string's meaning, anything else as its JSON.
    pub(crate) fn plain(&self) -> Cow<'b, [u8]> {
        match &self.words {
            Words::Text(text) => Cow::Borrowed(text),
            Words::Json(members) => {
                let first = members.iter().find(|(_, raw)| raw.kind != Kind::Null);
                first.map(|(_, raw)| raw.scalar().unwrap_or(Cow::Borrowed(raw.text))).unwrap_or_default()
            }
        }
    }

    /// The task's id, said as a string or a number.
    pub(super) fn task(&self) -> Option<TaskId> {
        match &self.words {
            Words::Text(text) => TaskId::parse(text).ok(),
            Words::Json(members) => match member(members, "request")? {
                raw if matches!(raw.kind, Kind::String | Kind::Number) => TaskId::parse(&raw.scalar()?).ok(),
                _ => None,
            },
        }
    }

    /// The price that was said, rounded up to a nano-dollar.
    pub(super) fn money(&self) -> Option<Money> {
        self.price.and_then(|price| decimal::money(&price.text(), Rounding::Up))
    }
}

fn member<'b>(members: &[(&'static str, Raw<'b>)], name: &str) -> Option<Raw<'b>> {
    members.iter().find(|(other, _)| *other == name).map(|(_, raw)| *raw)
}

/// `answer|0.00299`: the last field is the price if it is a decimal with a point; an answer may itself hold `|`.
fn split_price(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let Some(at) = memchr::memrchr(b'|', text) else { return (text, None) };
    let (answer, tail) = text.split_at(at);
    let price = tail.get(1..).unwrap_or_default();
    let is_price = price.contains(&b'.') && decimal::money(price, Rounding::Up).is_some();
    if is_price { (answer, Some(price)) } else { (text, None) }
}
