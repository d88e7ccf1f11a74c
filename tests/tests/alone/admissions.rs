//! A short run of what `cargo xtask admissions` does at length.

use anyhow::Result;
use tollgate_tests::admissions;

use crate::alone;

#[test]
fn bu_01_i_1_a_crowd_at_the_books_is_admitted_up_to_each_cap_and_to_no_cent_beyond() -> Result<()> {
    let _alone = alone();
    let figures = admissions::run(60_000, 20_261_127)?;
    println!("{figures}");
    let (admitted, refused) = figures.told();
    assert!(admitted >= 10_000 && refused >= 3_000, "{figures}");
    Ok(())
}
