//! What did the provider answer? One JSON object; whatever is not exactly an answer is unusable.

use std::borrow::Cow;

use smallvec::SmallVec;
use tollgate_model::{Money, TaskId};

use super::words;
use crate::decimal::{self, Rounding};
use crate::json::{self, Kind, Names, Raw};
use crate::operation::Operation;
use crate::profile::Profile;
use crate::reading::{Price, Reading, Refused, Said, Words};
use crate::words::{WordClass, is_not_ready};

/// Members that a caller may see, in the order in which they are said again. Others stay here: they may be about the account.
const SHOWN: [&str; 8] = ["status", "taskId", "solution", "cost", "ip", "createTime", "endTime", "solveCount"];

/// The members that are looked at.
#[derive(Default)]
struct Body<'b> {
    error_id: Option<Raw<'b>>,
    error_code: Option<Raw<'b>>,
    description: Option<Raw<'b>>,
    balance: Option<Raw<'b>>,
    shown: [Option<Raw<'b>>; SHOWN.len()],
}

/// Reads the provider's answer to an operation that was encoded with this profile.
///
/// `errorId` 0 is an answer, any other number beside a word is a refusal. Only 200, and 4xx with a known word, are answers
/// (CapSolver refuses with 400 and 401). Money: as in v1, only a known word that is said before any work returns the hold of a
/// submission.
pub fn read<'b>(operation: &Operation<'_>, profile: &Profile, status: u16, body: &'b [u8]) -> Reading<'b> {
    let body = match Body::read(body) {
        Ok(body) => body,
        Err(reason) => return Reading::Unusable(reason),
    };
    match (body.number(), body.word()) {
        (Some(0), None | Some("")) if status == 200 => outcome(operation, profile, &body),
        (Some(0), None | Some("")) => Reading::Unusable("a status that is not 200"),
        (Some(1..), Some(word)) => refusal(operation, profile, status, &body, word),
        _ => Reading::Unusable("neither an answer nor a word"),
    }
}

fn refusal<'b>(operation: &Operation<'_>, profile: &Profile, status: u16, body: &Body<'b>, word: &'b str) -> Reading<'b> {
    if is_not_ready(word.as_bytes()) && status == 200 && matches!(operation, Operation::Poll { .. }) {
        return Reading::NotReady;
    }
    match (status, words::find(word)) {
        (200 | 400..=499, Some((word, class))) if class != WordClass::Unknown || status == 200 => {
            let text = body.description.filter(|raw| raw.kind == Kind::String);
            let refused = Refused::of(operation, profile, word, class).with_text(text);
            Reading::Refused(Refused { number: body.number(), ..refused })
        }
        _ => Reading::Unusable("a word that is none, or a status that is not 200"),
    }
}

fn outcome<'b>(operation: &Operation<'_>, profile: &Profile, body: &Body<'b>) -> Reading<'b> {
    let price = if profile.priced_poll() { body.price() } else { None };
    match operation {
        Operation::Submit(_) => match (body.task(), body.answer()) {
            (Some(task), true) => Reading::Solved { task, price, said: body.said() },
            (Some(task), false) => Reading::Submitted { task, said: body.said() },
            (None, _) => Reading::Unusable("no task id where one belongs"),
        },
        Operation::Poll { .. } if body.answer() => Reading::Answer { price, said: body.said() },
        Operation::Poll { .. } => match body.status() {
            Some(b"processing" | b"idle") => Reading::NotReady,
            _ => Reading::Unusable("neither an answer nor a word"),
        },
        Operation::Balance => body.money().map_or(Reading::Unusable("a balance that is no amount"), Reading::Balance),
        Operation::Report { .. } => Reading::ReportTaken,
        Operation::SolveNow(_) | Operation::PollMany { .. } | Operation::Threads => Reading::Unusable("no call of this dialect"),
    }
}

impl<'b> Body<'b> {
    fn read(text: &'b [u8]) -> Result<Self, &'static str> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii();
        match text.first() {
            None => return Err("an empty body"),
            Some(b'<') => return Err("a page instead of an answer"),
            Some(_) => {}
        }
        let mut body = Self::default();
        json::members(text, Names::Any, |name, raw| match name {
            _ if raw.kind == Kind::Null => {}
            b"errorId" => body.error_id = Some(raw),
            b"errorCode" => body.error_code = Some(raw),
            b"errorDescription" => body.description = Some(raw),
            b"balance" => body.balance = Some(raw),
            other => {
                let place = SHOWN.iter().zip(&mut body.shown).find(|(name, _)| name.as_bytes() == other);
                if let Some((_, place)) = place {
                    *place = Some(raw);
                }
            }
        })
        .map_err(|_| "a body that is not JSON")?;
        Ok(body)
    }

    fn shown(&self, name: &str) -> Option<Raw<'b>> {
        SHOWN.iter().zip(self.shown).find(|(other, _)| **other == name).and_then(|(_, raw)| raw)
    }

    /// A whole number; CapSolver and others have it as one, and a text of digits is as good.
    fn number(&self) -> Option<u16> {
        std::str::from_utf8(&self.error_id?.scalar()?).ok()?.parse().ok()
    }

    fn word(&self) -> Option<&'b str> {
        std::str::from_utf8(self.error_code?.plain()?).ok()
    }

    fn status(&self) -> Option<&'b [u8]> {
        self.shown("status")?.plain()
    }

    /// Whether it says that the task is solved, and has what solves it.
    fn answer(&self) -> bool {
        self.status() == Some(b"ready") && self.shown("solution").is_some()
    }

    fn task(&self) -> Option<TaskId> {
        match self.shown("taskId")? {
            raw if matches!(raw.kind, Kind::String | Kind::Number) => TaskId::parse(&raw.scalar()?).ok(),
            _ => None,
        }
    }

    /// Exactly what was said, rounded up to a nano-dollar.
    fn price(&self) -> Option<Money> {
        let cost = self.shown("cost").filter(|raw| matches!(raw.kind, Kind::String | Kind::Number))?;
        decimal::money(&Price::Json(cost).text(), Rounding::Up)
    }

    fn money(&self) -> Option<Money> {
        let text: Cow<'_, [u8]> = self.balance.filter(|raw| matches!(raw.kind, Kind::String | Kind::Number))?.scalar()?;
        match text.strip_prefix(b"-") {
            Some(owed) => decimal::money(owed, Rounding::Up)?.nanos().checked_neg().map(Money::from_nanos),
            None => decimal::money(&text, Rounding::Down),
        }
    }

    fn said(&self) -> Said<'b> {
        let members: SmallVec<_> = SHOWN.into_iter().zip(self.shown).filter_map(|(name, raw)| Some((name, raw?))).collect();
        Said { words: Words::Json(members), price: None }
    }
}
