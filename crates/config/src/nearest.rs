//! Which known name was meant?

/// The known name that is the fewest edits away, if a third of its letters or fewer are wrong.
pub(crate) fn nearest<'n>(written: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let written = written.to_ascii_lowercase();
    known
        .into_iter()
        .map(|name| (edits(&written, name), name))
        .filter(|(edits, name)| *edits <= (name.len() / 3).max(1))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn edits(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, here) in one.iter().enumerate() {
        let mut next = vec![line + 1];
        for (column, there) in other.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&row, column) + usize::from(here != there);
            let mut least = replaced.min(at(&row, column + 1) + 1).min(at(&next, column) + 1);
            let swapped = line > 0 && column > 0 && one.get(line - 1) == Some(there) && other.get(column - 1) == Some(here);
            if swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_the_name_that_was_meant() {
        let known = ["listener", "upstream", "network", "drain", "cap"];
        for (written, meant) in [
            ("listner", Some("listener")),
            ("listeners", Some("listener")),
            ("Upstream", Some("upstream")),
            ("upstraem", Some("upstream")),
            ("dtain", Some("drain")),
            ("caps", Some("cap")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
        assert_eq!((edits("abc", "acb"), edits("abc", ""), edits("", "abc"), edits("abc", "abc")), (1, 3, 3, 0));
    }
}
