//! User instructions and allocations of the worker's thread, from callgrind's call graph.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::TRIES;
use super::run::{Ground, Stretch, patiently, text};
use crate::bench::end_well;

/// What every function of the gate's crate has in its symbol; the worker is the thread with most of them.
const GATEWAY: &str = "tollgate_gateway";
/// By which the system's allocator is entered.
const ALLOCATORS: &[&str] = &["malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"];

/// Runs the gate under callgrind: instructions, allocations.
pub(super) fn count(ground: &Ground, stretch: Stretch) -> Result<[u64; 2]> {
    graph(ground, stretch).and_then(|graph| read(&graph))
}

/// The worker's call graph of one run.
pub(super) fn graph(ground: &Ground, stretch: Stretch) -> Result<String> {
    patiently("callgrind", TRIES, || {
        let out = ground.place.join("callgrind");
        let words = ["--tool=callgrind", "--separate-threads=yes", &format!("--callgrind-out-file={}", out.display())].map(str::to_owned);
        let mut run = ground.start("valgrind", &words).context("hint: as root, `apt-get install valgrind`")?;
        run.drive(stretch)?;
        end_well(&mut run.child)?;
        worker(&ground.place)
    })
}

/// One file a thread: `callgrind-01`, `callgrind-02`, ….
fn worker(place: &Path) -> Result<String> {
    let mut graphs = Vec::new();
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("callgrind-") {
            graphs.push(text(&entry.path())?);
        }
    }
    graphs.into_iter().max_by_key(|graph| graph.matches(GATEWAY).count()).context("callgrind has written nothing")
}

/// The format: <https://valgrind.org/docs/manual/cl-format.html>.
fn read(graph: &str) -> Result<[u64; 2]> {
    let mut names: HashMap<&str, &str> = HashMap::new();
    let (mut called, mut instructions, mut allocations) = ("", None, 0);
    for line in graph.lines() {
        if let Some(total) = line.strip_prefix("summary: ") {
            instructions = total.trim().parse().ok();
        } else if let Some(function) = line.strip_prefix("fn=") {
            named(&mut names, function);
        } else if let Some(function) = line.strip_prefix("cfn=") {
            called = named(&mut names, function);
        } else if let Some(calls) = line.strip_prefix("calls=")
            && ALLOCATORS.contains(&called)
        {
            allocations += calls.split(' ').next().and_then(|count| count.parse::<u64>().ok()).context("calls without a number")?;
        }
    }
    Ok([instructions.context("callgrind has summed nothing up")?, allocations])
}

/// A name stands behind its number the first time only, and functions and files have numbers of their own.
pub(super) fn named<'g>(names: &mut HashMap<&'g str, &'g str>, function: &'g str) -> &'g str {
    let (number, name) = function.split_once(' ').unwrap_or((function, ""));
    if !name.is_empty() {
        // a recursive call has its depth behind it
        names.insert(number, name.split('\'').next().unwrap_or_default());
    }
    names.get(number).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn instructions_are_the_sum_and_allocations_the_calls_of_the_allocator() {
        let graph = "fn=(1) tollgate_gateway::walk\n10 500\ncob=(2) libc.so.6\ncfn=(7) malloc\ncalls=12 0\n10 900\ncfn=(8) memcpy\ncalls=99 0\n\
                     fn=(3) other\ncfn=(7)\ncalls=3 0\ncfn=(9) realloc'2\ncalls=4 0\nfn=(7)\n1 1\nsummary: 123456\n";
        assert_eq!(read(graph).unwrap(), [123_456, 19]);
        assert!(read("fn=(1) a\n").is_err());
    }
}
