//! A short run of what `cargo xtask crash` does at length.

use anyhow::Result;
use tollgate_tests::crash;

use crate::alone;

#[test]
fn bu_20_au_02_a_gate_that_is_killed_under_load_never_overspends_and_loses_nothing() -> Result<()> {
    let _alone = alone();
    let figures = crash::run(50, 20_261_123)?;
    println!("{figures}");
    assert!(figures.admitted() >= 100 && figures.cut_off() >= 10, "hardly any load:\n{figures}");
    Ok(())
}
