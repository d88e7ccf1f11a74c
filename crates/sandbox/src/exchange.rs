//! How is one request taken and answered: control or provider, recorded, delayed, dropped?

use std::net::IpAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use tokio::time::Instant;

use crate::answer::Answer;
use crate::control;
use crate::message::{CONTROL, Message};
use crate::mode::DropPoint;
use crate::provider::{self, Call};
use crate::state::State;
use crate::tap::Wire;

/// The largest body that is read; the providers' own limits are far below.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("connection dropped on purpose")]
pub(crate) struct Hangup;

/// Answers one request; everything that counts has happened before the first wait, so that a client who leaves is charged like one who stays.
pub(crate) async fn exchange(
    state: Arc<State>,
    wire: Arc<Wire>,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Hangup> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LARGEST_BODY).collect().await.map_err(|_| Hangup)?.to_bytes();
    let (raw, extent) = wire.take_message();
    if head.uri.path().starts_with(CONTROL) {
        return control::answer(&state, &head, &body).into_response();
    }
    let message = Message::whole(raw, extent, body);
    let call = Call::read(&head, &message);
    state.record(peer, message);
    let (answer, wait, drop) = {
        let mut inner = state.lock();
        let (answer, solving) = provider::visit(&mut inner, Instant::now(), peer, &call);
        (answer, inner.mode.latency() + solving, inner.mode.drop)
    };
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    match drop {
        DropPoint::AfterRead => Err(Hangup),
        DropPoint::MidAnswer => {
            wire.cut_answer(answer.body.len());
            answer.into_response()
        }
        DropPoint::None | DropPoint::BeforeRead => answer.into_response(),
    }
}

impl Answer {
    fn into_response(self) -> Result<Response<Full<Bytes>>, Hangup> {
        let mut response = Response::builder().status(self.status).header("content-type", self.content_type);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        // a presented key may hold bytes that no header can: there is nothing true to answer then
        response.body(Full::new(Bytes::from(self.body))).map_err(|_| Hangup)
    }
}
