//! System calls of the worker's thread, from a trace with one file a thread.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::TRIES;
use super::run::{Ground, Stretch, patiently, text};

/// How the gate names its first worker's thread.
const WORKER: &str = "worker-0";

/// Runs the gate under strace.
pub(super) fn count(ground: &Ground, stretch: Stretch) -> Result<[u64; 1]> {
    patiently("strace", TRIES, || {
        let out = ground.place.join("strace");
        let words = ["-f", "-ff", "-qq", "-o", &out.to_string_lossy()].map(str::to_owned);
        let mut run = ground.start("strace", &words).context("hint: as root, `apt-get install strace`")?;
        run.drive(stretch)?;
        let gate = run.gate().context("strace has no child")?;
        let worker = thread(gate)?;
        // strace ends with what it traces, and not before
        Command::new("sh").args(["-c", &format!("kill -TERM {gate}")]).status()?;
        ensure!(run.child.wait()?.success(), "the gate did not end well under strace");
        Ok([calls(&text(&ground.place.join(format!("strace.{worker}")))?)])
    })
}

/// Each call begins a line; a signal or an end does not. A wait that ends with its time is the clock's, not
/// a request's; one without a time only looks.
fn calls(trace: &str) -> u64 {
    let calls = trace.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_'));
    calls.filter(|line| !(line.starts_with("epoll_wait") && line.contains(", [], ") && !line.contains(", 0) "))).count() as u64
}

fn thread(pid: u32) -> Result<u32> {
    for task in fs::read_dir(Path::new("/proc").join(pid.to_string()).join("task"))? {
        let task = task?;
        if fs::read_to_string(task.path().join("comm"))?.trim_end() == WORKER {
            return task.file_name().to_string_lossy().parse().context("a thread without a number");
        }
    }
    anyhow::bail!("the gate has no thread `{WORKER}`")
}

#[cfg(test)]
mod tests {
    use super::calls;

    #[test]
    fn a_call_is_a_line_and_a_signal_or_an_end_is_none() {
        let trace =
            "epoll_wait(5, [], 1024, 0)    = 0\nrecvfrom(9, \"GET\", 8192, 0, NULL, NULL) = 3\n--- SIGTERM {} ---\n+++ exited with 0 +++\n";
        assert_eq!(calls(trace), 2);
        assert_eq!(calls("epoll_wait(5, [], 1024, 0)    = 0\n"), 1);
    }
}
