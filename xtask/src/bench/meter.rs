//! What have a process and its children used? Read from the kernel's own accounts.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// CPU time of all threads of a process and of its children (nginx works in children).
pub(super) fn cpu(pid: u32) -> Result<Duration> {
    let mut total = Duration::ZERO;
    for process in family(pid)? {
        for thread in fs::read_dir(format!("/proc/{process}/task")).with_context(|| format!("process {process} has ended"))? {
            // nanoseconds on a processor, then waiting, then slices (Documentation/scheduler/sched-stats.rst)
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            let nanos = text.split(' ').next().and_then(|word| word.parse().ok()).context("schedstat cannot be read")?;
            total += Duration::from_nanos(nanos);
        }
    }
    Ok(total)
}

/// Resident memory of a process and its children.
pub(super) fn memory_kib(pid: u32) -> Result<u64> {
    let mut total = 0;
    for process in family(pid)? {
        let text = fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        total += line.trim().trim_end_matches(" kB").parse::<u64>()?;
    }
    Ok(total)
}

fn family(pid: u32) -> Result<Vec<u32>> {
    let mut all = vec![pid];
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let children = fs::read_to_string(thread?.path().join("children"))?;
        all.extend(children.split_whitespace().filter_map(|word| word.parse::<u32>().ok()));
    }
    Ok(all)
}
