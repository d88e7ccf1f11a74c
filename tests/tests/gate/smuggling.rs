//! Requests that hide another one, all of them on the real binary: refused bare and closed, or read as every reader reads them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tollgate_tests::framing::{self, Case, KEY, NEXT, table};
use tollgate_tests::{Answer, Setup, Stand, exchange};

/// Connections at once: an unfinished request waits for its deadline.
const AT_ONCE: usize = 24;
/// Deadlines that an unfinished request meets soon.
const SOON: &str = "[limits]\nhead_within = \"1s\"\nbody_within = \"1s\"\n";

/// What is to be read of a case.
struct Wanted {
    case: Case,
    /// Who the requests say they are, in order; `other` for one that says nothing.
    read: Vec<&'static str>,
    /// Whether a bare refusal follows.
    refused: bool,
}

fn stand() -> Result<(Stand, String)> {
    let stand = Stand::with(Setup { more: SOON, ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["100000/day"] }))?;
    ensure!(key.len() == KEY.len(), "a key of another length would bend every length in the corpus");
    Ok((stand, key))
}

/// The answers in the bytes, interim ones left out, each with its status.
fn answers(bytes: &[u8]) -> Result<Vec<Answer>> {
    let text = String::from_utf8_lossy(bytes);
    let texts = text.split("HTTP/1.1 ").skip(1).filter(|answer| !answer.starts_with("100 "));
    texts.map(|answer| Answer::parse(format!("HTTP/1.1 {answer}").as_bytes())).collect()
}

/// Sends the case with an honest request behind it, and holds the answers against what is wanted.
fn send(stand: &Stand, key: &str, wanted: &Wanted) -> Result<()> {
    let bytes = [wanted.case.bytes.as_slice(), NEXT.as_bytes()].concat();
    let answered = exchange(stand.at, &with_key(&bytes, key))?;
    let answers = answers(&answered)?;
    let shown = || format!("{:?} for {:.300}", answers, bytes.escape_ascii().to_string());
    ensure!(answers.len() == wanted.read.len() + usize::from(wanted.refused), "{} answers: {}", answers.len(), shown());
    for (place, answer) in answers.iter().enumerate() {
        let bare = answer.denied() == Some("malformed") && answer.header("content-type") == Some("text/plain; charset=utf-8");
        let closed = answer.header("connection") == Some("close");
        if place == wanted.read.len() {
            ensure!(matches!(answer.status, 400..=499 | 505) && bare && closed, "not a bare refusal and an end: {}", shown());
        }
    }
    Ok(())
}

/// Puts the real virtual key where the corpus has its own, which is as long.
fn with_key(bytes: &[u8], key: &str) -> Vec<u8> {
    let mut out = bytes.to_vec();
    while let Some(at) = out.windows(KEY.len()).position(|window| window == KEY.as_bytes()) {
        out.splice(at..at + KEY.len(), key.bytes());
    }
    out
}

/// Sends all of them, many at once; everything that went wrong, by the case's name.
fn send_all(stand: &Stand, key: &str, all: &[Wanted]) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(wanted) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = send(stand, key, wanted) {
                        wrong.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{}: {error:#}", wanted.case.name));
                    }
                }
            });
        }
    });
    wrong.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Who was heard by the provider, by the number of the case; an error if somebody says nothing.
fn heard(stand: &Stand) -> Result<BTreeMap<usize, Vec<String>>> {
    let mut heard: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for request in stand.received()? {
        let body = STANDARD.decode(request.get("body_base64").and_then(Value::as_str).context("no body")?)?;
        let said = format!("?{}", String::from_utf8(body)?);
        let (number, mark) = framing::number(&said).zip(framing::mark(&said)).with_context(|| request.to_string())?;
        heard.entry(number).or_default().push(mark.to_owned());
    }
    Ok(heard)
}

#[test]
fn sm_01_to_17_of_a_thousand_requests_that_hide_one_none_is_answered_twice_and_none_refused_is_sent_on() -> Result<()> {
    let (stand, key) = stand()?;
    let read: BTreeMap<_, _> = table::read_cases().collect();
    let all: Vec<Wanted> = framing::generated().into_iter().map(|case| generated(case, &read)).collect();
    assert!(all.len() >= 750);
    let wrong = send_all(&stand, &key, &all);
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), all.len());
    let heard = heard(&stand)?;
    for (number, wanted) in all.iter().enumerate() {
        let marks = heard.get(&number).cloned().unwrap_or_default();
        let once =
            marks.iter().all(|mark| marks.iter().filter(|other| *other == mark).count() == 1 && wanted.read.contains(&mark.as_str()));
        assert!(once, "{}: {marks:?} were sent on, {:?} were read", wanted.case.name, wanted.read);
        // where nothing has a body, the request behind the first is one for everybody: the provider hears what is there
        let plain = wanted.case.name.ends_with("-over-nothing") && wanted.read.starts_with(&["first", "hidden"]);
        assert!(!plain || marks == ["first", "hidden"], "{}: {marks:?}", wanted.case.name);
    }
    assert_eq!(heard.keys().filter(|number| **number >= all.len()).count(), 0);
    assert!(heard.len() >= 20, "the corpus has lost its requests: {}", heard.len());
    Ok(())
}

fn generated(case: Case, read: &BTreeMap<&'static str, Vec<&'static str>>) -> Wanted {
    let Some(words) = read.get(case.name.as_str()) else { return Wanted { case, read: Vec::new(), refused: true } };
    let (refused, more) = (words.last() == Some(&"refused"), words.last() == Some(&"more"));
    let read = words.get(..words.len() - usize::from(refused || more)).unwrap_or_default().to_vec();
    Wanted { case, read, refused }
}

#[test]
fn sm_01_to_17_every_refused_row_of_the_codecs_tables_is_refused_by_the_binary() -> Result<()> {
    let (stand, key) = stand()?;
    let mut all = Vec::new();
    for row in table::heads() {
        let expected = row.words.get(1).copied().unwrap_or_default();
        if !matches!(expected, "none" | "chunked") && !expected.starts_with("length=") {
            let case = Case { name: row.name().to_owned(), bytes: row.bytes };
            all.push(Wanted { case, read: Vec::new(), refused: true });
        }
    }
    for row in table::chunks() {
        if row.words.first() == Some(&"Chunk") {
            let head = format!("POST /in.php?key={KEY}&method=userrecaptcha&googlekey=k&pageurl=https://e.com/ HTTP/1.1\r\nHost: g\r\n");
            let bytes = [head.as_bytes(), b"Transfer-Encoding: chunked\r\n\r\n", &row.bytes].concat();
            all.push(Wanted { case: Case { name: row.name().to_owned(), bytes }, read: Vec::new(), refused: true });
        }
    }
    assert!(all.len() >= 170, "{}", all.len());
    let wrong = send_all(&stand, &key, &all);
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), all.len());
    assert!(stand.received()?.is_empty());
    Ok(())
}
