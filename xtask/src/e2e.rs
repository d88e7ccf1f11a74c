//! The end-to-end tests alone.

use anyhow::Result;

use crate::repository::Repository;
use crate::step;

/// Runs them on the gate's binary; further words filter by name.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let mut cargo = at.cargo(["test", "--package", "tollgate-tests", "--no-fail-fast", "--"]);
    step::passes(cargo.args(words).env("TOLLGATE_FAULT_BIN", at.fault_gate()?).env("TOLLGATE_BIN", at.gate()?))
}
