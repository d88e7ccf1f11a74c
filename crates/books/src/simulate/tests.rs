use super::*;

#[test]
fn i_1_some_hundred_histories_hold() {
    let figures = run(1, 200).unwrap_or_else(|violation| panic!("{violation}"));
    println!("{figures}");
}

#[test]
fn a_seed_tells_the_same_history_each_time() {
    for seed in 1..20 {
        let told = |_| history(seed, &all()).map_err(|found| (found.step, found.what));
        assert_eq!(told(0), told(1), "seed {seed}");
    }
}

#[test]
#[ignore = "a census"]
fn census() {
    let (mut kinds, mut bad) = (BTreeMap::new(), 0);
    for seed in 1..1500 {
        if let Err(found) = history(seed, &all()) {
            bad += 1;
            let kind: String = found.what.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
            let kind: String = kind.split_whitespace().take(9).collect::<Vec<_>>().join(" ");
            let row = kinds.entry(kind).or_insert((0, seed));
            row.0 += 1;
        }
    }
    let mut rows: Vec<_> = kinds.into_iter().collect();
    rows.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    println!("{bad} bad");
    for (kind, (count, seed)) in rows.into_iter().take(40) {
        println!("{count:5} (seed {seed}) {kind}");
    }
}

#[test]
#[ignore = "one seed, by hand"]
fn one() {
    for seed in std::fs::read_to_string("/tmp/sim-notes/seeds").unwrap().split_whitespace().map(|seed| seed.parse().unwrap()) {
        if let Err(found) = history(seed, &all()) {
            println!("{}", shortest(seed, found));
        }
    }
}

#[test]
#[ignore = "one seed, by hand"]
fn whole() {
    for seed in std::fs::read_to_string("/tmp/sim-notes/seeds").unwrap().split_whitespace().map(|seed| seed.parse().unwrap()) {
        if let Err(found) = history(seed, &all()) {
            let v = shortest(seed, found);
            let steps: Vec<u64> = v.tail.iter().map(|l| l.split(':').next().unwrap().parse().unwrap()).collect();
            eprintln!("=====");
            let Err(f) = history(seed, &steps) else { panic!() };
            eprintln!("{}", f.what);
        }
    }
}
