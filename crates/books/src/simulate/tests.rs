use super::*;

#[test]
fn a_seed_tells_the_same_history_each_time() {
    for seed in 1..20 {
        let told = |_| history(seed, &all()).map_err(|found| (found.step, found.what));
        assert_eq!(told(0), told(1), "seed {seed}");
    }
}
