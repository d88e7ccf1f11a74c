//! Counted together: exact, all or nothing, given back.

use super::*;

/// How many are taken at once.
async fn burst(rates: &RedisRates, paced: &[Arc<Paced>], most: usize) -> usize {
    for count in 0..most {
        if take(rates, paced).await != Came::Taken {
            return count;
        }
    }
    most
}

#[tokio::test]
async fn rl_01_three_gates_under_three_times_the_rate_take_what_one_may_and_no_less() {
    let server = Server::start(&[]).unwrap();
    let gates = gates(server.port(), 3);
    let paced = [own(6_000, 20)];
    filled(&gates[0], &paced).await;
    let began = now();
    let mut hammering = tokio::task::JoinSet::new();
    for gate in &gates {
        // each gate has its own memory of a rate
        let (gate, paced) = (gate.clone(), [own(6_000, 20)]);
        hammering.spawn(async move {
            let mut taken = Vec::new();
            while began.elapsed() < Duration::from_secs(3) {
                if take(&gate, &paced).await == Came::Taken {
                    taken.push(began.elapsed());
                }
                tokio::time::sleep(Duration::from_millis(8)).await;
            }
            taken
        });
    }
    let mut taken: Vec<Duration> = hammering.join_all().await.into_iter().flatten().collect();
    taken.sort();
    println!("taken in 3 s of 100/s burst 20: {}", taken.len());
    assert!((315..=321).contains(&taken.len()), "{}", taken.len());
    for (first, from) in taken.iter().enumerate() {
        for (count, to) in taken[first..].iter().enumerate() {
            // as the callers saw it, who hear of it some milliseconds later
            let apart = to.saturating_sub(*from).as_millis() + 25;
            assert!(count as u128 <= 20 + apart / 10, "{} in {apart} ms", count + 1);
        }
    }
}

#[tokio::test]
async fn all_rates_of_a_call_are_taken_or_none_in_one_round_trip() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let (narrow, wide) = (own(600, 2), of_account(600, 50));
    filled(&gate, std::slice::from_ref(&wide)).await;
    let both = [wide.clone(), narrow.clone()];
    let before = commands(&server);
    assert_eq!(burst(&gate, &both, 10).await, 2);
    let evals = commands(&server) - before;
    assert_eq!(evals, 2 + 1, "a round trip each, and heartbeats are another number");
    let Came::Refused(late) = take(&gate, &both).await else { panic!("over") };
    assert_eq!(late.which, 1);
    // what was refused for the one was not taken of the other
    assert!(burst(&gate, &[of_account(600, 50)], 60).await >= 48);
}

/// Calls of scripts with rates: heartbeats have one key, and every call here has three.
fn commands(server: &Server) -> u64 {
    let told = server.say("INFO commandstats").unwrap();
    let of = |name: &str| {
        let line = told.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:")))?;
        line.split_once("calls=")?.1.split(',').next()?.parse::<u64>().ok()
    };
    // a call with two rates reads two keys
    of("get").unwrap_or(0) / 2
}

#[tokio::test]
async fn rl_05_after_the_wait_that_is_told_it_may_come_and_not_before() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let paced = [own(120, 1)];
    filled(&gate, &paced).await;
    for _ in 0..4 {
        let began = now();
        let taken = until(&gate, &[own(120, 1)], Duration::from_secs(2), |came| came == Came::Taken).await;
        let Came::Refused(late) = take(&gate, &[own(120, 1)]).await else { panic!("over after {taken:?}") };
        let (told, wait) = (now(), Duration::from_nanos(late.wait));
        tokio::time::sleep(wait.saturating_sub(Duration::from_millis(30))).await;
        let early = take(&gate, &[own(120, 1)]).await;
        // a machine that is busy with other tests wakes nobody in time; what came after the wait shows nothing
        assert!(matches!(early, Came::Refused(_)) || told.elapsed() >= wait, "too early, {:?}", began.elapsed());
        if early == Came::Taken {
            tokio::time::sleep(Duration::from_millis(510)).await;
            continue;
        }
        tokio::time::sleep(Duration::from_millis(35)).await;
        let Some(token) = ask(&gate, &account(), &[own(120, 1)], false).await.1 else { panic!("not after the wait") };
        keep(Some(token));
        tokio::time::sleep(Duration::from_millis(510)).await;
    }
}

#[tokio::test]
async fn a_flood_is_refused_from_memory_until_the_rate_has_one_again() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let paced = [own(60, 1)];
    filled(&gate, &paced).await;
    assert_eq!(take(&gate, &paced).await, Came::Taken);
    let asked = gate.counts().asked;
    for _ in 0..1_000 {
        assert!(matches!(take(&gate, &paced).await, Came::Refused(_)));
    }
    assert_eq!(gate.counts().asked - asked, 1);
}

#[tokio::test]
async fn a_rate_that_is_observed_says_what_it_would_refuse_and_an_account_s_is_never_observed() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let (narrow, wide) = (own(60, 1), of_account(60, 2));
    filled(&gate, std::slice::from_ref(&narrow)).await;
    filled(&gate, std::slice::from_ref(&wide)).await;
    let both = [narrow, wide];
    let mut came = Vec::new();
    for _ in 0..3 {
        let (one, token) = ask(&gate, &account(), &both, true).await;
        keep(token);
        came.push(one);
    }
    assert_eq!(came[..2], [Came::Taken, Came::WouldBeLate(0)]);
    assert!(matches!(came[2], Came::Refused(Late { which: 1, .. })), "{came:?}");
}

#[tokio::test]
async fn i_6_of_two_observed_rates_that_would_refuse_neither_is_given_back() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let team = || Arc::new(Paced::new(Scope::Team(Name::parse("crew").unwrap()), Rate { per_minute: 60, burst: 2 }));
    let all = || [own(60, 2), team(), of_account(60, 4)];
    filled(&gate, &[of_account(60, 4)]).await;
    let mut came = Vec::new();
    for round in 0..6 {
        let (one, token) = ask(&gate, &account(), &all(), true).await;
        let kept = token.filter(|_| round < 2);
        keep(kept);
        came.push(one);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((&came[..2], &came[2..]), (&[Came::Taken; 2][..], &[Came::WouldBeLate(0); 4][..]));
    for rate in [own(60, 2), team()] {
        assert!(matches!(take(&gate, &[rate]).await, Came::Refused(_)));
    }
    // what was taken beside them was given back
    assert_eq!(burst(&gate, &[of_account(60, 4)], 10).await, 2);
}

#[tokio::test]
async fn i_6_what_is_given_back_may_be_taken_again_and_what_has_filled_up_is_not_given_twice() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let rate = || [own(60, 3)];
    filled(&gate, &rate()).await;
    for _ in 0..5 {
        let (came, token) = ask(&gate, &account(), &rate(), false).await;
        assert_eq!(came, Came::Taken);
        drop(token);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(burst(&gate, &rate(), 10).await, 3);
    // taken when the burst was whole, and whole again before it is given back
    let quick = || [of_account(6_000, 3)];
    until(&gate, &quick(), Duration::from_secs(1), |came| came == Came::Taken).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (_, old) = ask(&gate, &account(), &quick(), false).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(take(&gate, &quick()).await, Came::Taken);
    drop(old);
    tokio::time::sleep(Duration::from_millis(4)).await;
    let (began, taken) = (now(), burst(&gate, &quick(), 10).await);
    assert!(taken <= 3 + usize::try_from(began.elapsed().as_millis() / 10).unwrap(), "{taken} at once");
}

#[tokio::test]
async fn rl_11_a_clock_that_was_set_back_and_a_rate_that_was_raised_hold_nobody_up() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    filled(&gate, &[own(600, 3)]).await;
    let names = crate::names::Names::new("0190-book", &account());
    let far = 4_000_000_000_000_000_u64;
    server.say(&format!("SET {} {far}:0\nHSET {} since {far} at {far}", names.rate(&own(600, 3)), names.gates)).unwrap();
    let waited = until(&gate, &[own(600, 3)], Duration::from_secs(2), |came| came == Came::Taken).await;
    println!("after a clock that was set back by decades: {waited:?}");
}

#[tokio::test]
async fn rl_01_gates_that_know_different_rates_take_no_more_than_the_highest_allows() {
    let server = Server::start(&[]).unwrap();
    let gates = gates(server.port(), 2);
    let (slow, fast, small) = (|| own(60, 10), || own(600, 10), || own(600, 1));
    filled(&gates[0], &[own(600, 10)]).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (began, mut taken) = (now(), 0);
    while began.elapsed() < Duration::from_secs(2) {
        for (gate, paced) in [(0, slow()), (1, fast()), (1, small())] {
            taken += u128::from(take(&gates[gate], &[paced]).await == Came::Taken);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let most = 10 + began.elapsed().as_millis() / 100 + 1;
    println!("taken in 2 s of 1/s and 10/s with bursts of 10 and 1: {taken}");
    assert!((25..=most).contains(&taken), "{taken}, and at most {most}");
}

#[tokio::test]
async fn i_6_a_call_that_one_rate_took_is_given_back_as_one_call_of_another() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let (slow, fast) = (|| [own(60, 5)], || [own(300, 5)]);
    filled(&gate, &slow()).await;
    assert_eq!(take(&gate, &slow()).await, Came::Taken);
    let (_, token) = ask(&gate, &account(), &slow(), false).await;
    assert_eq!(burst(&gate, &fast(), 3).await, 3);
    drop(token);
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(burst(&gate, &fast(), 5).await, 1);
}

#[tokio::test]
async fn rl_05_a_rate_that_was_changed_tells_a_wait_that_comes_to_an_end() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    for (before, after, most) in [((6_000, 50), (60, 1), 520), ((60, 2), (6_000, 2), 30)] {
        let before = || [own(before.0, before.1)];
        filled(&gate, &before()).await;
        assert!(burst(&gate, &before(), 60).await >= 2);
        let after = || [own(after.0, after.1)];
        let Came::Refused(late) = take(&gate, &after()).await else { panic!("over") };
        assert!(late.wait <= most * 1_000_000, "{late:?}");
        tokio::time::sleep(Duration::from_nanos(late.wait) + Duration::from_millis(5)).await;
        assert_eq!(take(&gate, &after()).await, Came::Taken);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
}

#[tokio::test]
async fn rl_08_a_server_that_has_forgotten_the_scripts_is_told_them_again() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let paced = [own(6_000, 100)];
    filled(&gate, &paced).await;
    server.say("SCRIPT FLUSH").unwrap();
    assert_eq!(take(&gate, &paced).await, Came::Taken);
}
