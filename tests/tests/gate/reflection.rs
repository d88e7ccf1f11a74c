//! A provider that hands the real key back, in any writing, at any place, in any pieces: no caller gets it, and somebody is woken.

mod deflate;

use anyhow::{Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::json;
use tollgate_tests::{Answer, Said, Search, Setup, Stand, Stub, exchange, forms, get, poll, submission};

/// A gate whose provider is a mirror, with one task that is paid for.
struct Mirror {
    stand: Stand,
    stub: Stub,
    key: String,
    seen: Search,
}

const TASK: &str = "70000001";
const LOST: &str = "ERROR_TOLLGATE_OUTCOME_UNKNOWN";

impl Mirror {
    fn new() -> Result<Self> {
        let stub = Stub::start()?;
        let stand = Stand::with(Setup { origin: Some(stub.at), ..Setup::default() })?;
        let key = stand.key("shop", json!({ "caps": ["1000/day"] }))?;
        stub.say(Said::body(format!("OK|{TASK}").as_bytes()));
        let mirror = Self { stand, stub, key, seen: Search::default() };
        let bought = mirror.call(&submission(&mirror.key))?;
        ensure!(bought.1.task() == Some(TASK), "{:?}", bought.1);
        Ok(mirror)
    }

    fn call(&self, target: &str) -> Result<(Vec<u8>, Answer)> {
        let bytes = exchange(self.stand.at, get(target, "").as_bytes())?;
        let answer = Answer::parse(&bytes)?;
        Ok((bytes, answer))
    }

    /// A submission and a poll, in text and in JSON, meet this answer: none is passed on, and a poll reads "not ready".
    fn withholds(&mut self, place: &str, said: Said) -> Result<()> {
        self.stub.say(said);
        for json in [false, true] {
            let form = if json { "&json=1" } else { "" };
            let word = |word: &str| if json { format!(r#"{{"status":0,"request":"{word}"}}"#) } else { word.to_owned() };
            let (bytes, submitted) = self.call(&(submission(&self.key) + form))?;
            self.seen.add(format!("a submission: {place}"), bytes);
            ensure!(submitted.body == word(LOST), "a submission: {place}: {}", submitted.body);
            let (bytes, polled) = self.call(&(poll(&self.key, TASK) + form))?;
            self.seen.add(format!("a poll: {place}"), bytes);
            ensure!(polled.body == word("CAPCHA_NOT_READY"), "a poll: {place}: {}", polled.body);
        }
        Ok(())
    }

    /// Nothing that was answered, printed or stored holds the key in any form.
    fn holds_nothing(mut self) -> Result<Self> {
        self.seen.add("what the gate printed", self.stand.gate.printed());
        self.seen.files(self.stand.folder(), "real.key")?;
        assert_eq!(self.seen.hits(&self.stand.real_key), Vec::<String>::new());
        Ok(self)
    }

    fn alarms(&self) -> Result<usize> {
        Ok(self.stand.lines("leak_withheld")?.iter().filter(|line| line.pointer("/event/kind") == Some(&json!("alert"))).count())
    }
}

/// The key in another case, letter by letter.
fn swapped(key: &str) -> String {
    key.chars().map(|letter| if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }).collect()
}

/// The writings that an echo, an encoder or a log would use.
fn writings(key: &str) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let mut all: Vec<_> = forms(key)
        .into_iter()
        .filter(|(form, _)| *form != "reversed" && !form.starts_with("base64"))
        .map(|(form, bytes)| (form.to_owned(), text(bytes)))
        .collect();
    for shift in 0..3 {
        let around = format!("{}{key}tail", "x".repeat(shift));
        all.push((format!("base64 behind {shift}"), STANDARD.encode(&around)));
        all.push((format!("base64url behind {shift}"), URL_SAFE.encode(&around)));
    }
    all.push(("in the other case".to_owned(), swapped(key)));
    // some letters escaped and some not, as no encoder would: a reader of JSON, of a URL or of HTML undoes it all the same
    let some = |write: fn(u32) -> String| {
        key.chars()
            .enumerate()
            .map(|(at, letter)| if at % 3 == 0 { write(u32::from(letter)) } else { letter.to_string() })
            .collect::<String>()
    };
    all.push(("JSON in part".to_owned(), some(|letter| format!("\\u{letter:04x}"))));
    all.push(("percent in part".to_owned(), some(|letter| format!("%{letter:02X}"))));
    all.push(("HTML in part".to_owned(), some(|letter| format!("&#{letter};"))));
    all
}

#[test]
fn se_01_the_key_in_any_writing_and_any_body_is_withheld() -> Result<()> {
    let mut mirror = Mirror::new()?;
    let mut count = 0;
    for (form, written) in writings(&mirror.stand.real_key) {
        for (kind, body) in [
            ("text", format!("OK|{written}")),
            ("a word", format!("ERROR_KEY_DOES_NOT_EXIST {written}")),
            ("JSON", format!(r#"{{"status":1,"request":"{written}"}}"#)),
            ("a JSON error", format!(r#"{{"status":0,"request":"ERROR_BAD_PARAMETERS","error_text":"key {written} is odd"}}"#)),
            ("HTML", format!("<html><body>your request: /in.php?key={written}&method=post</body></html>")),
        ] {
            mirror.withholds(&format!("{form} in {kind}"), Said::body(body.as_bytes()))?;
            count += 4;
        }
    }
    // an alarm a finding: a writing in part stands outside every promise but that no caller gets the key by reading it
    let mirror = mirror.holds_nothing()?;
    assert_eq!(mirror.alarms()?, count);
    Ok(())
}

#[test]
fn se_01_a_header_with_the_key_is_withheld_with_its_answer() -> Result<()> {
    let mut mirror = Mirror::new()?;
    let key = mirror.stand.real_key.clone();
    for header in [
        format!("X-Echo: {key}\r\n"),
        format!("Location: https://evil.example/?key={key}\r\n"),
        format!("Set-Cookie: key={key}; Path=/\r\n"),
        format!("Refresh: 0; url=/in.php?key={key}\r\n"),
        format!("Link: </res.php?key={key}>; rel=next\r\n"),
        format!("X-{key}: 1\r\n"),
        format!("Content-Type: text/{key}\r\n"),
    ] {
        mirror.withholds(&header, Said::with(&header, b"OK|70000002"))?;
        let redirect = format!("HTTP/1.1 302 Found\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n");
        mirror.withholds(&format!("302 with {header}"), Said::Pieces(vec![redirect.into_bytes()]))?;
    }
    let heard = mirror.stub.heard();
    assert!(heard.iter().all(|heard| !heard.request.contains("evil.example")), "a redirect was followed");
    mirror.holds_nothing()?;
    Ok(())
}

#[test]
fn se_01_a_key_that_comes_in_pieces_is_put_together() -> Result<()> {
    let mut mirror = Mirror::new()?;
    let key = mirror.stand.real_key.clone();
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let chunk = |bytes: &str| format!("{:x}\r\n{bytes}\r\n", bytes.len());
    for at in 0..=key.len() {
        let (first, rest) = key.split_at(at);
        // over chunks, each in a segment of its own
        let (before, behind) = (chunk(&format!("OK|a{first}")), chunk(&format!("{rest}b")));
        let pieces = vec![head.into(), before.into_bytes(), behind.into_bytes(), b"0\r\n\r\n".to_vec()];
        mirror.stub.say(Said::Pieces(pieces));
        let (bytes, polled) = mirror.call(&poll(&mirror.key, TASK))?;
        assert_eq!(polled.body, "CAPCHA_NOT_READY", "split at {at}");
        mirror.seen.add(format!("split at {at}"), bytes);
        // a head that comes in two
        let text = format!("HTTP/1.1 200 OK\r\nX-Echo: {key}\r\nContent-Length: 4\r\nConnection: close\r\n\r\nOK|a");
        let (first, rest) = text.split_at(text.find(&key).unwrap_or(0) + at);
        mirror.stub.say(Said::Pieces(vec![first.as_bytes().to_vec(), rest.as_bytes().to_vec()]));
        let (bytes, polled) = mirror.call(&poll(&mirror.key, TASK))?;
        assert_eq!(polled.body, "CAPCHA_NOT_READY", "a head split at {at}");
        mirror.seen.add(format!("a head split at {at}"), bytes);
    }
    // one byte a chunk
    let pieces: String = format!("OK|{key}").chars().map(|letter| chunk(&letter.to_string())).collect();
    mirror.withholds("one byte a chunk", Said::Pieces(vec![format!("{head}{pieces}0\r\n\r\n").into_bytes()]))?;
    mirror.holds_nothing()?;
    Ok(())
}

#[test]
fn se_16_an_answer_that_is_coded_unasked_is_withheld_unread() -> Result<()> {
    let mut mirror = Mirror::new()?;
    let plain = format!("OK|{}", mirror.stand.real_key);
    let gzip = deflate::gzip(plain.as_bytes());
    let zlib = deflate::zlib(plain.as_bytes());
    for (coding, body) in [
        ("Content-Encoding: gzip\r\n", &gzip),
        ("Content-Encoding: x-gzip\r\n", &gzip),
        ("content-encoding: identity, gzip\r\n", &gzip),
        ("Content-Encoding: deflate\r\n", &zlib),
        ("Content-Encoding: br\r\n", &zlib),
        ("Content-Encoding: zstd\r\n", &zlib),
        ("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", &gzip),
        // coded, and nothing says so
        ("", &gzip),
        ("", &zlib),
    ] {
        mirror.withholds(coding, Said::with(coding, body))?;
    }
    let mut chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n".to_vec();
    chunked.extend(format!("{:x}\r\n", gzip.len()).into_bytes());
    chunked.extend(&gzip);
    chunked.extend(b"\r\n0\r\n\r\n");
    mirror.withholds("a coded transfer", Said::Pieces(vec![chunked]))?;
    assert!(mirror.stub.heard().iter().all(|heard| heard.request.contains("Accept-Encoding: identity\r\n")));
    mirror.holds_nothing()?;
    Ok(())
}
