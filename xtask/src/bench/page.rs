//! docs/performance: the figures of the last full run, the page that quotes them, and the plot.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::results::Results;
use super::{plot, table, targets};
use crate::repository::Repository;

const FIGURES: &str = "docs/performance/bench.json";
const PAGE: &str = "docs/performance.md";
const PLOT: &str = "docs/performance/cpu.svg";
/// Between them the page is written by this program.
const BEGIN: &str = "<!-- written by `cargo xtask bench` -->\n";
const END: &str = "<!-- end -->\n";

/// Keeps the figures of a full run, and makes page and plot anew.
pub(crate) fn renew(at: &Repository, figures: &str) -> Result<()> {
    let path = at.root.join(FIGURES);
    fs::create_dir_all(path.parent().context("a file without a folder")?)?;
    fs::write(&path, figures)?;
    println!("wrote {FIGURES}");
    for (path, text) in written(at)? {
        fs::write(at.root.join(&path), text)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// What follows from the kept figures: paths, and what must stand there; nothing where no full run has been kept.
pub(crate) fn written(at: &Repository) -> Result<Vec<(PathBuf, String)>> {
    if !at.root.join(FIGURES).exists() {
        return Ok(Vec::new());
    }
    let read = |path: &str| fs::read_to_string(at.root.join(path)).with_context(|| format!("cannot read {path}"));
    let results: Results = serde_json::from_str(&read(FIGURES)?).with_context(|| format!("{FIGURES} cannot be read"))?;
    let page = replaced(&read(PAGE)?, &block(&results))?;
    Ok(vec![(Path::new(PAGE).to_owned(), page), (Path::new(PLOT).to_owned(), plot::svg(&results))])
}

fn replaced(page: &str, block: &str) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("{PAGE} has lost its line `{}`", BEGIN.trim_end()))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{PAGE} has lost its line `{}`", END.trim_end()))?;
    Ok(format!("{before}{BEGIN}{block}{END}{after}"))
}

fn block(results: &Results) -> String {
    let machine = &results.machine;
    let mut block = format!(
        "\nMeasured on {} on {} processors ({}), {}, load average {:.1} before and {:.1} behind; {}, {}, {}; {} keys, {} rounds.\n\n",
        machine.date,
        machine.processors,
        machine.processor,
        machine.kernel,
        machine.load[0],
        machine.load[1],
        machine.gate,
        machine.nginx,
        machine.haproxy,
        results.keys,
        results.rounds,
    );
    block += "![CPU a request, against bare nginx](performance/cpu.svg)\n\n";
    let tables = [
        targets::table(results),
        table::beside(&results.submit_and_polls),
        table::beside(&results.submit_only),
        table::beside(&results.hot_key),
        table::latencies(&results.one_connection),
        table::latencies(&results.open_loop),
        table::durable(&results.durable),
        table::refusals(&results.refusals),
        table::memory(&results.memory),
        table::counts(&results.counts, Some(&results.together)),
        table::nanoseconds(&results.nanoseconds),
    ];
    for table in tables {
        block += &table.markdown();
        block.push('\n');
    }
    block
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, replaced};

    #[test]
    fn only_what_stands_between_the_marks_is_written() {
        let page = format!("why\n{BEGIN}old\n{END}limits\n");
        assert_eq!(replaced(&page, "new\n").unwrap(), format!("why\n{BEGIN}new\n{END}limits\n"));
        assert!(replaced("why\n", "new\n").is_err());
    }
}
