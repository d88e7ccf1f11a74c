//! Was this asked before? `Idempotency-Key` on writes: the same answer again for a day, and no second act.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;
use tollgate_model::{Mono, Secret};

use crate::body::whole;
use crate::desk::Clock;
use crate::problem::{Kind, Problem};

/// How long an answer is remembered.
const KEPT_MS: u64 = 86_400_000;
/// How many answers are; the oldest is forgotten for a newer one.
const KEPT: usize = 1024;
/// The longest idempotency key.
const LONGEST: usize = 255;

/// The answers of a day.
pub(crate) struct Repeats {
    clock: Clock,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_key: HashMap<blake3::Hash, Entry>,
    order: VecDeque<(Mono, blake3::Hash)>,
}

struct Entry {
    /// What was asked: method, path and body.
    asked: blake3::Hash,
    answer: Option<Answer>,
}

/// A kept answer; its body may hold a new key, so it is wiped when it is forgotten.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Arc<Secret>,
}

/// Forgets a request that came to nothing, also when it is dropped half way.
struct Claim<'a> {
    repeats: &'a Repeats,
    key: blake3::Hash,
}

impl Repeats {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, known: Mutex::default() }
    }

    /// Claims the key for a first request; or the answer that was given; or why there is none.
    fn claim(&self, key: blake3::Hash, asked: blake3::Hash) -> Result<Result<Claim<'_>, Answer>, Problem> {
        let now = (self.clock)().mono;
        let mut known = self.known.lock();
        known.forget_old(now);
        match known.by_key.get(&key) {
            Some(entry) if entry.asked != asked => Err(Problem::new(Kind::KeyReused, "this idempotency key stood for another request")
                .hint("draw a new key for every new request")),
            Some(Entry { answer: Some(answer), .. }) => Ok(Err(answer.clone())),
            Some(Entry { answer: None, .. }) => {
                Err(Problem::new(Kind::Conflict, "the first request with this idempotency key is still being answered")
                    .hint("ask again in a second"))
            }
            None => {
                known.by_key.insert(key, Entry { asked, answer: None });
                known.order.push_back((now, key));
                Ok(Ok(Claim { repeats: self, key }))
            }
        }
    }
}

impl Known {
    fn forget_old(&mut self, now: Mono) {
        while let Some((at, key)) = self.order.front().copied() {
            if now.millis_since(at) < KEPT_MS && self.order.len() < KEPT {
                return;
            }
            self.order.pop_front();
            self.by_key.remove(&key);
        }
    }
}

impl Claim<'_> {
    fn keep(self, answer: Answer) {
        if let Some(entry) = self.repeats.known.lock().by_key.get_mut(&self.key) {
            entry.answer = Some(answer);
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut known = self.repeats.known.lock();
        if known.by_key.get(&self.key).is_some_and(|entry| entry.answer.is_none()) {
            known.by_key.remove(&self.key);
            known.order.retain(|(_, key)| *key != self.key);
        }
    }
}

/// Answers a repeated write from memory; a refusal changed nothing and is not remembered.
pub(crate) async fn once(State(repeats): State<Arc<Repeats>>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) || !request.headers().contains_key("idempotency-key") {
        return next.run(request).await;
    }
    answer(&repeats, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(repeats: &Repeats, request: Request, next: Next) -> Result<Response, Problem> {
    let key = key_of(request.headers())?;
    let (parts, body) = request.into_parts();
    let bytes = whole(body).await?;
    let mut asked = blake3::Hasher::new();
    let target = parts.uri.path_and_query().map_or("", axum::http::uri::PathAndQuery::as_str);
    let read = parts.headers.get(axum::http::header::IF_MATCH).map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
    for part in [parts.method.as_str().as_bytes(), target.as_bytes(), read, &bytes] {
        // lengths keep one part from running into the next
        asked.update(&part.len().to_le_bytes()).update(part);
    }
    let claim = match repeats.claim(key, asked.finalize())? {
        Ok(claim) => claim,
        Err(answer) => return Ok(answer.again()),
    };
    let (head, body) = next.run(Request::from_parts(parts, Body::from(bytes))).await.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| Problem::new(Kind::Internal, "the answer cannot be kept"))?;
    if head.status.is_success() {
        claim.keep(Answer { status: head.status, headers: head.headers.clone(), body: Arc::new(Secret::new(body.to_vec())) });
    }
    Ok(Response::from_parts(head, Body::from(body)))
}

fn key_of(headers: &HeaderMap) -> Result<blake3::Hash, Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    let key = given.next().map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
    if key.is_empty() || key.len() > LONGEST || given.next().is_some() {
        return Err(Problem::new(Kind::Malformed, "`Idempotency-Key` is not one text of 1 to 255 bytes").hint("a UUID does well"));
    }
    Ok(blake3::hash(key))
}

impl Answer {
    fn again(self) -> Response {
        let mut response = Response::new(Body::from(self.body.expose().to_vec()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().insert("idempotent-replayed", axum::http::HeaderValue::from_static("true"));
        response
    }
}

#[cfg(test)]
mod tests;
