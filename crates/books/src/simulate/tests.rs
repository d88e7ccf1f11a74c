use std::thread;

use super::*;

/// Histories on each processor.
const EACH: u64 = 2_000;

#[test]
fn i_1_some_thousand_histories_hold() {
    let halves = thread::scope(|scope| {
        let [one, other] = [1, 1 + EACH].map(|first| scope.spawn(move || run(first, EACH)));
        [one, other].map(|half| half.join().unwrap().unwrap_or_else(|violation| panic!("{violation}")))
    });
    let mut figures = Figures::ZERO;
    for half in &halves {
        figures.add(half);
    }
    // what never happens proves nothing
    let Figures { admitted, tasks, unknown, closed, lives, calms, denied, .. } = &figures;
    assert!([admitted, tasks, unknown, closed, lives, calms].into_iter().all(|count| *count >= 1_000), "{figures}");
    assert!(figures.raised >= 100, "{figures}");
    for code in ["books_unavailable", "cap_reached", "clock_suspect", "concurrency_limited", "rate_limited"] {
        assert!(denied.get(code).is_some_and(|count| *count >= 100), "{figures}");
    }
}

#[test]
fn a_seed_tells_the_same_history_each_time() {
    for seed in 1..20 {
        let told = |_| history(seed, &all()).map_err(|found| (found.step, found.what));
        assert_eq!(told(0), told(1), "seed {seed}");
    }
}
