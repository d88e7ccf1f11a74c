//! `tollgate books`: money of unknown outcome, and corrections.

use serde_json::{Map, Value, json};

use crate::args::Books;
use crate::desk::{Desk, in_path, no_secret};
use crate::exit::Outcome;
use crate::print;

/// Runs one of the verbs.
pub(crate) fn run(books: &Books, desk: &Desk, json: bool) -> Outcome {
    match books {
        Books::Adjust { key, up, down, on, reason, id } => {
            let said = [("key", Some(no_secret(key)?)), ("up", up.as_deref()), ("down", down.as_deref()), ("on", on.as_deref())];
            let said = said.into_iter().chain([("reason", Some(&**reason)), ("id", id.as_deref())]);
            let body: Map<String, Value> = said.filter_map(|(name, text)| Some((name.to_owned(), text?.into()))).collect();
            let answer = desk.call("POST", "/v1/books/adjust", Some(&body.into()))?;
            if json {
                return print::json(&answer);
            }
            let [id, on, amount] = ["/id", "/on", "/amount"].map(|place| print::text(&answer, place));
            let amount = amount.trim_end_matches('0').trim_end_matches('.');
            let when = if answer.get("repeated") == Some(&Value::Bool(true)) { "was corrected before" } else { "is corrected" };
            print::lines(&format!("{key}: what it has spent on {on} {when} by {amount} dollars; `tollgate explain {id}` tells why\n"))
        }
        Books::Unknown => unknown(&desk.call("GET", "/v1/books/unknown", None)?, json),
        Books::Resolve { request, cost, reason } => {
            let body = json!({ "cost": cost, "reason": reason });
            let answer = desk.call("POST", &format!("/v1/books/{}/resolve", in_path(request)?), Some(&body))?;
            if json {
                return print::json(&answer);
            }
            let (held, settled) = (print::dollars(&answer, "/held"), print::dollars(&answer, "/settled"));
            print::lines(&format!("{request}: {held} were held, {settled} are spent\n"))
        }
    }
}

fn unknown(answer: &Value, json: bool) -> Outcome {
    if json {
        return print::json(answer);
    }
    let empty = Vec::new();
    let rows = answer.get("unknown").and_then(Value::as_array).unwrap_or(&empty).iter().map(|one| {
        let words = ["/request", "/key", "/upstream", "/method"].map(|place| print::text(one, place));
        [words.to_vec(), vec![print::dollars(one, "/held"), print::instant(one, "/at")]].concat()
    });
    let head = ["request", "key", "upstream", "method", "held", "since"];
    print::lines(&print::table(&head, &rows.collect::<Vec<_>>(), "no purchase is of unknown outcome"))
}
