//! How does the command line speak to a running gate? One request over the admin socket or its loopback port.

use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// How long an answer may take: the slowest verb reads the log.
const PATIENCE: Duration = Duration::from_mins(1);
/// The largest answer read.
const LARGEST: usize = 64 << 20;

/// Where the running gate listens for its operator.
pub enum Client {
    /// Its socket in the state folder: same user, no token.
    Socket(PathBuf),
    /// A loopback address and the token of `state/admin.token`.
    Port {
        /// `host:port`.
        address: String,
        /// The token.
        token: String,
    },
}

/// What a write says beside its body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// The version that was read: a record that has changed since stays as it is.
    pub version: Option<u64>,
    /// A text drawn for this write: said again under the same one it is done once, and answered alike for a day.
    pub once: Option<&'a str>,
}

/// Why there is no answer to use.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no gate is running at {0}")]
    Unreachable(String),
    /// The gate refused, in its own words.
    #[error("{detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the gate said.
        detail: String,
        /// The whole problem document.
        problem: Value,
    },
    /// The answer cannot be read.
    #[error("the gate's answer cannot be read")]
    Garbled,
}

impl Client {
    /// Sends one request and returns the JSON of a success.
    pub async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, ClientError> {
        self.write(method, path, body, Beside::default()).await
    }

    /// The same with what a careful writer says beside it.
    pub async fn write(&self, method: &str, path: &str, body: Option<&Value>, beside: Beside<'_>) -> Result<Value, ClientError> {
        let body = body.map(|body| ("application/json", Bytes::from(body.to_string())));
        self.send(self.request(method, path, body, beside)?).await
    }

    /// The same with a text that is no JSON, such as a string to be traced.
    pub async fn say(&self, method: &str, path: &str, text: Vec<u8>) -> Result<Value, ClientError> {
        self.send(self.request(method, path, Some(("text/plain", Bytes::from(text))), Beside::default())?).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Value, ClientError> {
        let exchange = async {
            match self {
                Self::Socket(path_of_socket) => {
                    let stream = UnixStream::connect(path_of_socket).await.map_err(|_| self.unreachable())?;
                    self.exchange(stream, request).await
                }
                Self::Port { address, .. } => {
                    let stream = TcpStream::connect(address.as_str()).await.map_err(|_| self.unreachable())?;
                    self.exchange(stream, request).await
                }
            }
        };
        tokio::time::timeout(PATIENCE, exchange).await.map_err(|_| self.unreachable())?
    }

    async fn exchange<S>(&self, stream: S, request: Request<Full<Bytes>>) -> Result<Value, ClientError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| self.unreachable())?;
        let sending = async move {
            let answer = sender.send_request(request).await.map_err(|_| ClientError::Garbled)?;
            let status = answer.status();
            let limited = http_body_util::Limited::new(answer.into_body(), LARGEST);
            let bytes = limited.collect().await.map_err(|_| ClientError::Garbled)?.to_bytes();
            Ok((status, bytes))
        };
        tokio::pin!(sending);
        let answered = tokio::select! {
            answered = &mut sending => answered,
            _ = connection => sending.await,
        };
        let (status, bytes) = answered?;
        read(status, &bytes)
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<(&'static str, Bytes)>,
        beside: Beside<'_>,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| ClientError::Garbled)?;
        let mut request = Request::builder().method(method).uri(path);
        match self {
            Self::Socket(_) => request = request.header("host", "localhost"),
            Self::Port { address, token } => {
                request = request.header("host", address).header("authorization", format!("Bearer {token}"));
            }
        }
        if let Some(version) = beside.version {
            request = request.header("if-match", format!("\"{version}\""));
        }
        if let Some(once) = beside.once {
            request = request.header("idempotency-key", once);
        }
        let bytes = match body {
            Some((media, bytes)) => {
                request = request.header("content-type", media);
                bytes
            }
            None => Bytes::new(),
        };
        request.body(Full::new(bytes)).map_err(|_| ClientError::Garbled)
    }

    fn unreachable(&self) -> ClientError {
        ClientError::Unreachable(match self {
            Self::Socket(path) => path.display().to_string(),
            Self::Port { address, .. } => address.clone(),
        })
    }
}

fn read(status: StatusCode, bytes: &[u8]) -> Result<Value, ClientError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| ClientError::Garbled)?;
    if status.is_success() {
        return Ok(value);
    }
    let detail = value.get("detail").and_then(Value::as_str).unwrap_or("refused without a reason").to_owned();
    Err(ClientError::Refused { status: status.as_u16(), detail, problem: value })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{Fixture, TOKEN};

    fn doors(desk: &Fixture) -> [Client; 2] {
        let address = desk.running.address.unwrap().to_string();
        [Client::Socket(desk.running.socket.clone()), Client::Port { address, token: TOKEN.to_owned() }]
    }

    #[tokio::test]
    async fn both_doors_answer_alike() {
        let desk = Fixture::new().await;
        let [socket, port] = doors(&desk);
        let body = json!({ "name": "ci", "upstream": "captchaai", "caps": ["1/day"], "allow": "any" });
        let made = socket.call("POST", "/v1/keys", Some(&body)).await.unwrap();
        assert_eq!(port.call("GET", "/v1/keys/ci", None).await.unwrap()["id"], made["id"]);
        let secret = made["key"].as_str().unwrap().as_bytes().to_vec();
        assert_eq!(port.say("POST", "/v1/trace", secret).await.unwrap()["key"], "ci");
    }

    #[tokio::test]
    async fn a_refusal_comes_with_the_gates_words_and_an_absent_gate_is_named() {
        let desk = Fixture::new().await;
        for client in doors(&desk) {
            match client.call("GET", "/v1/keys/none", None).await {
                Err(ClientError::Refused { status: 404, detail, problem }) => {
                    assert_eq!((&*detail, &problem["hint"]), ("there is no key `none`", &json!("`tollgate key list` names all")));
                }
                other => panic!("{other:?}"),
            }
        }
        let clients = doors(&desk);
        desk.running.shutdown().await;
        for client in clients {
            assert!(matches!(client.call("GET", "/v1/keys", None).await, Err(ClientError::Unreachable(_))));
        }
    }

    #[tokio::test]
    async fn what_was_changed_since_it_was_read_stays_and_what_is_said_twice_is_done_once() {
        let desk = Fixture::new().await;
        desk.key("ci", json!({})).await;
        let [socket, _] = doors(&desk);
        let read = socket.call("GET", "/v1/keys/ci", None).await.unwrap()["version"].as_u64();
        let note = |note: &str| json!({ "note": note });
        let beside = Beside { version: read, once: None };
        socket.write("PATCH", "/v1/keys/ci", Some(&note("mine")), beside).await.unwrap();
        let late = socket.write("PATCH", "/v1/keys/ci", Some(&note("theirs")), beside).await;
        assert!(matches!(late, Err(ClientError::Refused { status: 412, .. })), "{late:?}");
        let rotate =
            async || socket.write("POST", "/v1/keys/ci/rotate", None, Beside { version: None, once: Some("drawn") }).await.unwrap();
        assert_eq!(rotate().await, rotate().await);
    }

    #[tokio::test]
    async fn a_wrong_token_is_a_refusal() {
        let desk = Fixture::new().await;
        let client = Client::Port { address: desk.running.address.unwrap().to_string(), token: "tga_wrong".to_owned() };
        assert!(matches!(client.call("GET", "/v1/keys", None).await, Err(ClientError::Refused { status: 401, .. })));
    }
}
