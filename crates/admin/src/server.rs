//! Where does the desk stand? A socket in the state folder and a loopback port, and the layers before every handler.

use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use axum::{Router, middleware};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;

use crate::access::{self, Door, Token};
use crate::desk::Clock;
use crate::owned::{self, Owned};
use crate::repeat::{self, Repeats};

/// Connections at once; the desk is for people and a scraper.
const CONNECTIONS: usize = 256;
/// How long the listener rests after an accept that failed (out of descriptors, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// From a connection's first byte to the end of its head.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How long a stop waits for acts in work.
const DRAIN: Duration = Duration::from_secs(10);

/// Where to listen, and for whom.
pub struct Doors {
    /// The socket's path; mode 0600, for this user only.
    pub socket: PathBuf,
    /// The port's address; port 0 picks a free one. Loopback, or refused.
    pub port: Option<SocketAddr>,
    /// The bearer token of the port.
    pub token: Token,
}

/// A desk that takes requests; dropping it stops it.
pub struct Running {
    /// The port's address, with the port that was picked.
    pub address: Option<SocketAddr>,
    /// The socket's path.
    pub socket: PathBuf,
    owned: Arc<Owned>,
    tasks: JoinSet<()>,
}

/// Binds both doors and starts to take requests for these routes; must be called inside a tokio runtime.
///
/// Fails when a door cannot be bound, when another process answers at the socket, and for a port beyond loopback.
pub(crate) async fn open(routes: Router, doors: Doors, clock: Clock) -> io::Result<Running> {
    if doors.port.is_some_and(|address| !address.ip().is_loopback()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the admin port is for loopback only: come by an SSH tunnel"));
    }
    let (socket, owner) = bind_socket(&doors.socket).await?;
    let port = match doors.port {
        Some(address) => Some(TcpListener::bind(address).await?),
        None => None,
    };
    let address = port.as_ref().map(TcpListener::local_addr).transpose()?;
    let owned = Arc::new(Owned::default());
    let service = TowerToHyperService::new(layered(routes, doors.token, owned.clone(), clock));
    let mut tasks = JoinSet::new();
    tasks.spawn(listen(async move || accept_same_user(&socket, owner).await, service.clone()));
    if let Some(port) = port {
        tasks.spawn(listen(async move || port.accept().await.map(|(stream, peer)| (stream, Door::Port { peer })), service));
    }
    Ok(Running { address, socket: doors.socket, owned, tasks })
}

impl Running {
    /// Stops listening, waits for acts in work, and takes the socket's file away.
    pub async fn shutdown(mut self) {
        self.tasks.shutdown().await;
        self.owned.drain(DRAIN).await;
        // a socket that is left behind is bound over at the next start
        let _ = fs::remove_file(&self.socket);
    }
}

/// Outside in: headers on every answer, who may come in, a task of our own, the same answer twice; then the route.
fn layered(routes: Router, token: Token, owned: Arc<Owned>, clock: Clock) -> Router {
    routes
        .layer(middleware::from_fn_with_state(Arc::new(Repeats::new(clock)), repeat::once))
        .layer(middleware::from_fn_with_state(owned, owned::own))
        .layer(middleware::from_fn_with_state(Arc::new(token), access::admit))
        .layer(middleware::map_response(async |response| guarded(response)))
}

/// Nothing of the desk is kept by a cache, framed, sniffed or scripted.
fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Binds beside its place and moves it there: it is never open to others, and a socket left by a dead process is replaced.
async fn bind_socket(path: &Path) -> io::Result<(UnixListener, u32)> {
    if tokio::net::UnixStream::connect(path).await.is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another gate answers at the admin socket of this state folder"));
    }
    let beside = path.with_extension("sock-new");
    let _ = fs::remove_file(&beside);
    let listener = UnixListener::bind(&beside)?;
    fs::set_permissions(&beside, Permissions::from_mode(0o600))?;
    fs::rename(&beside, path)?;
    // the file belongs to the user whom this process acts as
    let owner = fs::metadata(path)?.uid();
    Ok((listener, owner))
}

/// The next connection of this user, or of root, who reads the state folder anyway.
async fn accept_same_user(socket: &UnixListener, owner: u32) -> io::Result<(tokio::net::UnixStream, Door)> {
    loop {
        let (stream, _) = socket.accept().await?;
        let uid = stream.peer_cred()?.uid();
        if uid == owner || uid == 0 {
            return Ok((stream, Door::Socket { uid }));
        }
    }
}

async fn listen<A, T, S>(mut accept: A, service: S)
where
    A: AsyncFnMut() -> io::Result<(T, Door)>,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response> + Clone + Send + Sync + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, door)) => {
                    connections.spawn(serve(stream, door, service.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn serve<T, S>(stream: T, door: Door, service: S)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response> + Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send,
{
    let at_the_door = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(door);
        service.call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_headers(64).max_buf_size(32 << 10);
    // an error is a connection that was cut or never spoke HTTP: there is nobody to tell
    let _ = http.serve_connection(TokioIo::new(stream), at_the_door).await;
}

#[cfg(test)]
mod tests;
