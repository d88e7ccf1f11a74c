//! What stands in the audit log after the kills?

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The request ids of all intents.
pub(super) fn intents(audit: &Path) -> Result<BTreeSet<String>> {
    let found = tollgate_audit::find(audit, b"\"action\":\"intent\"", usize::MAX)?;
    Ok(found.iter().filter_map(|line| line.value.pointer("/tollgate/request_id")?.as_str().map(str::to_owned)).collect())
}

/// How many cuts of half lines are recorded.
pub(super) fn cuts(audit: &Path) -> Result<usize> {
    Ok(tollgate_audit::find(audit, b"\"action\":\"journal_tail_cut\"", usize::MAX)?.len())
}

/// Leaves half a line at the end of a lane, as a power cut would: SIGKILL alone seldom does.
pub(super) fn tear(audit: &Path) -> Result<()> {
    let longest = lanes(audit)?.into_iter().max_by_key(|path| fs::metadata(path).map_or(0, |data| data.len())).context("no lane")?;
    let whole = fs::read(&longest)?;
    let first = whole.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let half = first.get(..first.len() / 2).unwrap_or_default();
    Ok(fs::OpenOptions::new().append(true).open(longest)?.write_all(half)?)
}

/// How many files end within a line.
pub(super) fn half_lines(audit: &Path) -> Result<usize> {
    let mut half = 0;
    for path in lanes(audit)? {
        half += usize::from(fs::read(path)?.last().is_some_and(|byte| *byte != b'\n'));
    }
    Ok(half)
}

fn lanes(audit: &Path) -> Result<Vec<PathBuf>> {
    let files = fs::read_dir(audit)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let is_lane = |path: &PathBuf| {
        path.extension().is_some_and(|kind| kind == "jsonl") && path.file_name().is_some_and(|name| name != "checkpoints.jsonl")
    };
    Ok(files.into_iter().filter(is_lane).collect())
}
