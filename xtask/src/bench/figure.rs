//! A figure with its spread.

use std::fmt;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The middle of some measurements, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Result<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().context("no undisturbed slice: the machine is too busy to measure");
        Ok(Self { median: rounded(at(values.len() / 2)?), least: rounded(at(0)?), most: rounded(at(values.len().saturating_sub(1))?) })
    }
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "nothing that is counted here comes near 2^53")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

/// Four digits behind the point are more than is known.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

impl fmt::Display for Spread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.2} ({:.2}..{:.2})", self.median, self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn the_middle_and_the_ends_are_told() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]).unwrap().to_string(), "2.00 (1.00..3.00)");
        assert!(Spread::of([]).is_err());
    }
}
