//! Where in the source do the worker's instructions lie? Read from callgrind's graph of a binary with line tables.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::valgrind;
use crate::bench::float;

/// A file and a line, inlined code at the place where it was written.
pub(super) type Places = HashMap<(String, u32), u64>;

/// Own instructions by place. The format: <https://valgrind.org/docs/manual/cl-format.html>.
pub(super) fn read(graph: &str) -> Places {
    let (mut names, mut places) = (HashMap::new(), Places::new());
    let (mut file, mut line, mut called) = ("", 0, false);
    for row in graph.lines() {
        if let Some(name) = ["fl=", "fi=", "fe="].iter().find_map(|word| row.strip_prefix(word)) {
            file = valgrind::named(&mut names, name);
        } else if let Some(name) = ["cfi=", "cfl="].iter().find_map(|word| row.strip_prefix(word)) {
            // a called function's file has its name here the first time
            valgrind::named(&mut names, name);
        } else if row.starts_with("calls=") {
            called = true;
        } else if let Some((position, cost)) = row.split_once(' ')
            && let Some(next) = moved(line, position)
        {
            line = next;
            // the row behind a call is what the called function cost: it stands with that function
            if !std::mem::take(&mut called)
                && let Ok(cost) = cost.parse::<u64>()
            {
                *places.entry((file.to_owned(), line)).or_default() += cost;
            }
        }
    }
    places
}

/// How many files and lines are shown.
const SHOWN: usize = 60;

/// What each of `requests` added to a run, the most costly files first, then lines.
pub(super) fn difference(what: &str, less: &Places, more: &Places, requests: usize) -> String {
    let mut files: HashMap<&str, f64> = HashMap::new();
    let mut lines = Vec::new();
    for (place, cost) in more {
        let before = less.get(place).copied().unwrap_or_default();
        let each = (float(*cost) - float(before)) / float(requests as u64);
        *files.entry(&place.0).or_default() += each;
        lines.push((format!("{}:{}", place.0, place.1), each));
    }
    let files = files.into_iter().map(|(file, each)| (file.to_owned(), each)).collect();
    [("file", files), ("line", lines)].into_iter().fold(String::new(), |mut text, (kind, rows)| {
        let _ = writeln!(text, "\ninstructions of a {what} by {kind}");
        for (place, each) in most(rows) {
            let _ = writeln!(text, "{each:>9.1}  {place}");
        }
        text
    })
}

fn most(mut rows: Vec<(String, f64)>) -> Vec<(String, f64)> {
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    rows.truncate(SHOWN);
    rows
}

/// A position may be told by its distance from the last one.
fn moved(line: u32, position: &str) -> Option<u32> {
    match position.as_bytes().first()? {
        b'*' => Some(line),
        b'+' => line.checked_add(position[1..].parse().ok()?),
        b'-' => line.checked_sub(position[1..].parse().ok()?),
        _ => position.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Places, read};

    #[test]
    fn own_instructions_stand_where_they_were_written_and_calls_do_not_count() {
        let graph = "fl=(1) a.rs\nfn=(1) f\n10 5\n+2 7\nfi=(2) b.rs\n3 1\nfe=(1)\ncfi=(3) c.rs\ncalls=1 9\n* 900\n* 2\n-1 1\nfi=(3)\n7 4\nsummary: 20\n";
        let place = |file: &str, line, cost| ((file.to_owned(), line), cost);
        let expected: Places = [
            place("a.rs", 10, 5),
            place("a.rs", 12, 7),
            place("b.rs", 3, 1),
            place("a.rs", 3, 2),
            place("a.rs", 2, 1),
            place("c.rs", 7, 4),
        ]
        .into();
        assert_eq!(read(graph), expected);
    }
}
