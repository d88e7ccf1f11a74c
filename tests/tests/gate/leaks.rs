//! The ways by which a key leaves a program that does not mean to give it away: errors, the disk, a provider that refuses it.

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_model::Money;
use tollgate_tests::{Said, Search, Setup, Stand, Stub, call, poll, submission};

const LIMITS: &str = "[limits]\nconnect_within = \"500ms\"\nanswer_within = \"100ms\"\ncall_within = \"200ms\"\n";

/// A gate before a provider that cannot be talked to.
struct Deaf {
    stand: Stand,
    key: String,
    seen: Search,
}

impl Deaf {
    fn at(url: &str) -> Result<Self> {
        let stand = Stand::with(Setup { url: Some(url), more: LIMITS, ..Setup::default() })?;
        let key = stand.key("shop", json!({ "caps": ["1/day"] }))?;
        Ok(Self { stand, key, seen: Search::default() })
    }

    /// Submissions in text and in JSON are answered with this word.
    fn fails(&mut self, what: &str, word: &str) -> Result<()> {
        for target in [submission(&self.key), format!("{}&json=1", submission(&self.key))] {
            let answer = call(self.stand.at, &target)?;
            assert!(answer.body.contains(word), "{what}: {}", answer.body);
            self.seen.answer(what, &answer);
        }
        Ok(())
    }

    /// What is left of the cap; neither a key nor a part of a URL stands in any record, answer or file.
    fn leaves(mut self, left: &str) -> Result<()> {
        assert_eq!(call(self.stand.at, &format!("/res.php?key={}&action=getbalance", self.key))?.body, left);
        let lines = self.stand.lines("\"denied_by\"")?;
        assert!(lines.len() >= 2, "{lines:?}");
        let printed = self.stand.gate.printed();
        for text in lines.iter().map(Value::to_string).chain([printed.clone()]) {
            assert!(!["in.php", "googlekey", "key="].iter().any(|part| text.contains(part)), "a part of a URL: {text}");
        }
        self.seen.add("doctor", self.stand.ask("GET", "/v1/doctor", None)?.to_string());
        self.seen.add("what the gate printed", printed);
        self.seen.files(self.stand.folder(), "real.key")?;
        for key in [&self.stand.real_key, &self.key] {
            assert_eq!(self.seen.hits(key), Vec::<String>::new());
        }
        Ok(())
    }
}

#[test]
fn se_04_a_provider_that_cannot_be_reached_leaves_no_url_and_no_key_behind() -> Result<()> {
    // nobody there, no name, no TLS: nothing was sent, and the money is back
    let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let plain = Stub::start()?;
    let each = [format!("http://{closed}"), "https://nobody.invalid".to_owned(), format!("https://{}", plain.at)].map(|url| {
        std::thread::spawn(move || {
            let mut deaf = Deaf::at(&url)?;
            deaf.fails(&url, "ERROR_NO_SLOT_AVAILABLE")?;
            deaf.leaves("1")
        })
    });
    for one in each {
        one.join().ok().context("it panicked")??;
    }
    assert!(plain.heard().is_empty(), "a key went out without TLS");
    Ok(())
}

#[test]
fn se_04_a_provider_that_gives_no_answer_leaves_no_url_and_no_key_behind() -> Result<()> {
    let lost = "ERROR_TOLLGATE_OUTCOME_UNKNOWN";
    // connected, and nobody reads
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let mut deaf = Deaf::at(&format!("http://{}", silent.local_addr()?))?;
    deaf.fails("silent", lost)?;
    deaf.leaves("0.8")?;
    let stub = Stub::start()?;
    let mut deaf = Deaf::at(&format!("http://{}", stub.at))?;
    deaf.fails("gone", lost)?;
    for answer in ["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nOK|", "HTTP/2 200\r\n\r\n", "OK|70000001"] {
        stub.say(Said::Pieces(vec![answer.into()]));
        deaf.fails(answer, lost)?;
    }
    stub.say(Said::Endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), b"1\r\nx\r\n".to_vec()));
    deaf.fails("endless", lost)?;
    deaf.leaves("0")
}

/// An answer that refuses the key rests it: one call is sent, then none until there is another key.
fn is_shown_once(status: &str, body: &str) -> Result<()> {
    let stub = Stub::start()?;
    let stand = Stand::with(Setup { origin: Some(stub.at), ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["10/day"] }))?;
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stub.say(Said::Pieces(vec![head.into_bytes()]));
    let first = call(stand.at, &submission(&key))?;
    assert!(first.body.starts_with("ERROR_TOLLGATE_"), "the caller is not blamed: {}", first.body);
    for _ in 0..10 {
        let next = call(stand.at, &submission(&key))?;
        assert_eq!((next.denied(), next.body.as_str()), (Some("secret_unavailable"), "ERROR_NO_SLOT_AVAILABLE"));
    }
    assert_eq!(stub.heard().len(), 1, "the refused key was shown again");
    let doctor = stand.ask("GET", "/v1/doctor", None)?.to_string();
    assert!(doctor.contains("refuses the real key"), "{doctor}");
    // another version is tried at once
    stub.say(Said::body(b"OK|70000001"));
    stand.put_real_key("f123456789abcdef0123456789abcdef")?;
    let taken = (0..60).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        call(stand.at, &submission(&key)).is_ok_and(|answer| answer.task().is_some())
    });
    assert!(taken, "the new key was not taken into use");
    assert_eq!(stub.heard().len(), 2);
    Ok(())
}

#[test]
fn se_14_a_provider_that_refuses_the_key_in_words_is_shown_it_once_until_there_is_another() -> Result<()> {
    is_shown_once("200 OK", "ERROR_KEY_DOES_NOT_EXIST")
}

#[test]
fn se_14_a_provider_that_refuses_the_key_in_json_is_shown_it_once_until_there_is_another() -> Result<()> {
    is_shown_once("200 OK", r#"{"status":0,"request":"ERROR_WRONG_USER_KEY"}"#)
}

#[test]
fn se_14_a_provider_that_refuses_the_key_by_401_is_shown_it_once_until_there_is_another() -> Result<()> {
    is_shown_once("401 Unauthorized", "<html><h1>401</h1></html>")
}

#[test]
fn se_14_what_strangers_send_never_reaches_the_provider() -> Result<()> {
    let stand = Stand::new()?;
    for number in 0..50 {
        call(stand.at, &submission(&format!("{number:032}")))?;
        call(stand.at, &poll(&format!("tgk_{number:028}"), "1"))?;
    }
    assert!(stand.received()?.is_empty());
    assert_eq!(stand.charged()?, Money::ZERO);
    Ok(())
}

#[test]
fn se_17_id_17_neither_key_lies_in_the_database_its_log_or_its_copies_after_a_kill() -> Result<()> {
    let mut stand = Stand::new()?;
    let mut secrets = vec![stand.real_key.clone()];
    for name in ["one", "two"] {
        secrets.push(stand.key(name, json!({ "caps": ["1/day"], "note": "for the shop" }))?);
        let rotated = stand.ask("POST", &format!("/v1/keys/{name}/rotate"), Some(&json!({ "overlap": "1h" })))?;
        secrets.push(rotated.get("key").and_then(Value::as_str).context("no key")?.to_owned());
    }
    for key in &secrets {
        call(stand.at, &submission(key))?;
    }
    secrets.push(fs::read_to_string(stand.state().join("admin.token"))?.trim().to_owned());
    // the log of the database is still there, as a crash or a copy of the running folder has it
    stand.gate.kill()?;
    assert!(stand.state().join("tollgate.db-wal").exists());
    let mut disk = Search::default();
    disk.files(&stand.state(), "admin.token")?;
    assert!(disk.places() > 4);
    for secret in &secrets {
        assert_eq!(disk.hits(secret), Vec::<String>::new());
    }
    // the search can find: a name lies there
    assert!(!disk.hits("for the shop").is_empty());
    Ok(())
}
