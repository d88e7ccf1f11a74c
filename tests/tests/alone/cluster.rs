//! Several gates, and what can befall any of them or what they share. At length: `cargo xtask cluster`.

use std::time::Duration;

use anyhow::Result;
use tollgate_tests::cluster;

use crate::alone;

#[test]
fn bu_02_bu_26_a_crowd_at_three_gates_spends_exactly_their_cap_whatever_dies_or_is_cut_off_meanwhile() -> Result<()> {
    let _alone = alone();
    println!("{}", cluster::run(15, 7)?);
    Ok(())
}

#[test]
fn bu_26_rl_07_nobody_waits_long_while_postgresql_or_redis_is_lost() -> Result<()> {
    let _alone = alone();
    for loss in cluster::losses(Duration::from_secs(4))? {
        println!("{loss}");
    }
    Ok(())
}
