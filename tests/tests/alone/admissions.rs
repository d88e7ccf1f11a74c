//! A crowd at the books, as `cargo xtask admissions` lets it buy at length; and short histories, each checked against a counter.

use anyhow::Result;
use tollgate_tests::{admissions, flat, histories};

use crate::alone;

#[test]
fn bu_01_i_1_a_crowd_at_the_books_is_admitted_up_to_each_cap_and_to_no_cent_beyond() -> Result<()> {
    let _alone = alone();
    let figures = admissions::run(60_000, 20_261_127)?;
    println!("{figures}");
    let (admitted, refused) = figures.told();
    assert!(admitted >= 10_000 && refused >= 1_000, "{figures}");
    Ok(())
}

#[test]
fn ft_17_every_recorded_history_of_the_books_is_one_that_a_plain_counter_could_have_told() -> Result<()> {
    let _alone = alone();
    for apart in [false, true] {
        let figures = histories::run(3_000, 1, apart)?;
        println!("{figures}");
        let (admitted, refused, overlaps) = figures.seen();
        assert!(admitted >= 5_000 && refused >= 1_000 && overlaps >= 1_000, "{figures}");
    }
    Ok(())
}

#[test]
fn rl_04_i_8_a_thousand_keys_of_ten_limits_each_under_load_leave_memory_where_it_is() -> Result<()> {
    let _alone = alone();
    println!("{}", flat::run(7, 40)?);
    Ok(())
}
