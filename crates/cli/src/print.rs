//! How is an answer printed? Aligned columns for people, the API's own JSON for programs.

use std::io::{self, Write};

use anyhow::Context;
use serde_json::Value;

use crate::exit::Outcome;

/// The API's answer, unchanged, on one line.
pub(crate) fn json(answer: &Value) -> Outcome {
    lines(&format!("{answer}\n"))
}

/// Text on stdout; a reader that has gone away is an end, not a failure.
pub(crate) fn lines(text: &str) -> Outcome {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written.context("cannot write to stdout")?),
    }
}

/// Columns as wide as they need to be; a table of nothing says so.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>], nothing: &str) -> String {
    if rows.is_empty() {
        return format!("{nothing}\n");
    }
    let mut all: Vec<Vec<String>> = vec![head.iter().map(ToString::to_string).collect()];
    all.extend(rows.iter().cloned());
    let width = |column: usize| all.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for row in &all {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A text of the answer; `-` where there is none.
pub(crate) fn text(value: &Value, place: &str) -> String {
    match value.pointer(place) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// An instant in milliseconds or text, to the second.
pub(crate) fn instant(value: &Value, place: &str) -> String {
    let text = text(value, place);
    match text.split_once('.') {
        Some((whole, _)) if text.ends_with('Z') => format!("{whole}Z"),
        _ => text,
    }
}

/// Dollars without the zeros behind the cent.
pub(crate) fn dollars(value: &Value, place: &str) -> String {
    let text = text(value, place);
    let trimmed = text.trim_end_matches('0');
    match trimmed.split_once('.') {
        Some((_, digits)) => format!("${trimmed}{}", "0".repeat(2_usize.saturating_sub(digits.len()))),
        None => text,
    }
}

/// Words of a list.
pub(crate) fn words(value: &Value, place: &str) -> String {
    match value.pointer(place) {
        Some(Value::Array(words)) if words.is_empty() => "-".to_owned(),
        Some(Value::Array(words)) => {
            words.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect::<Vec<_>>().join(", ")
        }
        _ => text(value, place),
    }
}

/// Where limits stand.
pub(crate) fn limits(shown: &Value) -> String {
    let empty = Vec::new();
    let rows = shown.get("limits").and_then(Value::as_array).unwrap_or(&empty).iter().map(|limit| {
        let amount = |name: &str| if text(limit, "/unit") == "usd" { dollars(limit, name) } else { text(limit, name) };
        let raised = instant(limit, "/raised_until");
        let kind = text(limit, "/limit");
        let kind = if raised == "-" { kind } else { format!("{kind} (raised until {raised})") };
        vec![text(limit, "/scope"), kind, amount("/used"), amount("/left"), instant(limit, "/resets_at")]
    });
    table(&["of", "limit", "used", "left", "resets"], &rows.collect::<Vec<_>>(), "no limits")
}

/// When caps begin anew, the next few times; days on which clocks are changed are marked.
pub(crate) fn resets(shown: &Value) -> String {
    let empty = Vec::new();
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let limits = shown.get("limits").and_then(Value::as_array).unwrap_or(&empty).iter();
    let lines = limits.filter_map(|limit| {
        let resets: Vec<_> = list(limit, "next_resets")
            .iter()
            .map(|reset| match text(reset, "/odd_hours").as_str() {
                "-" => instant(reset, "/at"),
                hours => format!("{} (behind {hours} hours: clocks change)", instant(reset, "/at")),
            })
            .collect();
        (!resets.is_empty())
            .then(|| format!("{} of the {} begins anew {}\n", text(limit, "/limit"), text(limit, "/scope"), resets.join(", ")))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn money_keeps_its_cents_and_every_digit_that_says_something() {
        let shown = |text: &str| dollars(&json!({ "cost": text }), "/cost");
        assert_eq!(["1.000000000", "0.002900000", "12.340000000"].map(shown), ["$1.00", "$0.0029", "$12.34"]);
        assert_eq!(dollars(&json!({}), "/cost"), "-");
    }

    #[test]
    fn a_table_is_as_wide_as_its_words_and_an_empty_one_says_so() {
        let rows = [vec!["checkout".to_owned(), "$1.00".to_owned()], vec!["ci".to_owned(), "-".to_owned()]];
        assert_eq!(table(&["key", "spent"], &rows, "none"), "key       spent\ncheckout  $1.00\nci        -\n");
        assert_eq!(table(&["key"], &[], "no keys yet"), "no keys yet\n");
    }
}
