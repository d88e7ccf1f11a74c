use super::*;

#[test]
fn i_1_some_hundred_histories_hold() {
    let figures = run(1, 200).unwrap_or_else(|violation| panic!("{violation}"));
    // what never happens proves nothing
    let Figures { admitted, tasks, unknown, closed, lives, calms, denied, .. } = &figures;
    assert!([admitted, tasks, unknown, closed, lives, calms].into_iter().all(|count| *count >= 100), "{figures}");
    for code in ["books_unavailable", "cap_reached", "clock_suspect", "concurrency_limited", "rate_limited"] {
        assert!(denied.get(code).is_some_and(|count| *count >= 10), "{figures}");
    }
}

#[test]
fn a_seed_tells_the_same_history_each_time() {
    for seed in 1..20 {
        let told = |_| history(seed, &all()).map_err(|found| (found.step, found.what));
        assert_eq!(told(0), told(1), "seed {seed}");
    }
}
