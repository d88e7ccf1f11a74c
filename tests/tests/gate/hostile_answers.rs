//! What a provider, or whoever answers in its place, can say: the caller reads one clean answer, and the connection is not used again.

use anyhow::{Result, ensure};
use serde_json::json;
use tollgate_tests::framing::table;
use tollgate_tests::{Answer, Said, Setup, Stand, Stub, answers, exchange, get, submission};

/// Stands in everything that must not reach a caller.
const EVIL: &str = "evil";

/// A hostile answer and what the caller may make of it.
struct Case {
    name: String,
    said: Said,
    /// The task that it tells all the same, if it can be trusted so far.
    task: Option<&'static str>,
}

fn case(name: &str, said: Said, task: Option<&'static str>) -> Case {
    Case { name: name.to_owned(), said, task }
}

/// The provider says this and stays.
fn kept(bytes: impl Into<Vec<u8>>) -> Said {
    Said::Kept(bytes.into())
}

/// The provider says this, in two pieces, and goes.
fn gone(bytes: impl Into<Vec<u8>>) -> Said {
    let bytes: Vec<u8> = bytes.into();
    let (first, second) = bytes.split_at(bytes.len() / 2);
    Said::Pieces(vec![first.to_vec(), second.to_vec()])
}

fn whole(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Heads that the codec refuses, each with a task behind it that nobody may buy.
fn refused_heads() -> Vec<Case> {
    let refused = table::answers().into_iter().filter(|row| row.words.get(1).is_some_and(|word| word.starts_with(char::is_uppercase)));
    refused.map(|row| case(row.name(), kept([row.bytes.as_slice(), b"OK|evil1"].concat()), None)).collect()
}

/// Heads that are sound, with something before, in or behind them that is not.
fn bent() -> Vec<Case> {
    let interim = |count: usize| "HTTP/1.1 100 Continue\r\nX: evil\r\n\r\n".repeat(count);
    let second = whole("", "OK|evil2");
    vec![
        case("four-interim-answers", kept(interim(4) + &whole("", "OK|1001")), Some("1001")),
        case("five-interim-answers", kept(interim(5) + &whole("", "OK|evil3")), None),
        case("interim-answers-without-end", Said::Endless(Vec::new(), interim(100).into_bytes()), None),
        case("early-hints", kept("HTTP/1.1 103 Early Hints\r\nLink: <evil>\r\n\r\n".to_owned() + &whole("", "OK|1002")), Some("1002")),
        case("bytes-behind-the-body", kept(whole("", "OK|1003") + "evil"), Some("1003")),
        case("a-second-answer-behind-the-first", kept(whole("", "OK|1004") + &second), Some("1004")),
        case("a-second-answer-behind-no-body", kept("HTTP/1.1 204 No Content\r\n\r\n".to_owned() + &second), None),
        case(
            "a-second-answer-behind-chunks",
            kept(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nOK|1005\r\n0\r\n\r\n{second}")),
            Some("1005"),
        ),
        case(
            "headers-for-the-caller",
            kept(whole("Set-Cookie: evil=1\r\nLocation: https://evil.test/\r\nAccess-Control-Allow-Origin: evil\r\n", "OK|1006")),
            Some("1006"),
        ),
        case("a-type-for-the-caller", kept(whole("Content-Type: text/html; charset=evil\r\n", "OK|1007")), Some("1007")),
        case("a-redirect", kept("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/evil\r\nContent-Length: 0\r\n\r\n"), None),
        case("nothing", Said::Nothing, None),
        case("half-a-status-line", gone("HTTP/1.1 2"), None),
        case("half-a-head", gone("HTTP/1.1 200 OK\r\nX: evil\r\nContent-Le"), None),
        case("half-a-body", gone("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nOK|evil4"), None),
        case("half-a-chunk", gone("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nOK|evil5"), None),
        case("no-last-chunk", gone("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nOK|evil6\r\n"), None),
        case("a-body-until-the-end", gone("HTTP/1.1 200 OK\r\n\r\nOK|1008"), Some("1008")),
        case("a-length-of-ten-gigabytes", kept("HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\nOK|evil7"), None),
        case("a-head-of-17-kib", kept(format!("HTTP/1.1 200 OK\r\nX: {}", "e".repeat(17 << 10))), None),
        case("a-hundred-and-one-headers", kept(format!("HTTP/1.1 200 OK\r\n{}\r\nOK|evil8", "X: evil\r\n".repeat(101))), None),
        case("text-for-another-protocol", kept("SSH-2.0-OpenSSH_9.2\r\n"), None),
        case("a-line-end-in-the-task", kept(whole("", "OK|1\r\nSet-Cookie: evil=1\r\n\r\nevil")), None),
        case("a-nul-in-the-task", kept(whole("", "OK|1\0evil")), None),
        case("a-page", kept(whole("Content-Type: text/html\r\n", "<script>evil()</script>")), None),
    ]
}

/// Chunks that the codec refuses.
fn refused_chunks() -> Vec<Case> {
    let refused = table::chunks().into_iter().filter(|row| row.words.first() == Some(&"Chunk"));
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nOK|evil9\r\n";
    refused.map(|row| case(row.name(), kept([head.as_slice(), &row.bytes].concat()), None)).collect()
}

/// One submission; its one answer.
fn submit(stand: &Stand, key: &str) -> Result<Answer> {
    let bytes = exchange(stand.at, get(&submission(key), "").as_bytes())?;
    let mut answers = answers(&bytes)?;
    ensure!(answers.len() == 1, "{} answers: {answers:?}", answers.len());
    ensure!(!String::from_utf8_lossy(&bytes).contains(EVIL), "the provider's bytes reached the caller: {answers:?}");
    answers.pop().ok_or_else(|| anyhow::anyhow!("no answer"))
}

#[test]
fn sm_14_the_caller_reads_one_clean_answer_and_the_connection_is_given_up() -> Result<()> {
    let stub = Stub::start()?;
    let stand = Stand::with(Setup { origin: Some(stub.at), ..Setup::default() })?;
    let key = stand.key("shop", json!({ "caps": ["100000/day"] }))?;
    let cases: Vec<Case> = refused_heads().into_iter().chain(bent()).chain(refused_chunks()).collect();
    assert!(cases.len() >= 80, "{}", cases.len());
    for (number, Case { name, said, task }) in cases.into_iter().enumerate() {
        stub.say(said);
        let answer = submit(&stand, &key).map_err(|error| error.context(name.clone()))?;
        assert_eq!(answer.task(), task, "{name}: {}", answer.body);
        assert!(task.is_some() || answer.body.starts_with("ERROR_"), "{name}: {}", answer.body);
        let hostile = stub.heard().last().map(|heard| heard.connection);
        // an honest answer next: it is the one that is read, and it comes over another connection
        stub.say(kept(whole("", &format!("OK|{}", 2000 + number))));
        let honest = submit(&stand, &key).map_err(|error| error.context(name.clone()))?;
        assert_eq!(honest.task(), Some((2000 + number).to_string().as_str()), "behind {name}: {}", honest.body);
        let heard = stub.heard();
        assert_eq!(heard.len(), 2 * (number + 1), "{name}: each is sent once");
        let stays = ["headers-for-the-caller", "a-type-for-the-caller", "four-interim-answers", "early-hints", "a-page", "a-redirect"];
        let stays = stays.contains(&name.as_str()) || name.ends_with("-in-the-task");
        assert!(stays || hostile != heard.last().map(|heard| heard.connection), "{name}: its connection was used again");
    }
    Ok(())
}
