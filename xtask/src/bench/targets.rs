//! What we hold the gate to, and where it stands.

use super::figure::float;
use super::gate::GATE;
use super::peers::{BARE, FLOOR, HAND};
use super::results::{Latencies, Results};
use super::table::Table;

/// A figure that must not be higher, and what it is hoped to be.
struct Target {
    figure: &'static str,
    must: f64,
    aim: f64,
    found: Option<f64>,
}

pub(crate) fn table(results: &Results) -> Table {
    let rows = targets(results).into_iter().map(|Target { figure, must, aim, found }| {
        let stands = match found {
            None => "not measured",
            Some(found) if found <= aim => "at its aim",
            Some(found) if found <= must => "met",
            Some(_) => "**missed**",
        };
        let number = |value: f64| if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") };
        vec![figure.to_owned(), found.map_or_else(|| "–".to_owned(), number), number(must), number(aim), stands.to_owned()]
    });
    Table::new("where the gate stands".to_owned(), &["", "measured", "must", "aim", ""], rows.collect())
}

fn targets(results: &Results) -> Vec<Target> {
    let row = |figure, must, aim, found| Target { figure, must, aim, found };
    let (mixed, submit, counts) = (&results.submit_and_polls, &results.submit_only, &results.counts);
    let norm = |section: &super::results::Beside, name| section.against(name).map(|ratio| ratio.norm.median);
    let ratio = |section: &Latencies| section.rows.iter().find(|row| row.name == GATE).map(|row| row.ratio.median);
    let memory = results.memory.iter().find(|row| row.name == GATE);
    let refused = results.refusals.iter().find(|row| row.name == GATE);
    let power = results.durable.iter().find(|row| row.name.contains("power"));
    vec![
        row("CPU ÷ nginx bare, submit and two polls", 0.95, 0.78, norm(mixed, BARE)),
        row("CPU ÷ nginx bare, submit only", 1.05, 0.85, norm(submit, BARE)),
        row("CPU ÷ nginx by hand, submit and two polls", 0.80, 0.65, norm(mixed, HAND)),
        row("CPU ÷ nginx by hand, submit only", 0.90, 0.72, norm(submit, HAND)),
        row("CPU ÷ byte copy, submit and two polls", 1.35, 1.12, norm(mixed, FLOOR)),
        row("user instructions of a submission", 20_000.0, 14_000.0, Some(counts.submission.instructions)),
        row("user instructions of a poll", 14_000.0, 10_000.0, Some(counts.poll.instructions)),
        row("system calls of a submission, 16 connections", 5.0, 4.3, Some(results.together.submission)),
        row("system calls of a poll, 16 connections", 4.4, 4.2, Some(results.together.poll)),
        row("allocations of a submission", 4.0, 0.0, Some(counts.submission.allocations)),
        row("allocations of a poll", 4.0, 0.0, Some(counts.poll.allocations)),
        row("p50 ÷ nginx bare, one connection", 1.10, 0.88, ratio(&results.one_connection)),
        row("p99 ÷ nginx bare, open loop", 1.25, 0.90, ratio(&results.open_loop)),
        row("judgement of one key, ns", 300.0, 150.0, Some(float(results.nanoseconds.judgement))),
        row("p99 at 1,500 submissions a second, power, ms", 15.0, 15.0, power.map(|row| row.p99_ms)),
        row("journal line, ns", 300.0, 150.0, Some(float(results.nanoseconds.journal_line))),
        row("MiB with 64 connections", 24.0, 10.0, memory.map(|row| float(row.with_64_kib) / 1024.0)),
        row("bytes an open task", 200.0, 120.0, memory.and_then(|row| row.open_task_bytes).map(float)),
        row("bytes an idle connection", 32_768.0, 8_192.0, memory.map(|row| float(row.idle_connection_bytes))),
        row("refusal ÷ what is let through", 1.0, 0.5, refused.map(|row| row.of_allowed.median)),
    ]
}
