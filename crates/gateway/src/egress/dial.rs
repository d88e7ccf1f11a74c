//! How is a new connection made? Resolve, judge the address, connect, TLS; each step with its deadline.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tollgate_model::{Mono, Now};

use super::address::{Reach, permitted};
use super::connection::{Connection, Stream};
use crate::deadline::Slot;
use crate::settings::Timeouts;

/// Where an upstream is, as the configuration says; nothing a client sends changes it.
#[derive(Clone)]
pub struct Origin {
    /// Host name or literal address, for resolution, SNI and the Host header.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS with these roots; none for plain http, which the configuration allows for loopback or aloud.
    pub tls: Option<Arc<ClientConfig>>,
    /// Which addresses the host may resolve to.
    pub reach: Reach,
    /// The Host header's value: the port only where it is not the scheme's own.
    pub(crate) host_header: String,
}

/// Why there is no connection; nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DialError {
    #[error("the provider's name does not resolve")]
    Resolve,
    #[error("the provider's name resolves to an address that is not allowed")]
    Address,
    #[error("the provider does not accept connections")]
    Connect,
    #[error("TLS with the provider failed")]
    Tls,
    #[error("connecting took too long")]
    Slow,
}

/// Addresses of an upstream, kept for a bounded time so that a failing resolver does not stop the gate at once.
#[derive(Default)]
pub(crate) struct Resolved {
    known: RefCell<Option<(Mono, Vec<SocketAddr>)>>,
}

/// Resolved addresses are asked for anew after this time; on failure the old ones serve ten times as long.
const FRESH_MS: u64 = 30_000;

impl Origin {
    /// The place; a literal address reaches itself alone, a name public addresses alone.
    pub fn new(host: String, port: u16, tls: Option<Arc<ClientConfig>>) -> Self {
        let default = if tls.is_some() { 443 } else { 80 };
        let authority = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let host_header = if port == default { authority } else { format!("{authority}:{port}") };
        let reach = host.parse().map_or(Reach::Public, Reach::Literal);
        Self { host, port, tls, reach, host_header }
    }
}

/// Makes a connection to the origin, or says why not.
pub(crate) async fn dial(
    origin: &Origin,
    resolved: &Resolved,
    slot: Rc<Slot>,
    now: Now,
    within: Timeouts,
) -> Result<Connection, DialError> {
    let deadline = now.mono.plus_millis(within.connect_ms);
    let connecting = Box::pin(connect(origin, resolved, now.mono));
    let stream = slot.until(deadline, connecting).await.map_err(|_| DialError::Slow)??;
    Ok(Connection { stream, slot, born: now.mono, idle_since: now.mono, idle_ms: 15_000 })
}

async fn connect(origin: &Origin, resolved: &Resolved, now: Mono) -> Result<Stream, DialError> {
    let addresses = resolve(origin, resolved, now).await?;
    let mut stream = None;
    for address in addresses {
        if let Ok(connected) = TcpStream::connect(address).await {
            stream = Some(connected);
            break;
        }
    }
    let stream = stream.ok_or(DialError::Connect)?;
    let peer = stream.peer_addr().map_err(|_| DialError::Connect)?;
    // judged again on what was really reached: between the look-up and here nothing may have changed it
    if !permitted(origin.reach, peer.ip()) {
        return Err(DialError::Address);
    }
    stream.set_nodelay(true).map_err(|_| DialError::Connect)?;
    match &origin.tls {
        None => Ok(Stream::Plain(stream)),
        Some(config) => {
            let name = server_name(&origin.host).ok_or(DialError::Tls)?;
            let tls = TlsConnector::from(config.clone()).connect(name, stream).await.map_err(|_| DialError::Tls)?;
            Ok(Stream::Tls(Box::new(tls)))
        }
    }
}

async fn resolve(origin: &Origin, resolved: &Resolved, now: Mono) -> Result<Vec<SocketAddr>, DialError> {
    if let Ok(literal) = origin.host.parse::<IpAddr>() {
        let allowed = permitted(origin.reach, literal);
        return if allowed { Ok(vec![SocketAddr::new(literal, origin.port)]) } else { Err(DialError::Address) };
    }
    let known = resolved.known.borrow().clone();
    if let Some((at, addresses)) = &known
        && now.millis_since(*at) < FRESH_MS
    {
        return Ok(addresses.clone());
    }
    match tokio::net::lookup_host((origin.host.as_str(), origin.port)).await {
        Ok(found) => {
            let addresses: Vec<SocketAddr> = found.collect();
            // one bad address among good ones is a rebinding attempt: none of them is used
            if addresses.is_empty() || addresses.iter().any(|address| !permitted(origin.reach, address.ip())) {
                return Err(DialError::Address);
            }
            *resolved.known.borrow_mut() = Some((now, addresses.clone()));
            Ok(addresses)
        }
        Err(_) => match known {
            Some((at, addresses)) if now.millis_since(at) < 10 * FRESH_MS => Ok(addresses),
            _ => Err(DialError::Resolve),
        },
    }
}

fn server_name(host: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(host.to_owned()).ok()
}

/// TLS towards providers: the system's roots and, where the configuration names one, a private CA instead; 1.2 or newer,
/// no early data, no key log, `http/1.1` only.
pub fn client_tls(private_roots: Option<Vec<rustls::pki_types::CertificateDer<'static>>>) -> io::Result<Arc<ClientConfig>> {
    let mut roots = rustls::RootCertStore::empty();
    let found = match private_roots {
        Some(certificates) => certificates,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let (added, _) = roots.add_parsable_certificates(found);
    if added == 0 {
        return Err(io::Error::other("no certificate authority to trust: install `ca-certificates` or name `ca` for the upstream"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
