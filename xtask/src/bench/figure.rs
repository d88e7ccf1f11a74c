//! A figure with its spread.

use std::fmt;

use anyhow::{Context, Result};
use serde::Serialize;

/// The middle of some measurements, and how far they lie apart.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Spread {
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Result<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().context("no undisturbed slice: the machine is too busy to measure");
        Ok(Self { median: at(values.len() / 2)?, least: at(0)?, most: at(values.len().saturating_sub(1))? })
    }
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
        assert_eq!(Spread::of([3.0, 1.0, 2.0].into_iter()).unwrap().to_string(), "2.00 (1.00..3.00)");
        assert!(Spread::of(std::iter::empty()).is_err());
    }
}
