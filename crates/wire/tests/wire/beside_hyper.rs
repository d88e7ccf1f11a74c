//! Does a general server read what we accept as we do? The same bytes go through our codec and through hyper.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tollgate_wire::{Decoder, FieldName, Framing, Limits, Method, Reject, encode, parse_head};

use crate::corpus;
use crate::mutations::{self, Dice};

/// A request as one of the two readers understood it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    method: String,
    path: Vec<u8>,
    query: Vec<u8>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
}

impl Seen {
    /// Path and query.
    pub(crate) fn target(&self) -> String {
        String::from_utf8_lossy(&[self.path.as_slice(), b"?", &self.query].concat()).into_owned()
    }
}

/// What stands behind every request under test: a reader that ends it elsewhere does not find this one whole.
const NEXT: &[u8] = b"GET /the-next-one HTTP/1.1\r\nHost: next.test\r\nConnection: close\r\n\r\n";

pub(crate) struct Ours {
    pub(crate) seen: Seen,
    /// The offset behind it.
    pub(crate) used: usize,
    pub(crate) keep_alive: bool,
}

/// Our reading of the first request, if it is whole and accepted.
pub(crate) fn ours(bytes: &[u8]) -> Result<Option<Ours>, Reject> {
    let Some((head, length)) = parse_head(bytes, &Limits::REQUEST)? else { return Ok(None) };
    let mut decoder = Decoder::new(head.framing, 10_000)?;
    let mut body = Vec::new();
    let progress = decoder.push(&bytes[length..], &mut body)?;
    let seen = Seen {
        method: match head.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
        }
        .to_owned(),
        path: head.path.of(bytes).to_vec(),
        query: head.query.of(bytes).to_vec(),
        headers: sorted(head.headers(bytes)),
        body,
    };
    Ok(progress.done.then_some(Ours { seen, used: length + progress.used, keep_alive: head.keep_alive }))
}

/// Names in small letters and sorted, since hyper keeps lines of one name together; values of one name stay in order.
fn sorted<'a>(headers: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_vec())).collect();
    headers.sort_by(|one, other| one.0.cmp(&other.0));
    headers
}

/// All requests that hyper finds in the bytes.
pub(crate) async fn theirs(bytes: &[u8]) -> Vec<Seen> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (mut client, server) = tokio::io::duplex(1 << 20);
    client.write_all(bytes).await.unwrap();
    client.shutdown().await.unwrap();
    let all = seen.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| note(request, all.clone()));
    // an error here is hyper's refusal; what it had understood until then is in `seen`
    let _ = http1::Builder::new().half_close(true).pipeline_flush(true).serve_connection(TokioIo::new(server), service).await;
    let mut answers = Vec::new();
    client.read_to_end(&mut answers).await.unwrap();
    std::mem::take(&mut *seen.lock().unwrap())
}

async fn note(request: hyper::Request<Incoming>, all: Arc<Mutex<Vec<Seen>>>) -> Result<hyper::Response<Empty<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // a body that breaks off is no request
    if let Ok(body) = body.collect().await {
        all.lock().unwrap().push(Seen {
            method: head.method.to_string(),
            path: head.uri.path().as_bytes().to_vec(),
            query: head.uri.query().unwrap_or_default().as_bytes().to_vec(),
            headers: sorted(head.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))),
            body: body.to_bytes().to_vec(),
        });
    }
    Ok(hyper::Response::new(Empty::new()))
}

#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    /// Of the accepted, those behind which hyper read the next request as we do.
    followed: usize,
    refused: usize,
    refused_by_us_alone: usize,
}

/// Sends the bytes with another request behind them through both; what we take, hyper must take in the same way, and find the
/// next request where we do.
async fn compare(bytes: &[u8], tally: &mut Tally) {
    let stream = [bytes, NEXT].concat();
    let Ok(Some(first)) = ours(&stream) else {
        tally.refused += 1;
        let found = theirs(&stream).await;
        tally.refused_by_us_alone += usize::from(found.iter().any(|seen| seen.path != b"/the-next-one"));
        return;
    };
    tally.accepted += 1;
    let shown = stream.escape_ascii();
    let found = theirs(&stream).await;
    assert_eq!(found.first(), Some(&first.seen), "the first request of {shown}");
    let next = ours(&stream[first.used..]);
    if let (true, Ok(Some(next))) = (first.keep_alive, next) {
        assert_eq!(found.get(1), Some(&next.seen), "the second request of {shown}");
        assert!(found.len() == 2 || next.seen.path != b"/the-next-one", "more requests than were sent in {shown}");
        tally.followed += 1;
    }
}

pub(crate) fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work);
}

#[test]
fn sm_01_hyper_reads_every_accepted_head_of_the_table_as_we_do() {
    run(async {
        let mut tally = Tally::default();
        for case in corpus::heads() {
            let body: &[u8] = match parse_head(&case.bytes, &Limits::REQUEST) {
                Ok(Some((head, _))) => match head.framing {
                    Framing::None => b"",
                    Framing::Length(length @ ..=100) => &b"x".repeat(usize::try_from(length).unwrap()),
                    Framing::Length(_) => continue,
                    Framing::Chunked => b"3\r\na=b\r\n0\r\n\r\n",
                },
                _ => b"",
            };
            compare(&[&case.bytes, body].concat(), &mut tally).await;
        }
        assert!(tally.accepted >= 50 && tally.refused >= 150, "{tally:?}");
        assert!(tally.refused_by_us_alone >= 20, "hyper's gaps are among the refused: {tally:?}");
    });
}

#[test]
fn sm_08_hyper_reads_every_accepted_chunked_body_of_the_table_as_we_do() {
    run(async {
        let mut tally = Tally::default();
        for case in corpus::chunks().iter().filter(|case| !case.words[0].starts_with("+4")) {
            let head = b"POST /in.php HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n";
            compare(&[head, case.bytes.as_slice()].concat(), &mut tally).await;
        }
        assert!(tally.accepted >= 7 && tally.refused >= 25, "{tally:?}");
    });
}

#[test]
fn sm_01_every_mutation_of_a_coding_is_refused_or_read_alike() {
    run(async {
        let mut tally = Tally::default();
        for bytes in mutations::of_transfer_encoding() {
            compare(&bytes, &mut tally).await;
        }
        assert!(tally.accepted >= 100 && tally.refused >= 500, "{tally:?}");
    });
}

#[test]
fn sm_02_what_we_accept_of_thousands_of_requests_hyper_reads_alike() {
    const SEED: u64 = 0x7011_6a7e;
    run(async {
        let mut tally = Tally::default();
        let mut dice = Dice::new(SEED);
        for _ in 0..6000 {
            compare(&mutations::request(&mut dice), &mut tally).await;
        }
        assert!(tally.accepted >= 1500 && tally.followed >= 1000 && tally.refused >= 1500, "seed {SEED:#x}: {tally:?}");
        assert!(tally.refused_by_us_alone >= 100, "seed {SEED:#x}: {tally:?}");
    });
}

#[test]
fn hyper_reads_our_own_requests_as_they_were_meant() {
    run(async {
        let mut bytes = Vec::new();
        let headers: &[(FieldName, &[u8])] =
            &[(FieldName::new("Accept-Encoding"), b"identity"), (FieldName::new("Content-Type"), b"application/json")];
        encode::request(&mut bytes, "POST", &[b"/createTask?", b"a=[b]"], "api.test:8443", headers, Some(b"{}")).unwrap();
        let mut tally = Tally::default();
        compare(&bytes, &mut tally).await;
        assert_eq!(tally.accepted, 1);
    });
}
