//! `tollgate usage`: what was spent.

use serde_json::Value;

use crate::args::Usage;
use crate::desk::Desk;
use crate::exit::{Failed, Outcome};
use crate::print;

/// Prints the sums.
pub(crate) fn run(asked: &Usage, desk: &Desk, json: bool) -> Outcome {
    let span = match &asked.month {
        Some(month) => format!("month={}", plain(month)?),
        None => format!("since={}", plain(&asked.since)?),
    };
    let answer = desk.call("GET", &format!("/v1/usage?by={}&{span}", asked.by), None)?;
    if json {
        return print::json(&answer);
    }
    let empty = Vec::new();
    let row = |label: String, sum: &Value| {
        vec![
            label,
            print::text(sum, "/tasks"),
            print::dollars(sum, "/settled"),
            print::dollars(sum, "/held"),
            print::dollars(sum, "/unknown"),
            print::dollars(sum, "/excess"),
            print::text(sum, "/thread_seconds"),
            print::dollars(sum, "/plan"),
        ]
    };
    let rows = answer.get("rows").and_then(Value::as_array).unwrap_or(&empty);
    let mut lines: Vec<_> = rows.iter().map(|sum| row(print::text(sum, &format!("/{}", asked.by)), sum)).collect();
    if let (Some(total), false) = (answer.get("total"), lines.is_empty()) {
        lines.push(row("total".to_owned(), total));
    }
    let mut head = vec![asked.by.as_str(), "tasks", "settled", "held", "unknown", "excess", "thread-seconds", "plan"];
    // a plan is paid for by the month: without one, or of another span, there is nothing to share
    if lines.iter().all(|line| line.last().is_none_or(|plan| plan == "-")) {
        head.pop();
        for line in &mut lines {
            line.pop();
        }
    }
    print::lines(&print::table(&head, &lines, "nothing was spent in that time"))
}

/// A word that stands in a query as it is.
fn plain(word: &str) -> Result<&str, Failed> {
    if word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        Ok(word)
    } else {
        Err(Failed::usage(format!("`{word}` is no time")).hint("such as `7d`, or `--month 2026-11`"))
    }
}
