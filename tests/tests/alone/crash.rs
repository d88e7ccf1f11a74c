//! A short run of what `cargo xtask crash` does at length.

use std::time::Duration;

use anyhow::Result;
use tollgate_tests::{crash, restart};

use crate::alone;

#[test]
fn bu_20_au_02_a_gate_that_is_killed_under_load_never_overspends_and_loses_nothing() -> Result<()> {
    let _alone = alone();
    let figures = crash::run(50, 20_261_123)?;
    println!("{figures}");
    assert!(figures.admitted() >= 100 && figures.cut_off() >= 10, "hardly any load:\n{figures}");
    Ok(())
}

#[test]
fn bu_20_a_gate_that_dies_at_any_named_point_never_overspends_and_loses_nothing() -> Result<()> {
    let _alone = alone();
    let figures = crash::points(1, 20_261_127)?;
    println!("{figures}");
    assert!(figures.admitted() >= 100, "hardly any load:\n{figures}");
    Ok(())
}

#[test]
fn bu_23_a_gate_that_dies_while_a_day_rolls_over_spends_each_day_once() -> Result<()> {
    let _alone = alone();
    let figures = crash::midnights(9, 20_261_127)?;
    println!("{figures}");
    Ok(())
}

#[test]
fn a_start_with_many_open_holds_takes_no_time_to_speak_of() -> Result<()> {
    let _alone = alone();
    let figures = restart::run(20_000)?;
    println!("{figures}");
    assert!(figures.start() < Duration::from_secs(2), "{figures}");
    Ok(())
}
