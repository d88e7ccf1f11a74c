//! A submission that its caller has named is bought once, however often and whenever it is made.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tollgate_tests::{Answer, Setup, Stand, from, submission};

fn named(at: SocketAddr, key: &str, name: &str) -> Result<Answer> {
    from(at, Ipv4Addr::LOCALHOST, &submission(key), &[&format!("Idempotency-Key: {name}")])
}

#[test]
fn bu_17_a_hundred_at_once_are_one_request_and_a_hundred_identical_answers() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let answers = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..100).map(|_| scope.spawn(|| named(stand.at, &key, "order-4711"))).collect();
        callers.into_iter().map(|caller| caller.join().map_err(|_| anyhow::anyhow!("a caller broke"))?).collect::<Result<Vec<_>>>()
    })?;
    let task = answers.first().and_then(Answer::task).context("no task")?.to_owned();
    assert!(answers.iter().all(|answer| answer.task() == Some(&task)), "{answers:?}");
    assert_eq!((stand.received()?.len(), stand.charged()?.to_string()), (1, "0.100000000".to_owned()));
    let other = from(stand.at, Ipv4Addr::LOCALHOST, &format!("{}&invisible=1", submission(&key)), &["Idempotency-Key: order-4711"])?;
    assert_eq!((other.denied(), other.body.as_str()), (Some("duplicate"), "ERROR_TOLLGATE_DUPLICATE"));
    let twice = from(stand.at, Ipv4Addr::LOCALHOST, &submission(&key), &["Idempotency-Key: a", "idempotency-key: a"])?;
    assert_eq!((twice.status, stand.received()?.len()), (400, 1));
    Ok(())
}

#[test]
fn bu_19_the_same_answer_is_given_after_a_restart_and_no_second_is_bought() -> Result<()> {
    let mut stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let bought = named(stand.at, &key, "order-1")?;
    assert!(bought.task().is_some(), "{}", bought.body);
    stand.mode(&json!({ "outcome": "http_500" }))?;
    let unknown = named(stand.at, &key, "order-2")?;
    assert_eq!(unknown.body, "ERROR_TOLLGATE_OUTCOME_UNKNOWN");
    stand.mode(&json!({ "outcome": "ok" }))?;
    let sent = stand.received()?.len();
    stand.kill_and_restart()?;
    assert_eq!(named(stand.at, &key, "order-1")?.body, bought.body);
    assert_eq!(named(stand.at, &key, "order-2")?.body, unknown.body);
    assert_eq!(stand.received()?.len(), sent);
    Ok(())
}

/// A provider that takes requests and says nothing, as long as it is kept.
fn silent() -> Result<(SocketAddr, std::sync::mpsc::Receiver<TcpStream>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let at = listener.local_addr()?;
    let (send, receive) = std::sync::mpsc::sync_channel(16);
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 4096]);
            if send.send(stream).is_err() {
                return;
            }
        }
    });
    Ok((at, receive))
}

#[test]
fn bu_20_what_a_killed_gate_had_sent_is_unknown_under_its_name_and_is_never_sent_again() -> Result<()> {
    let (origin, heard) = silent()?;
    let mut stand = Stand::with(Setup { origin: Some(origin), ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let mut first = TcpStream::connect(stand.at)?;
    write!(first, "GET {} HTTP/1.1\r\nHost: gate\r\nIdempotency-Key: order-1\r\n\r\n", submission(&key))?;
    let _kept = heard.recv_timeout(Duration::from_secs(10)).context("nothing was sent")?;
    stand.kill_and_restart()?;
    let again = named(stand.at, &key, "order-1")?;
    assert_eq!((again.body.as_str(), again.denied()), ("ERROR_TOLLGATE_OUTCOME_UNKNOWN", None));
    assert!(heard.try_recv().is_err(), "it was sent again");
    Ok(())
}

#[test]
fn the_same_submission_within_the_window_is_bought_once_where_the_upstream_collapses_it() -> Result<()> {
    let mut stand = Stand::with(Setup { upstream: "collapse = \"3s\"", ..Setup::default() })?;
    let (key, other) = (stand.key("shop", json!({ "caps": ["1/day"] }))?, stand.key("other", json!({ "caps": ["1/day"] }))?);
    let buy = |stand: &Stand, target: &str| -> Result<String> {
        let answer = from(stand.at, Ipv4Addr::LOCALHOST, target, &[])?;
        Ok(answer.task().with_context(|| answer.body.clone())?.to_owned())
    };
    let target = submission(&key);
    let answers = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..20).map(|_| scope.spawn(|| buy(&stand, &target))).collect();
        callers.into_iter().map(|caller| caller.join().map_err(|_| anyhow::anyhow!("a caller broke"))?).collect::<Result<Vec<_>>>()
    })?;
    let first = answers.first().context("no answer")?.clone();
    assert!(answers.iter().all(|task| *task == first), "{answers:?}");
    assert_eq!((stand.received()?.len(), stand.charged()?.to_string()), (1, "0.100000000".to_owned()));
    stand.kill_and_restart()?;
    assert_eq!(buy(&stand, &target)?, first, "the journal remembers");
    // another page, another key and a name of the caller's own are other submissions
    let distinct = [buy(&stand, &format!("{target}more"))?, buy(&stand, &submission(&other))?];
    let named = named(stand.at, &key, "order-1")?.task().context("no task")?.to_owned();
    assert!(!distinct.contains(&first) && named != first, "{distinct:?} {named}");
    std::thread::sleep(Duration::from_millis(3_200));
    assert_ne!(buy(&stand, &target)?, first, "the window is over");
    assert_eq!(stand.received()?.len(), 5);
    Ok(())
}

#[test]
fn without_a_window_each_submission_is_bought() -> Result<()> {
    let stand = Stand::new()?;
    let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
    let bought = (0..2).filter(|_| from(stand.at, Ipv4Addr::LOCALHOST, &submission(&key), &[]).is_ok_and(|answer| answer.task().is_some()));
    assert_eq!((bought.count(), stand.received()?.len()), (2, 2));
    Ok(())
}
