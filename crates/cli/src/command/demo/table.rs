//! How is it printed? Columns as wide as they need to be.

use tollgate_model::Money;

use super::proofs::Proof;
use super::rows::{CameOut, Row};

const HEAD: [&str; 8] = ["scenario", "identity", "network", "allowance", "time", "result", "the caller saw", "charged"];

/// The matrix.
pub(super) fn matrix(rows: &[Row]) {
    let mut lines: Vec<[String; 8]> = vec![HEAD.map(str::to_owned)];
    for row in rows {
        let [identity, network, allowance, time] = row.factors.clone();
        let result = if row.came_out == CameOut::Wrong { format!("WRONG: not {}", row.result) } else { row.result.clone() };
        let charged = row.charged.map_or_else(String::new, |money| format!("${}", short(&money.to_string())));
        lines.push([row.scenario.to_owned(), identity, network, allowance, time, result, row.seen.clone(), charged]);
    }
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    for line in &lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        println!("{}", cells.join("  ").trim_end());
    }
}

/// The claims below it.
pub(super) fn proofs(proofs: &[Proof]) {
    println!();
    for proof in proofs {
        let mark = if proof.held { "" } else { "WRONG: " };
        println!("{}: {mark}{}", proof.claim, proof.result);
    }
}

/// Dollars with two digits at least.
pub(super) fn dollars(nanos: i64) -> String {
    format!("${}", short(&Money::from_nanos(nanos).to_string()))
}

fn short(money: &str) -> String {
    let trimmed = money.trim_end_matches('0');
    let digits = trimmed.split_once('.').map_or(0, |(_, digits)| digits.len());
    format!("{trimmed}{}", "0".repeat(2_usize.saturating_sub(digits)))
}
