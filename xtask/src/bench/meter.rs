//! What have a process and its children used? Read from the kernel's own accounts.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// CPU time of all threads of a process and of its children (nginx works in children).
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let mut total = Duration::ZERO;
    for process in family(pid)? {
        for thread in fs::read_dir(format!("/proc/{process}/task")).with_context(|| format!("process {process} has ended"))? {
            total += on_processor(&fs::read_to_string(thread?.path().join("schedstat"))?)?;
        }
    }
    Ok(total)
}

/// CPU time of this thread: the load generator's.
pub(crate) fn own_cpu() -> Result<Duration> {
    on_processor(&fs::read_to_string("/proc/thread-self/schedstat")?)
}

/// Nanoseconds on a processor, then waiting, then slices (Documentation/scheduler/sched-stats.rst).
fn on_processor(schedstat: &str) -> Result<Duration> {
    schedstat.split(' ').next().and_then(|word| word.parse().ok()).map(Duration::from_nanos).context("schedstat cannot be read")
}

/// Memory of a process and its children, what they share counted once where the kernel lets us see it (`Pss`).
pub(crate) fn memory_kib(pid: u32) -> Result<u64> {
    let mut total = 0;
    for process in family(pid)? {
        // a process that forbids core dumps shows its own to root only
        let shares = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok().and_then(|text| kib(&text, "Pss:"));
        let whole = || kib(&fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmRSS:");
        total += shares.or_else(whole).with_context(|| format!("process {process} does not tell its memory"))?;
    }
    Ok(total)
}

fn kib(text: &str, field: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(field))?.trim().trim_end_matches(" kB").parse().ok()
}

fn family(pid: u32) -> Result<Vec<u32>> {
    let mut all = vec![pid];
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let children = fs::read_to_string(thread?.path().join("children"))?;
        all.extend(children.split_whitespace().filter_map(|word| word.parse::<u32>().ok()));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{kib, on_processor};

    #[test]
    fn the_kernels_accounts_are_read() {
        assert_eq!(on_processor("1500 20 3\n").unwrap().as_nanos(), 1500);
        assert_eq!(kib("Rss:  7 kB\nPss:      12 kB\n", "Pss:"), Some(12));
        assert_eq!(kib("", "Pss:"), None);
    }
}
