//! `tollgate books`: money of unknown outcome.

use serde_json::{Value, json};

use crate::args::Books;
use crate::desk::{Desk, in_path};
use crate::exit::Outcome;
use crate::print;

/// Runs one of the verbs.
pub(crate) fn run(books: &Books, desk: &Desk, json: bool) -> Outcome {
    match books {
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
