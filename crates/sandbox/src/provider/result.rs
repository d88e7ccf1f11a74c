//! What does `res.php` answer: results, the balance, the threads, reports, pingbacks?

use tokio::time::Instant;
use tollgate_model::Money;

use super::method::solution;
use crate::answer::{Code, Said, Solution, plain};
use crate::books::{Found, Reported, Terms};
use crate::fields::Fields;
use crate::mode::Outcome;
use crate::state::Inner;

/// Answers by the `action` parameter.
pub(super) fn answer(inner: &mut Inner, now: Instant, fields: &Fields) -> Result<Said, Code> {
    match fields.text("action").unwrap_or_default() {
        "get" => match fields.filled("ids") {
            Some(ids) => several(inner, now, ids),
            None => get(inner, now, fields).map(|(solution, _)| Said::Solved { solution, price: None }),
        },
        "get2" => get(inner, now, fields).map(|(solution, price)| Said::Solved { solution, price: Some(price) }),
        "getbalance" => Ok(Said::Bare(plain(inner.books.balance()))),
        "threadsinfo" => Ok(Said::Threads { all: inner.mode.threads, working: inner.books.working() }),
        "reportgood" => report(inner, fields, true),
        "reportbad" => report(inner, fields, false),
        "add_pingback" => {
            let address = fields.filled("addr").ok_or("ERROR_IP_ADDRES")?;
            inner.pingbacks.push(address.to_owned());
            Ok(Said::Bare("OK".into()))
        }
        "get_pingback" => Ok(Said::Accepted(inner.pingbacks.join("|"))),
        "del_pingback" => {
            let address = fields.filled("addr").ok_or("ERROR_IP_ADDRES")?;
            inner.pingbacks.retain(|known| address != "all" && known != address);
            Ok(Said::Bare("OK".into()))
        }
        _ => Err("ERROR_EMPTY_ACTION"),
    }
}

/// Reads a task's answer and what it cost.
pub(super) fn read(inner: &mut Inner, now: Instant, id: u64) -> Result<(Solution, Money), Code> {
    let mode = &inner.mode;
    let terms = Terms { unsolvable: mode.outcome == Outcome::Unsolvable, cost: mode.final_cost(), refund: mode.refund_unsolvable };
    match inner.books.read(now, id, &terms) {
        Found::Unknown => Err("ERROR_WRONG_CAPTCHA_ID"),
        Found::NotReady => Err("CAPCHA_NOT_READY"),
        Found::Unsolvable => Err("ERROR_CAPTCHA_UNSOLVABLE"),
        Found::Solved { form, charged } => Ok((solution(form, id, inner.mode.answer.as_deref()), charged)),
    }
}

fn get(inner: &mut Inner, now: Instant, fields: &Fields) -> Result<(Solution, Money), Code> {
    read(inner, now, parse_id(fields.text("id").unwrap_or_default())?)
}

/// Several answers, or the words for why not, joined in the order of their ids.
fn several(inner: &mut Inner, now: Instant, ids: &str) -> Result<Said, Code> {
    let ids: Vec<u64> = ids.split(',').map(parse_id).collect::<Result<_, _>>()?;
    let words: Vec<String> =
        ids.into_iter().map(|id| read(inner, now, id).map_or_else(str::to_owned, |(solution, _)| solution.text())).collect();
    Ok(Said::Bare(words.join("|")))
}

fn report(inner: &mut Inner, fields: &Fields, good: bool) -> Result<Said, Code> {
    match inner.books.report(parse_id(fields.text("id").unwrap_or_default())?, good) {
        Reported::Unknown => Err("ERROR_WRONG_CAPTCHA_ID"),
        Reported::TooEarly => Err("ERROR_REPORT_NOT_RECORDED"),
        Reported::Twice => Err("ERROR_DUPLICATE_REPORT"),
        Reported::Recorded => Ok(Said::Bare("OK_REPORT_RECORDED".into())),
    }
}

fn parse_id(text: &str) -> Result<u64, Code> {
    text.parse().map_err(|_| "ERROR_WRONG_ID_FORMAT")
}
