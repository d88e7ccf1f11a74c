//! What has grown too long? Files over 300 production lines, functions over 60; `sizes.txt` excuses some, and only shrinks.

mod measure;

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use self::measure::{FILE_LINES, FUNCTION_LINES, measure};
use crate::repository::Repository;

/// The excused, relative to the root: a line is `NUMBER PATH` or `NUMBER PATH FUNCTION`.
const LIST: &str = "xtask/sizes.txt";
const HEAD: &str = "# What is longer than it should be, with its lines. This list only shrinks: `cargo xtask sizes --shrink`.\n";

/// Fails beyond the list, and where the list excuses more than is needed.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let found = long_ones(at)?;
    let list = fs::read_to_string(at.root.join(LIST)).with_context(|| format!("cannot read {LIST}"))?;
    let excused = read(&list)?;
    if words.first().is_some_and(|word| word == "--shrink") {
        let kept = excused.iter().filter_map(|(name, most)| found.get(name).map(|lines| format!("{} {name}\n", lines.min(most))));
        fs::write(at.root.join(LIST), HEAD.to_owned() + &kept.collect::<String>())?;
        return Ok(());
    }
    let wrong = compare(&found, &excused);
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("no file over {FILE_LINES} lines, no function over {FUNCTION_LINES}, beyond {} excused", excused.len());
    Ok(())
}

fn long_ones(at: &Repository) -> Result<BTreeMap<String, usize>> {
    let mut found = BTreeMap::new();
    for path in at.rust_files()? {
        let text = fs::read_to_string(at.root.join(&path)).with_context(|| format!("cannot read {}", path.display()))?;
        found.extend(measure(&path.to_string_lossy(), &text));
    }
    Ok(found)
}

fn read(list: &str) -> Result<BTreeMap<String, usize>> {
    list.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (lines, name) = line.split_once(' ').with_context(|| format!("{LIST}: `{line}` is not `NUMBER PATH [FUNCTION]`"))?;
            Ok((name.to_owned(), lines.parse().with_context(|| format!("{LIST}: `{lines}` is not a number"))?))
        })
        .collect()
}

fn compare(found: &BTreeMap<String, usize>, excused: &BTreeMap<String, usize>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, lines) in found {
        match excused.get(name) {
            None => wrong.push(format!("{name}: {lines} lines\nhint: split it by the questions it answers")),
            Some(most) if lines > most => wrong.push(format!("{name}: {lines} lines, {most} are excused")),
            Some(_) => {}
        }
    }
    for (name, most) in excused {
        let now = found.get(name).copied().unwrap_or(0);
        if now < *most {
            wrong.push(format!("{name}: {most} lines excused, {now} needed\nhint: `cargo xtask sizes --shrink`"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::{compare, read};

    #[test]
    fn growth_beyond_the_list_and_slack_in_the_list_are_both_named() {
        let found = read("310 a.rs\n70 b.rs f\n").unwrap();
        let excused = read("# head\n305 a.rs\n80 b.rs f\n400 gone.rs\n").unwrap();
        let wrong = compare(&found, &excused);
        assert_eq!(wrong.len(), 3);
        assert!(wrong[0].starts_with("a.rs: 310 lines, 305 are excused"));
        assert!(wrong[1].starts_with("b.rs f: 80 lines excused, 70 needed"));
        assert!(wrong[2].starts_with("gone.rs: 400 lines excused, 0 needed"));
    }

    #[test]
    fn what_is_new_is_not_excused() {
        let wrong = compare(&read("301 new.rs\n").unwrap(), &read("").unwrap());
        assert!(wrong[0].starts_with("new.rs: 301 lines"));
    }
}
