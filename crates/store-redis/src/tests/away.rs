//! Lost, slow, flushed, spoilt: each gate's own share, all of them together within the limit, and back within two seconds.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_books::Share;

use super::*;

const BACK: Duration = Duration::from_secs(2);

fn share(came: Came) -> Option<Share> {
    if let Came::Away(share) = came { Some(share) } else { None }
}

#[tokio::test]
async fn rl_07_killed_each_gate_has_its_share_and_started_anew_they_count_together_within_two_seconds() {
    let mut server = Server::start(&[]).unwrap();
    let gates = gates(server.port(), 3);
    let paced = [own(6_000, 30)];
    filled(&gates[0], &paced).await;
    server.kill();
    let killed = clock()().mono;
    for gate in &gates {
        until(gate, &paced, Duration::from_millis(200), |came| share(came).is_some()).await;
        let share = share(take(gate, &paced).await).unwrap();
        assert_eq!(share.of, 3);
        // it begins when the others know that it may have begun
        let after = share.from.millis_since(killed);
        assert!((400..=700).contains(&after), "{after} ms");
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(gates[0].troubles()[0].1.starts_with("no Redis answers at `127.0.0.1:"), "{:?}", gates[0].troubles());
    server.begin().unwrap();
    let began = now();
    for gate in &gates {
        until(gate, &[own(6_000, 30)], BACK, |came| came == Came::Taken).await;
    }
    println!("back after {:?}", began.elapsed());
    assert!(began.elapsed() < BACK && gates[0].troubles().is_empty());
}

#[tokio::test]
async fn rl_07_hung_nobody_waits_longer_than_the_deadline_and_it_comes_back_without_its_burst() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let paced = [own(60, 30)];
    until(&gate, &paced, BACK, |came| came == Came::Taken).await;
    server.signal("STOP").unwrap();
    // what was on its way when the signal came may still be answered
    until(&gate, &[own(60, 30)], BACK, |came| share(came).is_some()).await;
    let mut waits = Vec::new();
    for _ in 0..200 {
        let began = now();
        let came = take(&gate, &[own(60, 30)]).await;
        waits.push(began.elapsed());
        assert!(share(came).is_some(), "{came:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    waits.sort_unstable();
    println!("the longest waits behind a server that hangs: {:?}", &waits[190..]);
    // a machine that is busy with other tests holds up a few of them itself
    assert!(waits[190] < Duration::from_millis(60), "{waits:?}");
    server.signal("CONT").unwrap();
    let back = until(&gate, &[own(60, 30)], BACK, is_counted).await;
    println!("back after {back:?}");
    // what this gate had of its own share meanwhile nobody knows
    assert!(matches!(take(&gate, &[own(60, 30)]).await, Came::Refused(_)));
}

/// A way to the server on which what it says comes so many milliseconds late.
fn slow_way(to: u16, late: Arc<AtomicU64>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((near, _)) = listener.accept() {
            let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else { continue };
            let (mut asks, mut answers) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            let (mut near, mut far, late) = (near, far, late.clone());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut asks, &mut far);
                far.shutdown(Shutdown::Both)
            });
            std::thread::spawn(move || {
                let mut said = vec![0; 64 << 10];
                while let Ok(count @ 1..) = answers.read(&mut said) {
                    std::thread::sleep(Duration::from_millis(late.load(Ordering::Relaxed)));
                    if near.write_all(&said[..count]).is_err() {
                        break;
                    }
                }
                near.shutdown(Shutdown::Both)
            });
        }
    });
    port
}

#[tokio::test]
async fn rl_07_slower_than_callers_wait_the_share_begins_all_the_same_and_quick_again_they_count_together() {
    let server = Server::start(&[]).unwrap();
    let late = Arc::new(AtomicU64::new(0));
    let gate = open(settings(slow_way(server.port(), late.clone()), "gate")).unwrap();
    let rate = || [own(6_000, 30)];
    until(&gate, &rate(), BACK, |came| came == Came::Taken).await;
    late.store(60, Ordering::Relaxed);
    let begun = |came| share(came).is_some_and(|share| share.from < clock()().mono);
    let after = until(&gate, &rate(), Duration::from_secs(3), begun).await;
    println!("behind a server that takes 60 ms the share begins after {after:?}");
    late.store(0, Ordering::Relaxed);
    until(&gate, &rate(), BACK, |came| came == Came::Taken).await;
}

#[tokio::test]
async fn flushed_nothing_of_the_burst_is_given_a_second_time() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let rate = || [own(600, 40)];
    until(&gate, &rate(), BACK, |came| came == Came::Taken).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    while take(&gate, &rate()).await == Came::Taken {}
    server.say("FLUSHALL").unwrap();
    let (began, mut taken) = (now(), 0);
    while began.elapsed() < Duration::from_millis(1_500) {
        taken += u32::from(take(&gate, &rate()).await == Came::Taken);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    println!("taken in 1.5 s of 10/s after FLUSHALL: {taken}");
    assert!((6..=15).contains(&taken), "{taken}");
}

#[tokio::test]
async fn started_anew_from_an_older_snapshot_nothing_of_the_burst_is_given_a_second_time() {
    let mut server = Server::start(&["--appendonly", "no"]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let rate = || [own(600, 40)];
    filled(&gate, &rate()).await;
    server.say("SAVE").unwrap();
    while take(&gate, &rate()).await == Came::Taken {}
    server.kill();
    server.begin().unwrap();
    let (began, mut taken) = (now(), 0);
    while began.elapsed() < Duration::from_millis(1_500) {
        taken += u32::from(take(&gate, &rate()).await == Came::Taken);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    println!("taken in 1.5 s of 10/s after a snapshot: {taken}");
    assert!((6..=15).contains(&taken), "{taken}");
}

#[tokio::test]
async fn a_gate_that_is_not_heard_keeps_its_share_and_the_others_have_theirs() {
    let server = Server::start(&[]).unwrap();
    let gates = gates(server.port(), 2);
    // a third was here, and is cut off
    let paced = [own(600, 10)];
    filled(&gates[0], &paced).await;
    let third = open(settings(server.port(), "gate-2")).unwrap();
    assert!(is_counted(take(&third, &paced).await));
    std::mem::forget(third.clone());
    let names = crate::names::Names::new("0190-book", &account());
    drop(third);
    let hour_ago = "HSET %k g:cut-off 1".replace("%k", &names.gates);
    // silent for longer than it may be, and not forgotten
    let at: i64 = server.say("TIME").unwrap().lines().nth(2).unwrap().parse().unwrap();
    server.say(&hour_ago.replace(" 1", &format!(" {}", (at - 5) * 1_000_000))).unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    while take(&gates[0], &[own(600, 10)]).await == Came::Taken {}
    let (began, mut taken) = (now(), 0);
    while began.elapsed() < Duration::from_secs(2) {
        for gate in &gates {
            taken += u32::from(take(gate, &[own(600, 10)]).await == Came::Taken);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    println!("taken in 2 s of 10/s with one of four gates cut off: {taken}");
    assert!((13..=15).contains(&taken), "{taken}");
}

#[tokio::test]
async fn ft_08_a_key_of_another_kind_spoils_nothing_and_lets_nobody_through() {
    let server = Server::start(&[]).unwrap();
    let gate = open(settings(server.port(), "gate")).unwrap();
    let (narrow, wide) = (own(600, 5), Arc::new(Paced::new(Scope::Team(Name::parse("crew").unwrap()), Rate { per_minute: 600, burst: 5 })));
    filled(&gate, &[of_account(600, 5)]).await;
    let names = crate::names::Names::new("0190-book", &account());
    server.say(&format!("LPUSH {} x", names.rate(&narrow))).unwrap();
    let both = [wide, narrow];
    for _ in 0..20 {
        let came = take(&gate, &both).await;
        assert!(matches!(came, Came::Refused(_)), "{came:?}");
        assert_eq!(take(&gate, &[of_account(6_000, 50)]).await, Came::Taken, "others are not held up");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.say(&format!("EXISTS {}", names.rate(&both[0]))).unwrap(), ":0\r\n", "nothing was taken of the other");
}

#[tokio::test]
async fn a_gate_that_begins_while_the_server_is_away_has_the_share_that_is_configured_and_a_gate_that_leaves_says_so() {
    let mut server = Server::start(&[]).unwrap();
    server.kill();
    let gate = open(Settings { gates: 4, ..settings(server.port(), "gate") }).unwrap();
    assert_eq!(share(take(&gate, &[own(60, 1)]).await).map(|share| share.of), Some(4));
    server.begin().unwrap();
    until(&gate, &[own(6_000, 10)], BACK, is_counted).await;
    let names = crate::names::Names::new("0190-book", &account());
    assert_eq!(server.say(&format!("HEXISTS {} g:gate", names.gates)).unwrap(), ":1\r\n");
    drop(gate);
    assert_eq!(server.say(&format!("HEXISTS {} g:gate", names.gates)).unwrap(), ":0\r\n");
}
