//! The results as tables: for a terminal, and for a page.

use std::fmt;

use super::figure::{Spread, float};
use super::results::{Beside, Durable, Latencies, Latency, Memory, Nanoseconds, Refused};
use crate::counts::{Count, Counts, Together};

/// A headline, the columns' names, and rows of the same length.
pub(crate) struct Table {
    pub(crate) title: String,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(title: String, head: &[&'static str], rows: Vec<Vec<String>>) -> Self {
        Self { title, head: head.to_vec(), rows }
    }

    /// In Markdown, its title as a heading.
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let head: Vec<String> = self.head.iter().map(|name| (*name).to_owned()).collect();
        let rule: Vec<String> = self.head.iter().enumerate().map(|(at, _)| if at == 0 { "---" } else { "---:" }.to_owned()).collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("### {}\n\n{}{}{rows}", self.title, line(&head), line(&rule))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.title)?;
        let widest = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain(self.head.get(column).map(|name| name.chars().count())).max().unwrap_or(0)
        };
        let head: Vec<String> = self.head.iter().map(|name| (*name).to_owned()).collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            for (column, cell) in row.iter().enumerate() {
                let width = widest(column);
                if column == 0 { write!(out, "{cell:<width$}")? } else { write!(out, "  {cell:>width$}")? }
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

pub(crate) fn beside(section: &Beside) -> Table {
    let waits = section.waits_in_a_million.map(|waits| format!("; of a million requests of the gate {waits:.0} waited for their account"));
    let title = format!(
        "{}, {} connections, {}; the load's driver was busy for {:.0} %{}",
        section.mix,
        section.connections,
        keys(section.keys),
        section.driver_busy.median * 100.0,
        waits.unwrap_or_default(),
    );
    let rows = section.rows.iter().map(|row| {
        let against = section.against(&row.name);
        vec![
            row.name.clone(),
            row.rounds.to_string(),
            format!("{:.0}", row.requests_per_second.median),
            format!("{:.1}", row.cpu_us.median),
            format!("{:.1}", row.upstream_us.median),
            row.norm.to_string(),
            row.raw.to_string(),
            against.map_or_else(|| "–".to_owned(), |ratio| ratio.norm.to_string()),
            format!("{:.1}", row.all_in_us),
        ]
    });
    let head =
        ["", "rounds", "requests/s", "CPU µs", "provider's", "norm ÷ nginx bare", "raw ÷ nginx bare", "gate ÷ it, norm", "all in µs"];
    Table::new(title, &head, rows.collect())
}

pub(crate) fn latencies(section: &Latencies) -> Table {
    let how = match section.rate {
        None => format!("{} connection, each request behind the last", section.connections),
        Some(rate) => format!("open loop, {rate:.0} requests a second over {} connections", section.connections),
    };
    let rows = section.rows.iter().map(|row| {
        let Latency { name, rounds, us, cpu, more_us, ratio } = row;
        vec![name.clone(), rounds.to_string(), whole(us), whole(more_us), ratio.to_string(), cpu.to_string()]
    });
    let percentile = if section.percentile == 50 { "p50 µs" } else { "p99 µs" };
    let head = ["", "rounds", percentile, "more than nginx bare", "÷ nginx bare", "CPU ÷ nginx bare"];
    Table::new(how, &head, rows.collect())
}

pub(crate) fn refusals(rows: &[Refused]) -> Table {
    let rows = rows.iter().map(|row| {
        vec![row.name.clone(), format!("{:.0}", row.requests_per_second.median), row.cpu_us.to_string(), row.of_allowed.to_string()]
    });
    Table::new("refusals of an unknown key".to_owned(), &["", "requests/s", "CPU µs", "÷ what it lets through"], rows.collect())
}

pub(crate) fn memory(rows: &[Memory]) -> Table {
    let rows = rows.iter().map(|row| {
        let mib = |kib: u64| format!("{:.1}", float(kib) / 1024.0);
        vec![
            row.name.clone(),
            mib(row.with_64_kib),
            mib(row.with_256_kib),
            row.idle_connection_bytes.to_string(),
            row.open_task_bytes.map_or_else(|| "–".to_owned(), |bytes| bytes.to_string()),
        ]
    });
    let head = ["", "MiB, 64 connections", "MiB, 256 connections", "bytes an idle connection", "bytes an open task"];
    Table::new("memory".to_owned(), &head, rows.collect())
}

pub(crate) fn counts(counts: &Counts, together: Option<&Together>) -> Table {
    let row = |name: &str, count: Count, together: Option<f64>| {
        vec![
            name.to_owned(),
            format!("{:.0}", count.instructions),
            format!("{:.2}", count.allocations),
            format!("{:.2}", count.syscalls),
            together.map_or_else(|| "–".to_owned(), |calls| format!("{calls:.2}")),
        ]
    };
    let rows = vec![
        row("submission", counts.submission, together.map(|calls| calls.submission)),
        row("poll", counts.poll, together.map(|calls| calls.poll)),
    ];
    let head = ["", "user instructions", "allocations", "system calls, one connection", "16 connections"];
    Table::new("what no noise touches, a request of the gate's worker".to_owned(), &head, rows)
}

pub(crate) fn nanoseconds(parts: &Nanoseconds) -> Table {
    let rows = [
        ("judgement, one key", parts.judgement),
        ("judgement, 10,000 keys in turn", parts.judgement_of_many),
        ("journal line, formatted", parts.journal_line),
    ];
    let rows = rows.map(|(name, nanoseconds)| vec![name.to_owned(), nanoseconds.to_string()]);
    Table::new("parts in a hot loop".to_owned(), &["", "ns"], rows.to_vec())
}

pub(crate) fn durable(rows: &[Durable]) -> Table {
    let ms = |ms: f64| format!("{ms:.2}");
    let rows = rows.iter().map(|row| vec![row.name.clone(), row.requests.to_string(), ms(row.p50_ms), ms(row.p99_ms), ms(row.most_ms)]);
    let title = "waiting for the disk, submissions at 1,500 a second, ms";
    Table::new(title.to_owned(), &["", "waits", "p50", "p99", "most"], rows.collect())
}

fn keys(keys: usize) -> String {
    if keys == 1 { "one hot key".to_owned() } else { format!("{keys} keys") }
}

fn whole(spread: &Spread) -> String {
    format!("{:.0} ({:.0}..{:.0})", spread.median, spread.least, spread.most)
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_stand_under_their_names_and_a_page_gets_the_same_cells() {
        let rows = vec![vec!["gate".to_owned(), "7".to_owned()], vec!["nginx bare".to_owned(), "12".to_owned()]];
        let table = Table::new("CPU".to_owned(), &["", "µs"], rows);
        assert_eq!(table.to_string(), "CPU\n            µs\ngate         7\nnginx bare  12\n");
        assert_eq!(table.markdown(), "### CPU\n\n|  | µs |\n| --- | ---: |\n| gate | 7 |\n| nginx bare | 12 |\n");
    }
}
