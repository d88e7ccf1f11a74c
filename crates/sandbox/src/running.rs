//! How does the sandbox start, listen and stop?

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tollgate_model::Money;

use crate::exchange::exchange;
use crate::mode::{Change, Mode, ModeError, Pricing};
use crate::state::State;
use crate::tap::{Tap, Wire};

/// How long the listener rests after an accept that failed (out of descriptors, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the sandbox starts with; everything but the address can be changed later through `/_sandbox/mode`.
#[derive(Clone)]
pub struct Options {
    /// Where it listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The keys it knows; none means one fresh random key.
    pub keys: Vec<String>,
    /// The price of a task whose method is not in `prices`, in dollars.
    pub price: Money,
    /// Prices by method name (`userrecaptcha`, `post`, …).
    pub prices: BTreeMap<String, Money>,
    /// The account's balance at the start.
    pub balance: Money,
    /// Money a task, or a plan of threads.
    pub pricing: Pricing,
    /// Tasks that may be in work at once; none means the pricing's own default.
    pub threads: Option<u32>,
}

impl Default for Options {
    /// Loopback on a free port, one fresh key, $0.001 a task, $1000 in the account.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            keys: Vec::new(),
            price: Money::from_nanos(1_000_000),
            prices: BTreeMap::new(),
            balance: Money::from_nanos(1_000_000_000_000),
            pricing: Pricing::Task,
            threads: None,
        }
    }
}

/// The provider simulator.
pub struct Sandbox;

/// A sandbox that takes requests; dropping it stops it.
pub struct Running {
    /// Where it listens, with the port that was picked.
    pub address: SocketAddr,
    /// The first of the keys it knows.
    pub real_key: String,
    state: Arc<State>,
    tasks: JoinSet<()>,
}

impl Sandbox {
    /// Binds and starts to take requests; must be called inside a tokio runtime.
    ///
    /// Fails when the address cannot be bound or the system has no randomness for a key.
    pub async fn start(options: Options) -> io::Result<Running> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let keys = if options.keys.is_empty() { vec![fresh_key()?] } else { options.keys };
        let real_key = keys.first().cloned().unwrap_or_default();
        let mut mode = Mode::new(keys, options.price, options.prices, options.pricing);
        if let Some(threads) = options.threads {
            mode.threads = threads;
        }
        let state = Arc::new(State::new(mode, options.balance, first_id()?));
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(listener, state.clone()));
        Ok(Running { address, real_key, state, tasks })
    }
}

impl Running {
    /// Stops listening and cuts every connection.
    pub async fn shutdown(mut self) {
        self.tasks.shutdown().await;
    }

    /// The books, in the shape of `GET /_sandbox/books`.
    pub fn books(&self) -> Value {
        self.state.books()
    }

    /// Every request received, in the shape of `GET /_sandbox/requests`.
    pub fn requests(&self) -> Vec<Value> {
        self.state.requests()
    }

    /// Forgets the requests received so far.
    pub fn clear_requests(&self) {
        self.state.clear_requests();
    }

    /// Changes the mode, with the body of `PUT /_sandbox/mode`; all of it or nothing.
    pub fn change_mode(&self, change: &Value) -> Result<(), ModeError> {
        self.state.change(Change::parse(change.to_string().as_bytes())?)
    }
}

async fn listen(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(stream, peer, state.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, state: Arc<State>) {
    // a provider does not wait for full packets; a connection that refuses the option is about to fail anyway
    let _ = stream.set_nodelay(true);
    let peer = peer.ip().to_canonical();
    let wire = Arc::new(Wire::default());
    let tap = Tap::new(stream, wire.clone(), state.clone());
    let service = service_fn(|request| exchange(state.clone(), wire.clone(), peer, request));
    // an error is a connection that was cut or never spoke HTTP: what it sent is recorded below
    let _ = http1::Builder::new().serve_connection(TokioIo::new(tap), service).await;
    state.record_rest(peer, wire.take_rest());
}

/// 32 lower-case hex characters, the form of a CaptchaAI key.
fn fresh_key() -> io::Result<String> {
    Ok(format!("{:032x}", u128::from_le_bytes(random()?)))
}

/// Ten digits, as the providers' ids have, and below 2³¹ for clients that keep them in an `int`.
fn first_id() -> io::Result<u64> {
    Ok(1_000_000_000 + u64::from(u32::from_le_bytes(random()?)) % 1_000_000_000)
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}
