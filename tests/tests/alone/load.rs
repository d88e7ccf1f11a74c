//! What does a healthy caller notice of a flood? Little: each flood is made here, and the caller's time is taken beside it.
//!
//! A machine's own noise can only make a caller slower, so the best of some tries counts.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use socket2::{Domain, Socket, Type};
use tollgate_tests::{Setup, Stand, call, instant, submission};

use crate::alone;

const TRIES: usize = 5;

/// A stand whose key may be used a great deal.
fn stand() -> Result<(Stand, String)> {
    let stand = Stand::with(Setup { price: "0.0001", ..Setup::default() })?;
    stand.mode(&json!({ "balance": "100000" }))?;
    let key = stand.key("shop", json!({ "caps": ["10000/day"] }))?;
    Ok((stand, key))
}

/// A line of `/proc/PID/status`, in KiB or as a number.
fn status(stand: &Stand, name: &str) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{}/status", stand.gate.id()))?;
    let line = text.lines().find(|line| line.starts_with(name)).with_context(|| format!("no {name}"))?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
}

fn open_files(stand: &Stand) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{}/fd", stand.gate.id()))?.count())
}

/// Clock ticks of processor time that the gate has used.
fn ticks(stand: &Stand) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{}/stat", stand.gate.id()))?;
    let (_, rest) = text.rsplit_once(')').context("no name")?;
    // user and system time are the twelfth and thirteenth behind the name (proc_pid_stat(5))
    let times: Vec<u64> = rest.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(times.iter().sum())
}

/// A connection from one of this machine's own addresses.
fn connect(at: SocketAddr, source: u8) -> Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 0, source), 0)).into())?;
    socket.connect_timeout(&at.into(), Duration::from_secs(10))?;
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

/// How long the slowest of a hundred calls took, of a caller that asks one after the other over a kept connection.
fn p99(at: SocketAddr, key: &str, calls: usize) -> Result<Duration> {
    let mut stream = connect(at, 1)?;
    stream.set_nodelay(true)?;
    let request = format!("GET {} HTTP/1.1\r\nHost: gate\r\n\r\n", submission(key));
    let mut took = Vec::with_capacity(calls);
    for _ in 0..calls {
        let begun = instant();
        stream.write_all(request.as_bytes())?;
        let mut answer = [0; 1024];
        let read = stream.read(&mut answer)?;
        took.push(begun.elapsed());
        let text = String::from_utf8_lossy(answer.get(..read).unwrap_or_default()).into_owned();
        ensure!(text.contains("OK|"), "{text}");
        // not faster than people ask: the load is the flood's, not this caller's
        thread::sleep(Duration::from_millis(2));
    }
    took.sort_unstable();
    took.get(calls * 99 / 100).copied().context("no call")
}

/// The best of some tries, until one is good enough.
fn best(good: Duration, mut measure: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..TRIES {
        best = best.min(measure()?);
        if best <= good {
            break;
        }
    }
    Ok(best)
}

#[test]
fn do_01_ten_thousand_slow_connections_cost_a_healthy_caller_little_and_are_closed_in_time() -> Result<()> {
    const SLOW: usize = 9_900;
    let _alone = alone();
    let (stand, key) = stand()?;
    p99(stand.at, &key, 200)?;
    let quiet = best(Duration::from_millis(1), || p99(stand.at, &key, 200))?;
    let mut slow = Vec::with_capacity(SLOW);
    for number in 0..SLOW {
        let mut stream = connect(stand.at, u8::try_from(2 + number % 3)?)?;
        match number % 3 {
            // a head that does not end
            0 => stream.write_all(b"GET /in.php?key=x HTTP/1.1\r\nHost: ga")?,
            // a body that does not come
            1 => stream.write_all(b"POST /in.php HTTP/1.1\r\nHost: gate\r\nContent-Length: 1000000\r\n\r\nkey=")?,
            // answers that nobody reads
            _ => stream.write_all(&b"GET /healthz HTTP/1.1\r\nHost: gate\r\n\r\n".repeat(20))?,
        }
        slow.push(stream);
    }
    let bound = quiet + Duration::from_millis(20);
    let beside = best(bound, || p99(stand.at, &key, 200))?;
    let memory = status(&stand, "VmRSS:")?;
    println!("p99 {quiet:?} alone, {beside:?} beside {SLOW} slow connections; memory {memory} KiB");
    assert!(beside <= bound, "p99 {beside:?} beside {SLOW} slow connections, {quiet:?} without");
    assert!(memory <= 256 * 1024, "{memory} KiB");
    // heads within 5 s, bodies within 15 s
    for (number, stream) in slow.iter_mut().enumerate().filter(|(number, _)| number % 3 != 2) {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(!String::from_utf8_lossy(&rest).contains("200 OK"), "{number}");
    }
    drop(slow);
    assert!(call(stand.at, &submission(&key))?.task().is_some());
    Ok(())
}

#[test]
fn do_07_without_free_files_the_gate_waits_and_does_not_spin_and_comes_back() -> Result<()> {
    let _alone = alone();
    let (stand, key) = stand()?;
    let before = open_files(&stand)?;
    let limited = Command::new("prlimit").args(["--nofile=256", "--pid", &stand.gate.id().to_string()]).status()?;
    ensure!(limited.success(), "prlimit (util-linux)");
    let crowd: Vec<TcpStream> = (0..300_u16).map(|number| connect(stand.at, u8::try_from(2 + number % 200)?)).collect::<Result<_>>()?;
    // what has been connected waits in the kernel's queue until the gate comes to it
    let full = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(50));
        open_files(&stand).is_ok_and(|files| files >= 250)
    });
    assert!(full, "{} files: the limit was not reached", open_files(&stand)?);
    let used = ticks(&stand)?;
    thread::sleep(Duration::from_millis(1_500));
    let spun = ticks(&stand)? - used;
    assert!(spun < 50, "{spun} ticks of processor time in a second and a half with nothing to do");
    drop(crowd);
    let served = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        call(stand.at, &submission(&key)).is_ok_and(|answer| answer.task().is_some())
    });
    assert!(served, "it came back");
    let settled = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        open_files(&stand).is_ok_and(|files| files <= before + 8)
    });
    assert!(settled, "{} files open, {before} before", open_files(&stand)?);
    Ok(())
}

#[test]
fn do_08_a_key_far_over_its_limit_leaves_others_their_time() -> Result<()> {
    let _alone = alone();
    let (stand, key) = stand()?;
    let greedy = stand.key("greedy", json!({ "caps": ["1000/day"], "rate": "60/min" }))?;
    stand.mode(&json!({ "latency_ms": 20 }))?;
    p99(stand.at, &key, 50)?;
    let quiet = best(Duration::from_millis(25), || p99(stand.at, &key, 100))?;
    let (at, over) = (stand.at, AtomicBool::new(false));
    let beside = thread::scope(|scope| -> Result<Duration> {
        // a hundred times its rate: 100 requests a second where one is allowed
        let flood = scope.spawn(|| -> Result<u32> {
            let mut asked = 0;
            while !over.load(Ordering::Relaxed) {
                call(at, &submission(&greedy))?;
                asked += 1;
                thread::sleep(Duration::from_millis(9));
            }
            Ok(asked)
        });
        let beside = best(quiet * 2, || p99(at, &key, 100));
        over.store(true, Ordering::Relaxed);
        let asked = flood.join().map_err(|_| anyhow::anyhow!("the flood broke"))??;
        ensure!(asked > 50, "a flood of {asked}");
        beside
    })?;
    println!("p99 {quiet:?} alone, {beside:?} beside a key at a hundred times its rate");
    assert!(beside <= quiet * 2, "p99 {beside:?} beside the flood, {quiet:?} without");
    Ok(())
}

#[test]
fn do_10_connections_that_come_and_go_leave_nothing_behind() -> Result<()> {
    const ROUNDS: usize = 10_000;
    let _alone = alone();
    let (stand, key) = stand()?;
    let churn = |rounds: usize| -> Result<()> {
        for number in 0..rounds {
            let mut stream = connect(stand.at, u8::try_from(2 + number % 200)?)?;
            if number % 2 == 0 {
                stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: gate\r\n\r\n")?;
            }
        }
        thread::sleep(Duration::from_millis(500));
        Ok(())
    };
    // buffers, files and threads are what such a flood takes at once, more or less of it each time; a leak adds to them every time
    churn(ROUNDS)?;
    let (mut files, mut memory) = (open_files(&stand)?, status(&stand, "VmRSS:")?);
    let settles = (0..5).any(|_| {
        let begun = instant();
        let after = churn(ROUNDS).and_then(|()| Ok((open_files(&stand)?, status(&stand, "VmRSS:")?)));
        let Ok((files_after, memory_after)) = after else { return false };
        println!("{ROUNDS} connections in {:?}: {files} then {files_after} files, {memory} then {memory_after} KiB", begun.elapsed());
        // the sealer opens its own in between
        let settled = files_after <= files + 8 && memory_after <= memory + 512;
        (files, memory) = (files_after, memory_after);
        settled
    });
    assert!(settles, "each of five floods of {ROUNDS} connections left more behind: {files} files, {memory} KiB");
    assert!(call(stand.at, &submission(&key))?.task().is_some());
    Ok(())
}

#[test]
fn do_13_names_made_to_collide_cost_what_any_names_cost() -> Result<()> {
    let _alone = alone();
    let (stand, key) = stand()?;
    let time = |names: &dyn Fn(usize) -> String| -> Result<Duration> {
        let fields = (0..190).map(|number| names(number) + "=1").collect::<Vec<_>>().join("&");
        let body = format!("key={key}&method=userrecaptcha&googlekey=k&pageurl=https://example.com/&{fields}");
        let request = format!("POST /in.php HTTP/1.1\r\nHost: gate\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let mut took = Vec::new();
        for _ in 0..40 {
            let begun = instant();
            let answer = tollgate_tests::exchange(stand.at, request.as_bytes())?;
            took.push(begun.elapsed());
            let text = String::from_utf8_lossy(&answer).into_owned();
            ensure!(text.contains("OK|"), "{text}");
        }
        took.sort_unstable();
        Ok(took[20])
    };
    let usual = time(&|number| format!("field_{number}"))?;
    // one length and one last byte: what any table of ours might take for its mark
    let hostile = |number: usize| format!("{number:05}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    let bound = usual * 3 + Duration::from_millis(2);
    let colliding = best(bound, || time(&hostile))?;
    println!("{usual:?} for usual names, {colliding:?} for colliding ones");
    assert!(colliding <= bound, "{colliding:?} for colliding names, {usual:?} for usual ones");
    Ok(())
}
